"""Models by id: found, shown and fetched from a hub on 127.0.0.1, then used without it.

Each question is asked in a process of its own, since huggingface_hub reads its environment once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("huggingface_hub")
from tests.encoder.hub_server import COMMIT, Hub, serving

pytestmark = pytest.mark.slow

FIND = "found = source.find({name!r})"
CACHED = "(found,) = source.cached() or [source.Found({name!r}, None, 0)]"
FETCH = "found = source.fetch(source.find({name!r}))"
LOAD = """import sys; sys.modules["sentence_transformers"] = None
    from omnisearch.encoder import registry
    registry.load({name!r}, threads=1, say=print)"""
SCRIPT = """
import dataclasses, json
from omnisearch.encoder.hub import identity, source
from omnisearch.errors import OmnisearchError
try:
    {call}
except OmnisearchError as error:
    print(json.dumps({{"error": type(error).__name__, "words": str(error)}}))
else:
    told = dataclasses.asdict(found) | {{"licence": str(found.licence), "id": found.id}}
    print(json.dumps(told, default=str))
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    safe, pickled = tmp_path / "safe", tmp_path / "pickled"
    for folder in (safe, pickled):
        (folder / "1_Pooling").mkdir(parents=True)
        (folder / "config.json").write_text('{"model_type": "bert"}')
        (folder / "1_Pooling" / "config.json").write_text("{}")
        (folder / "modules.json").write_text("[]")
        (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (safe / "model.safetensors").write_bytes(b"weights" * 1_000)
    (safe / "pytorch_model.bin").write_bytes(b"a pickle beside")
    (safe / "modeling.py").write_text("raise SystemExit")
    (pickled / "pytorch_model.bin").write_bytes(b"a pickle")
    with serving(Hub({"tiny/safe": safe, "tiny/pickled": pickled}, gated="tiny/gated")) as found:
        yield found


def ask(hub: Hub, home: Path, call: str, name: str, **environment: str) -> dict[str, Any]:
    told = {**os.environ, "HF_HOME": str(home), "HF_ENDPOINT": hub.address, **environment}
    told = {key: value for key, value in told.items() if key != "HF_HUB_CACHE"}
    script = SCRIPT.format(call=call.format(name=name))
    done = subprocess.run(
        [sys.executable, "-c", script], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_model_is_shown_before_it_is_fetched_and_then_kept(hub: Hub, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shown = ask(hub, home, FIND, "tiny/safe")
    assert shown["name"] == f"tiny/safe@{COMMIT}"
    assert shown["licence"] == "tiny-terms (https://x.y/z)"
    assert (shown["folder"], shown["bytes"]) == (None, 7_026)
    assert not any("resolve" in path for path in hub.seen)

    fetched = ask(hub, home, FETCH, "tiny/safe@v1")
    folder = Path(fetched["folder"])
    assert folder.is_relative_to(home)
    assert sorted(path.name for path in folder.iterdir()) == [
        "1_Pooling",
        "README.md",
        "config.json",
        "model.safetensors",
        "modules.json",
    ]

    hub.seen.clear()
    for name in ("tiny/safe@v1", f"tiny/safe@{COMMIT}"):
        kept = ask(hub, home, FETCH, name, HF_HUB_OFFLINE="1")
        assert kept["folder"] == fetched["folder"]
        assert kept["name"] == f"tiny/safe@{COMMIT}"
        assert kept["licence"] == "mit"
    assert ask(hub, home, FETCH, f"tiny/safe@{COMMIT}")["folder"] == fetched["folder"]
    assert ask(hub, home, CACHED, "none")["name"] == f"tiny/safe@{COMMIT}"
    assert ask(hub, tmp_path / "other", CACHED, "none")["name"] == "none"
    assert hub.seen == []  # what is here is used without asking


def test_what_is_not_here_is_said_offline(hub: Hub, tmp_path: Path) -> None:
    found = ask(hub, tmp_path / "home", FIND, "tiny/safe", HF_HUB_OFFLINE="1")
    assert found["error"] == "EncoderNotFoundError"
    assert "unset HF_HUB_OFFLINE, or run `hf download tiny/safe`" in found["words"]
    assert hub.seen == []


def test_a_fetch_that_was_cut_is_done_again(hub: Hub, tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = Path(ask(hub, home, FETCH, "tiny/safe")["folder"])
    (folder / "model.safetensors").unlink()
    assert ask(hub, home, CACHED, "none")["name"] == "none"
    assert ask(hub, home, FIND, "tiny/safe")["folder"] is None
    assert Path(ask(hub, home, FETCH, "tiny/safe")["folder"], "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tiny/absent", "the hub has no tiny/absent: check its name"),
        ("tiny/safe@v9", "the hub has no tiny/safe at v9: check its name"),
        ("tiny/gated", "accept its licence at https://huggingface.co/tiny/gated"),
    ],
)
def test_what_the_hub_does_not_give(hub: Hub, tmp_path: Path, name: str, words: str) -> None:
    found = ask(hub, tmp_path / "home", FIND, name)
    assert found["error"] == "EncoderNotFoundError"
    assert words in found["words"]


def test_a_hub_that_is_not_there(tmp_path: Path) -> None:
    nobody = Hub({})
    nobody.address = "http://127.0.0.1:9"
    found = ask(nobody, tmp_path / "home", FIND, "tiny/safe")
    assert found["error"] == "EncoderNotFoundError"
    assert "tiny/safe cannot be fetched (ConnectError" in found["words"]


def test_pickles_are_refused_before_they_are_fetched(hub: Hub, tmp_path: Path) -> None:
    found = ask(hub, tmp_path / "home", FETCH, "tiny/pickled")
    assert found["error"] == "EncoderFilesError"
    assert "has its weights as a pickle (pytorch_model.bin)" in found["words"]
    assert not any("resolve" in path for path in hub.seen)


def test_nothing_is_fetched_for_nobody(hub: Hub, tmp_path: Path) -> None:
    found = ask(hub, tmp_path / "home", LOAD, "tiny/safe")
    assert found["error"] == "MissingExtraError"
    assert found["words"].endswith("pip install 'omnisearch[hub]'")
    assert not any("resolve" in path for path in hub.seen)
