"""The stages `heads` and `inverse`: what lets projectors start where they already make sense.

A locked head learns to give features the vector that frozen MiniLM gives their caption; three are
trained and distilled into one. The inverse head learns, from text alone, to write a vector as soft
tokens that MiniLM reads as that vector. Nothing here changes MiniLM.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from omnisearch.training import captions, checkpoints, loop, towers
from omnisearch.training.backbone import bfloat16
from omnisearch.training.heads import Ensemble, InverseHead, LockedHead, steered
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import Summaries
from omnisearch.training.loop import Batch, Group, Schedule
from omnisearch.training.losses import info_nce, prototype_loss

MEMBERS = 3
_SCALE = 0.05  # the temperature that learning starts from


@dataclass(frozen=True)
class HeadSettings:
    """How a head is trained."""

    steps: int
    batch: int
    hidden: int = 768
    rate: float = 1e-3
    decay: float = 0.02
    noise: float = 0.05  # of a feature's deviation
    steered: int = 0  # features in a batch that are moved towards a class of the tower
    weight: float = 0.25  # of the loss that finds their class


IMAGE = HeadSettings(900, 512, steered=256)
AUDIO = HeadSettings(800, 256)
TINY = {"image": HeadSettings(200, 64, 64, steered=16), "audio": HeadSettings(200, 64, 64)}


@dataclass(frozen=True)
class InverseSettings:
    """How the inverse head is trained."""

    steps: int = 800
    batch: int = 160
    hidden: int = 1024
    rate: float = 2e-3
    contrast: float = 0.05  # weight of telling the batch apart
    noise: float = 0.02


class Classes:
    """The classes of the image tower: how they are recognised, and the vectors of their names."""

    def __init__(self, lab: Lab, texts: captions.Texts) -> None:
        classifier = towers.load_image(lab)._fc
        self.weight, self.bias = classifier.weight, classifier.bias
        self.texts = torch.from_numpy(texts.means(towers.class_texts(lab)))

    def draw(self, features: Tensor, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Give features steered towards random classes, and these classes."""
        labels = torch.randint(len(self.weight), (count,), generator=random)
        rows = torch.randint(len(features), (count,), generator=random)
        width = self.weight.shape[1]
        moved = steered(features[rows, :width], self.weight, self.bias, labels, random)
        return torch.cat((moved, features[rows, width:]), dim=1), labels


class HeadTrainer:
    """One set of features and texts, from which heads are trained."""

    def __init__(
        self,
        lab: Lab,
        data: Summaries,
        settings: HeadSettings,
        classes: Classes | None,
        stage: str = "heads",
    ) -> None:
        self.folder = lab.models / stage
        self.lab = lab
        self.data = data
        self.settings = settings
        self.classes = classes
        self.scale = nn.Parameter(torch.tensor(_SCALE).log())
        origin = repr((settings, data.digest)).encode()
        self.digest = hashlib.blake2b(origin, digest_size=6).hexdigest()

    def train(self, name: str, seed: int, teacher: nn.Module | None = None) -> LockedHead:
        """Train a head on captions, or to say what a teacher says, unless it is there already."""
        torch.manual_seed(seed)
        width = self.data.texts.all.shape[1]
        head = LockedHead(self.data.features[0].shape[1], self.settings.hidden, width)
        path = self.folder / "parts" / f"{name}-{self.digest}.safetensors"
        if path.exists():
            head.load_state_dict(load_file(path))
            return head.eval()
        head.standardise(torch.from_numpy(self.data.features[0][::7].astype(np.float32)))
        self.scale = nn.Parameter(torch.tensor(_SCALE).log())
        self._fit(head, seed, teacher)
        checkpoints.save(path, head.state_dict())
        return head.eval()

    def _fit(self, head: LockedHead, seed: int, teacher: nn.Module | None) -> None:
        drawn = np.random.default_rng(seed)
        random = torch.Generator().manual_seed(seed)
        groups = [Group([*head.parameters(), self.scale], self.settings.rate)]
        schedule = Schedule(self.settings.steps, warm_up=40, decay=self.settings.decay)
        trace = self.folder / "broken-batch.npz"

        def draw(step: int) -> Batch:
            del step
            return self.data.draw(self.settings.batch, drawn)

        with self.lab.progress("heads", schedule.steps, "steps") as bar:
            loop.fit(
                groups,
                draw,
                lambda batch: self._loss(head, batch, random, teacher),
                schedule,
                trace,
                bar.update,
            )

    def _loss(
        self, head: LockedHead, batch: Batch, random: torch.Generator, teacher: nn.Module | None
    ) -> Tensor:
        seen = self.data.seen(batch)
        noise = self.settings.noise * head.deviation
        vectors = head(seen + noise * torch.randn(seen.shape, generator=random))
        scale = self.scale.exp()
        if teacher is None:
            targets = self.data.vectors(batch["texts"])
            loss = info_nce(vectors, targets, scale, self.data.allowed(batch["rows"], targets))
        else:
            loss = 8 * _distance(vectors, teacher, seen)
        if self.classes is None or not self.settings.steered:
            return loss
        moved, labels = self.classes.draw(seen, self.settings.steered, random)
        if teacher is not None:
            return loss + 8 * _distance(head(moved), teacher, moved)
        told = prototype_loss(head(moved), labels, self.classes.texts, scale)
        return loss + self.settings.weight * told


