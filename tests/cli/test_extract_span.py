"""A copy of a film begins with a key frame: what it really shows is said."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

from tests.cli.place import Place


def test_what_a_copy_really_shows_is_said(library: Place, tmp_path: Path) -> None:
    asked = ("query", "it grows brighter", "--modality", "video", "--group-by", "none")
    hits = [json.loads(line) for line in library.run(*asked, "--json").stdout.splitlines()]
    hit = max(hits, key=lambda one: float(one["span"]["start_s"]))
    with av.open(str(library.home / "files" / "dusk.mp4")) as file:
        frames = [packet for packet in file.demux(video=0) if packet.is_keyframe]
        keys = [float(one.pts * one.time_base) for one in frames if one.pts is not None]
    begin_s = hit["span"]["start_s"]
    key_s = max(key for key in keys if key < begin_s)
    around_s = (begin_s - key_s) / 2  # so that it is to begin between two key frames
    assert around_s > 0.1
    flags = ("-o", f"{tmp_path}/clip.mkv", "--around", str(around_s))
    done = library.run("extract", hit["id"], *flags)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    wanted_s = begin_s - around_s
    assert made["begin_s"] == pytest.approx(max(key for key in keys if key <= wanted_s))
    assert made["end_s"] >= min(hit["span"]["end_s"] + around_s, 11.9)
    early_s = wanted_s - made["begin_s"]
    told = f"it shows {made['begin_s']:.1f} to {made['end_s']:.1f} s, from {early_s:.1f} s earlier"
    assert done.stderr == f"{told} on: a copy begins with a key frame\n"


def test_a_sound_is_the_moment_and_has_nothing_to_say(library: Place, tmp_path: Path) -> None:
    done = library.run("query", "it grows brighter", "--modality", "video", "-k", "1", "--json")
    hit = json.loads(done.stdout)
    done = library.run("extract", hit["id"], "-o", f"{tmp_path}/clip.wav")
    assert (json.loads(done.stdout)["begin_s"], json.loads(done.stdout)["end_s"]) == (None, None)
    assert done.stderr == ""
