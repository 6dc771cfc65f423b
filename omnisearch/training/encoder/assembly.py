"""An encoder put together from a lab's backbone and tokenizer and the tensors of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from torch import Tensor

from omnisearch.training.encoder import projectors
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.lab import Lab
from omnisearch.training.lessons.pairs import Channel
from omnisearch.training.towers import frozen


def build(lab: Lab, tensors: Mapping[str, Tensor]) -> Omni:
    """Make the encoder of a checkpoint, with those projectors that it has."""
    found = {}
    for channel in get_args(Channel):
        start = f"projector.{channel}."
        own = {key.removeprefix(start): x for key, x in tensors.items() if key.startswith(start)}
        if own:
            found[channel] = projectors.from_tensors(own, channel)
    model = Omni(frozen.load_backbone(lab), found, frozen.Words.load(lab))
    model.load_state_dict({key: tensors[key] for key in model.state_dict()})
    return model.eval().requires_grad_(False)
