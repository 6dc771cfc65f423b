"""The stage `heads`: what lets projectors start where they already make sense.

A locked head learns to give features the vector that frozen MiniLM gives their caption. Three are
trained on captions and put side by side; another also learns the classes of the image tower, which
in the same head would cost captions 5 points of R@10. Nothing here changes MiniLM.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from omnisearch.training import checkpoints, finite, lanes, loop
from omnisearch.training.encoder.heads import LockedHead, side_by_side, steered
from omnisearch.training.lab import Lab, Options
from omnisearch.training.loop import Batch, Group, Schedule
from omnisearch.training.losses import info_nce, prototype_loss
from omnisearch.training.specialists.draws import Summaries
from omnisearch.training.towers import captions, frozen
from omnisearch.training.towers.backbone import bfloat16

MEMBERS = 3
_DIGEST = 6  # bytes
_SCALE = 0.05  # the temperature that learning starts from
_PULL = 8  # towards what teachers say; with it the rate of the others serves


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
    weight: float = 0.5  # of the loss that finds their class


IMAGE = HeadSettings(900, 512, steered=256)
AUDIO = HeadSettings(800, 256)
TINY = {"image": HeadSettings(200, 64, 64, steered=16), "audio": HeadSettings(200, 64, 64)}


class Classes:
    """The classes of the image tower: how they are recognised, and the vectors of their names."""

    def __init__(self, lab: Lab, texts: captions.Texts) -> None:
        classifier = frozen.load_image(lab)._fc
        self.weight, self.bias = classifier.weight, classifier.bias
        self.texts = torch.from_numpy(texts.means(frozen.class_texts(lab)))

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
        self.half = bfloat16()
        origin = repr((settings, data.digest)).encode()
        self.digest = hashlib.blake2b(origin, digest_size=_DIGEST).hexdigest()

    def train(self, name: str, seed: int) -> LockedHead:
        """Train a head, unless an interrupted run left it."""
        torch.manual_seed(seed)
        width = self.data.texts.all.shape[1]
        head = LockedHead(self.data.features[0].shape[1], self.settings.hidden, width)
        path = self.folder / "parts" / part(name, seed, self.digest)
        try:
            head.load_state_dict(checkpoints.load(path))
        except checkpoints.CheckpointError:  # none is there, or a damaged one
            pass
        else:
            return head.eval()
        head.standardise(self.data.sample())
        self.scale = nn.Parameter(torch.tensor(_SCALE).log())
        self._fit(head, seed)
        checkpoints.save(path, head.state_dict())
        return head.eval()

    def _fit(self, head: LockedHead, seed: int) -> None:
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
                lambda batch: self._loss(head, batch, random),
                schedule,
                trace,
                bar.update,
            )

    def _loss(self, head: LockedHead, batch: Batch, random: torch.Generator) -> Tensor:
        seen = self.data.seen(batch)
        noise = self.settings.noise * head.deviation
        vectors = self._vectors(head, seen + noise * torch.randn(seen.shape, generator=random))
        targets, scale = self.data.vectors(batch["texts"]), self.scale.exp()
        loss = info_nce(vectors, targets, scale, self.data.allowed(batch["rows"], targets))
        if self.classes is None or not self.settings.steered:
            return loss
        moved, labels = self.classes.draw(seen, self.settings.steered, random)
        told = prototype_loss(self._vectors(head, moved), labels, self.classes.texts, scale)
        return loss + self.settings.weight * told

    def _vectors(self, head: LockedHead, features: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            found: Tensor = head(features)
        return found.float()


class Bench:
    """All heads of one sense, trained on the same rows."""

    def __init__(self, lab: Lab, options: Options, sense: str) -> None:
        self.lab, self.seed, self.sense = lab, options.seed, sense
        self.texts = captions.Texts(lab)
        self.data = Summaries(lab, sense, "train", self.texts, views=sense == "image")
        self.settings = _settings(options)[sense]

    def head(self, name: str) -> LockedHead:
        """Train a head by its name: things, or the sense and a number."""
        if name == "things":
            settings, classes = self.settings, Classes(self.lab, self.texts)
        else:
            settings, classes = replace(self.settings, steered=0), None
        seed = self.seed + _number(name)
        return HeadTrainer(self.lab, self.data, settings, classes).train(name, seed)


def heads(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train the locked heads of pictures, of sounds and of the classes of things."""
    figures: dict[str, object] = {}
    kept: dict[str, Tensor] = {}
    names = {sense: [f"{sense}-{n}" for n in range(MEMBERS)] for sense in _settings(options)}
    every = ["things", *(name for some in names.values() for name in some)]
    if lab.done("heads"):  # it runs only to be repeated, so nothing is taken up
        _forget(lab, options, every)
    if options.threads > 1:
        lanes.each(train, lab, options, every, "heads")
    for sense, some in names.items():
        bench = Bench(lab, options, sense)
        members = [bench.head(name) for name in some]
        made = {"one": members[0], sense: side_by_side(members, bench.data.sample())}
        if bench.settings.steered:
            made["things"] = bench.head("things")
        held = Summaries(lab, sense, "validation", bench.texts)
        with finite.of(f"a head of {sense}"):
            figures[sense] = {name: held.tried(head) for name, head in made.items()}
        made.pop("one")
        for name, head in made.items():
            kept |= {f"head.{name}.{key}": x for key, x in head.state_dict().items()}
    checkpoints.save(lab.models / "heads" / "heads.safetensors", kept)
    return figures


def train(lab: Lab, options: Options, name: str) -> None:
    """Train one head by its name; it leaves a file behind."""
    Bench(lab, options, "image" if name == "things" else name.partition("-")[0]).head(name)


def part(name: str, seed: int, digest: str) -> str:
    """Name the file of a head; the first seed's is known by its number."""
    seeded = "" if seed == _number(name) else f"-seed{seed}"
    return f"{name}-{digest}{seeded}.safetensors"


def _forget(lab: Lab, options: Options, names: Sequence[str]) -> None:
    """Remove the heads of this seed, whatever they were made from."""
    for name in names:
        pattern = part(name, options.seed + _number(name), "?" * 2 * _DIGEST)
        for path in (lab.models / "heads" / "parts").glob(pattern):
            path.unlink()


def _number(name: str) -> int:
    found = re.search(r"\d+$", name)
    return int(found[0]) if found else 0


def _settings(options: Options) -> Mapping[str, HeadSettings]:
    return TINY if options.tiny else {"image": IMAGE, "audio": AUDIO}


def load_head(lab: Lab, sense: str) -> LockedHead:
    """Read a trained head: image, audio, or things."""
    every = checkpoints.load(lab.models / "heads" / "heads.safetensors")
    name = f"head.{sense}."
    tensors = {key.removeprefix(name): x for key, x in every.items() if key.startswith(name)}
    hidden, in_dim = tensors["inner.weight"].shape
    head = LockedHead(in_dim, hidden, len(tensors["outer.bias"]))
    head.load_state_dict(tensors)
    return head
