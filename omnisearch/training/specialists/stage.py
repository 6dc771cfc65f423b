"""The stage `specialists`: five encoders, each trained on its own modality from one base.

The base is MiniLM and one visual projector, which pictures, films and pages share and which
is fused with the rest. The audio projector is grafted onto its specialist alone: fusing copies it,
so it can drift.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from omnisearch.training import checkpoints, finite, lanes, stored
from omnisearch.training.encoder.heads import Sense
from omnisearch.training.encoder.projectors import Bootstrapped, Projector, frames
from omnisearch.training.lab import Lab, Options, write_json
from omnisearch.training.lessons import corpus
from omnisearch.training.specialists import apprentice, bootstrap, inverse
from omnisearch.training.specialists.apprentice import Apprentice, Training
from omnisearch.training.towers import features
from omnisearch.training.towers.captions import Texts
from omnisearch.training.towers.frozen import load_backbone

GRAFTED = "projector.audio."
_HEADS: Mapping[Sense, str] = {"visual": "image", "audio": "audio"}

PLAN = {
    "text": Training(200, 48, backbone=3e-5, extra=0),
    "image": Training(600, 128),
    "audio": Training(600, 128),
    "video": Training(240, 48, projector=1e-3),
    "document": Training(200, 40),
}
# from random init the backbone moves more, and the projector comes to need it: this drifts
RANDOM = {
    kind: one if kind == "text" else Training(one.steps, one.batch, 2e-4, 1e-3)
    for kind, one in PLAN.items()
}
# order takes longest to learn
TINY = {kind: Training(300 if kind == "video" else 120, 24, 1e-3, 2e-3, extra=64) for kind in PLAN}


_LONGEST = ("image", "audio", "video", "document", "text")  # to train: these begin first


@dataclass(frozen=True)
class Place:
    """Where a specialist is kept, and what it is made from."""

    folder: Path
    kind: str
    made: str

    @property
    def path(self) -> Path:
        """The checkpoint."""
        return self.folder / f"{self.kind}.safetensors"

    def known(self) -> Mapping[str, object] | None:
        """Give the figures of a specialist that was made from just this and can be read."""
        record = stored.known(self.folder / f"{self.kind}.json")
        if record.get("made") != self.made:
            return None
        try:
            checkpoints.load(self.path)
        except checkpoints.CheckpointError:
            return None
        return dict(record["figures"])

    def keep(self, tensors: Mapping[str, Tensor], figures: Mapping[str, object]) -> None:
        """Write the checkpoint, then its figures."""
        checkpoints.save(self.path, tensors)
        record = {"made": self.made, "figures": figures}
        write_json(self.folder / f"{self.kind}.json", record)


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Make the base and train every specialist that an interrupted run did not leave.

    A stage that is done runs only to be repeated, so it takes up nothing.
    """
    folder, plan = _folder(lab, options), _plan(options)
    again = lab.done(f"specialists-{options.run}")
    start = _start(lab, options)
    checkpoints.save(folder / "start.safetensors", start)
    checkpoints.save(folder / "base.safetensors", _own(start, "base"))
    places = {kind: _place(lab, options, kind, start) for kind in plan}
    missing = [kind for kind, place in places.items() if again or place.known() is None]
    lanes.each(train, lab, options, sorted(missing, key=_LONGEST.index), "specialists")
    figures = {kind: place.known() for kind, place in places.items()}
    several = {kind: asdict(one) for kind, one in plan.items()}
    return {
        "validation": figures,
        "plan": several,
        "steps": {kind: one.steps for kind, one in plan.items()},
        "batch": {kind: one.batch for kind, one in plan.items()},
        "rates": {"backbone": plan["image"].backbone, "projector": plan["image"].projector},
    }


def train(lab: Lab, options: Options, kind: str) -> None:
    """Train the specialist of a kind, and keep it with its figures."""
    start, texts = _start(lab, options), Texts(lab)
    place = _place(lab, options, kind, start)
    pupil = Apprentice(lab, kind, _plan(options)[kind], texts, options.seed)
    own = _own(start, kind)
    with finite.of(f"what the specialist of {kind} starts from"):
        before = apprentice.tried(lab, kind, pupil.model(own), texts)
    model = pupil.train(own, place.folder / f"{kind}-broken-batch.npz")
    with finite.of(f"the specialist of {kind}"):
        after = apprentice.tried(lab, kind, model, texts)
    place.keep({**own, **model.tensors()}, {"before": before, "after": after})


def _plan(options: Options) -> Mapping[str, Training]:
    return TINY if options.tiny else PLAN if options.variant == "b" else RANDOM


def _folder(lab: Lab, options: Options) -> Path:
    return lab.models / f"specialists-{options.run}"


def _place(lab: Lab, options: Options, kind: str, start: Mapping[str, Tensor]) -> Place:
    made = _origin(lab, kind, _plan(options)[kind], start, options)
    return Place(_folder(lab, options), kind, made)


def _own(start: Mapping[str, Tensor], kind: str) -> dict[str, Tensor]:
    """Give what a specialist starts from: only that of sounds has their projector."""
    return {key: x for key, x in start.items() if kind == "audio" or not key.startswith(GRAFTED)}


def _start(lab: Lab, options: Options) -> dict[str, Tensor]:
    """Give what every specialist starts from: MiniLM and both projectors."""
    torch.manual_seed(options.seed)
    backbone = load_backbone(lab)
    tensors = {f"backbone.{key}": x for key, x in backbone.state_dict().items()}
    for sense, name in _HEADS.items():
        projector = _projector(lab, sense, name, backbone.sizes.width, options)
        projector.frame.data.copy_(frames(backbone.embeddings.position_embeddings.weight.detach()))
        tensors |= {f"projector.{sense}.{key}": x for key, x in projector.state_dict().items()}
    return {key: tensor.detach().clone() for key, tensor in tensors.items()}


def _projector(
    lab: Lab, sense: Sense, name: str, width: int, options: Options
) -> Projector | Bootstrapped:
    stem = stems(lab, name)[0]
    rows, in_dim = features.load(lab, stem).shape[1:]
    if options.variant == "a":
        return Projector(in_dim, 2 * width, width=width)
    head, back = bootstrap.load_head(lab, name), inverse.load_inverse(lab)
    return Bootstrapped(sense, head, back, (rows, in_dim))


def _origin(
    lab: Lab, kind: str, training: Training, start: Mapping[str, Tensor], options: Options
) -> str:
    """Tell a specialist from others: its start, its data, its training and its seed."""
    told = kind, training, replace(options, threads=1)
    digest = hashlib.blake2b(repr(told).encode(), digest_size=16)
    names = ["texts"] if kind == "text" else [*stems(lab, kind), "texts"]
    digest.update(repr([features.digest(lab, name) for name in names]).encode())
    for tensor in start.values():
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def stems(lab: Lab, kind: str) -> list[str]:
    """Name the files of a modality."""
    return corpus.Columns(lab, kind, "train", []).stems