def _distance(vectors: Tensor, teacher: nn.Module, seen: Tensor) -> Tensor:
    with torch.no_grad():
        wanted = teacher(seen)
    return 1 - functional.cosine_similarity(vectors, wanted).mean()


def heads(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train the locked heads of pictures and of sounds."""
    texts = captions.Texts(lab)
    figures: dict[str, object] = {}
    kept: dict[str, dict[str, Tensor]] = {"heads": {}, "ensembles": {}}
    for sense, settings in (TINY if options.tiny else {"image": IMAGE, "audio": AUDIO}).items():
        classes = Classes(lab, texts) if settings.steered else None
        data = Summaries(lab, sense, "train", texts, views=sense == "image")
        trainer = HeadTrainer(lab, data, settings, classes)
        members = [trainer.train(f"{sense}-{n}", options.seed + n) for n in range(MEMBERS)]
        several = Ensemble(members).eval()
        one = trainer.train(f"{sense}-distilled", options.seed, several)
        held = Summaries(lab, sense, "validation", texts)
        figures[sense] = {
            name: held.tried(head)
            for name, head in (("one", members[0]), ("ensemble", several), ("distilled", one))
        }
        for name, head in (("heads", one), ("ensembles", several)):
            kept[name] |= {f"head.{sense}.{key}": x for key, x in head.state_dict().items()}
    for name, tensors in kept.items():
        checkpoints.save(lab.models / "heads" / f"{name}.safetensors", tensors)
    return figures


def load_head(lab: Lab, sense: str) -> LockedHead:
    """Read a trained head."""
    every = load_file(lab.models / "heads" / "heads.safetensors")
    name = f"head.{sense}."
    tensors = {key.removeprefix(name): x for key, x in every.items() if key.startswith(name)}
    hidden, in_dim = tensors["inner.weight"].shape
    head = LockedHead(in_dim, hidden, len(tensors["outer.bias"]))
    head.load_state_dict(tensors)
    return head


def inverse(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train the inverse head on the texts of the training split alone."""
    settings = InverseSettings(120, 64, 96) if options.tiny else InverseSettings()
    trainer = InverseTrainer(lab, options, settings)
    trained = trainer.train()
    path = lab.models / "inverse" / "inverse.safetensors"
    checkpoints.save(path, trained.state_dict())
    return {"texts": len(trainer.rows), "cosine": round(trainer.cosine(trained), 4)}


def load_inverse(lab: Lab) -> InverseHead:
    """Read the trained inverse head."""
    tensors = load_file(lab.models / "inverse" / "inverse.safetensors")
    tokens, width = tensors["position"].shape
    head = InverseHead(width, len(tensors["inner.weight"]), tokens)
    head.load_state_dict(tensors)
    return head


class InverseTrainer:
    """Vectors of texts, and the frozen backbone that must read them back."""

    def __init__(self, lab: Lab, options: Options, settings: InverseSettings) -> None:
        self.lab = lab
        self.seed = options.seed
        self.settings = settings
        self.texts = captions.Texts(lab)
        self.rows = self.texts.rows(captions.every(lab, "train"))
        self.held = self.texts.rows(captions.every(lab, "validation"))
        self.backbone = towers.load_backbone(lab).eval().requires_grad_(False)
        self.around = towers.Words.load(lab).encode([""])
        self.random = torch.Generator().manual_seed(self.seed)
        self.half = bfloat16()

    def train(self) -> InverseHead:
        """Train an inverse head."""
        torch.manual_seed(self.seed)
        drawn = np.random.default_rng(self.seed)
        head = InverseHead(self.backbone.sizes.width, self.settings.hidden)
        groups = [Group([*head.parameters()], self.settings.rate)]

        def draw(step: int) -> Batch:
            del step
            shape = (2, self.settings.batch)
            return {"texts": drawn.choice(self.rows, size=shape)}

        with self.lab.progress("inverse", self.settings.steps, "steps") as bar:
            loop.fit(
                groups,
                draw,
                lambda batch: self._loss(head, batch["texts"]),
                Schedule(self.settings.steps, decay=0.0),
                self.lab.models / "inverse" / "broken-batch.npz",
                bar.update,
            )
        return head.eval()

    def _loss(self, head: InverseHead, rows: np.ndarray) -> Tensor:
        first, second = (self._vectors(some) for some in rows)
        share = torch.rand(len(first), 1, generator=self.random)
        share[::2] = 1  # every other one is a text, not a mixture of two
        noise = self.settings.noise * torch.randn(first.shape, generator=self.random)
        wanted = functional.normalize(share * first + (1 - share) * second + noise, dim=1)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            read = self.read(head, wanted).float()
        apart = info_nce(read, wanted, 0.05)
        return 1 - (read * wanted).sum(1).mean() + self.settings.contrast * apart

    def read(self, head: InverseHead, vectors: Tensor) -> Tensor:
        """Give what the backbone reads in the tokens that stand for vectors."""
        ids, mask = (part.expand(len(vectors), -1) for part in self.around)
        found: Tensor = self.backbone(ids, mask, head(vectors))
        return found

    def _vectors(self, rows: np.ndarray) -> Tensor:
        vectors = torch.from_numpy(self.texts.all[rows].astype(np.float32))
        return functional.normalize(vectors, dim=1)

    @torch.no_grad()
    def cosine(self, head: InverseHead) -> float:
        """Tell how near held-out texts are read back."""
        vectors = self._vectors(self.held[:1024])
        return float((self.read(head, vectors) * vectors).sum(1).mean())
