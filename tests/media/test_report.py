"""What `doctor` tells of the sandbox is what a decoder found out."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.media.pool import report
from omnisearch.media.sandbox import landlock, seccomp
from omnisearch.media.sandbox.lockdown import Layers

UNLOCKED = """
import json
from omnisearch.media.pool import trial
from omnisearch.media.pool.ask import Ask
(piece,) = trial.pieces(None, Ask("x"))
print(json.dumps(piece.fields["refused"]))
"""


@pytest.mark.skipif(
    not (seccomp.available() and landlock.version()), reason="the kernel has no such locks"
)
def test_a_locked_decoder_can_do_nothing() -> None:
    found = om.sandbox()
    assert (found.complete, found.allowed, found.remedy) == (True, (), None)
    assert len(found.refused) == 11
    assert Layers(**found.layers).whole


def test_what_is_tried_is_done_where_nothing_is_locked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNLOCKED],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    # so much memory is refused, or not, by how the system counts it
    assert done.stdout.strip() in ("[]", '["take 1 TiB of memory"]')


def test_what_is_missing_is_named() -> None:
    layers = Layers(no_new_privileges=True, no_capabilities=True, landlock=0, seccomp=False)
    assert not layers.whole
    remedy = report._remedy(layers, ("fork", "open a file"))
    assert remedy.startswith(
        "these layers do not hold: landlock, seccomp; a decoder can fork, open a file: take in"
    )
    assert dataclasses.asdict(layers) == layers.as_json()
