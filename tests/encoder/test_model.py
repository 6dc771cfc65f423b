"""The files of an encoder: whole or refused, opened late, never used in a fork."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.model import ModelFiles, Stored
from omnisearch.errors import EncoderFilesError, EncoderNotFoundError


def put(folder: Path, name: str, content: bytes) -> None:
    (folder / name).unlink()
    (folder / name).write_bytes(content)


def relist(folder: Path, name: str) -> None:
    """Let files.json agree with a file that was changed."""
    listed = json.loads((folder / "files.json").read_text("utf-8"))
    content = (folder / name).read_bytes()
    listed[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    put(folder, "files.json", json.dumps(listed).encode())


def flipped(content: bytes) -> bytes:
    return content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flipped, "text.onnx is not what was written: its SHA-256 differs"),
        (lambda content: content[:-1], r"text.onnx has [\d,]+ bytes, not [\d,]+"),
    ],
)
def test_a_changed_graph_is_refused_when_it_is_needed(
    own: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    put(own, "text.onnx", change((own / "text.onnx").read_bytes()))
    encoder = Encoder.load(own)
    with pytest.raises(EncoderFilesError, match=f"{said}.*install omnisearch again, or copy"):
        encoder.encode(["rain"])


def test_a_graph_that_was_changed_with_its_hash_is_refused_at_once(own: Path) -> None:
    put(own, "text.onnx", flipped((own / "text.onnx").read_bytes()))
    relist(own, "text.onnx")
    with pytest.raises(EncoderFilesError, match=r"model\.json has fingerprint .*, its files have"):
        Encoder.load(own)


def test_settings_that_were_changed_are_refused(own: Path) -> None:
    model = json.loads((own / "model.json").read_text("utf-8"))
    model["weights"]["image"]["locked"] += 0.5
    put(own, "model.json", json.dumps(model).encode())
    with pytest.raises(EncoderFilesError, match=r"model\.json"):
        Encoder.load(own)
    relist(own, "model.json")
    with pytest.raises(EncoderFilesError, match=r"fingerprint"):
        Encoder.load(own)


@pytest.mark.parametrize("name", ["tokenizer.json", "text.onnx"])
def test_a_missing_file_is_named(own: Path, name: str) -> None:
    (own / name).unlink()
    with pytest.raises(EncoderFilesError, match=f"{name} cannot be read .No such file"):
        Encoder.load(own).encode(["rain"])


def test_a_folder_without_hashes_or_model_is_no_encoder(own: Path, tmp_path: Path) -> None:
    (own / "files.json").unlink()
    with pytest.raises(EncoderFilesError, match=r"files\.json cannot be read"):
        Encoder.load(own)
    with pytest.raises(EncoderNotFoundError, match=r"holds no model\.json, so it is no encoder"):
        ModelFiles(tmp_path)
    with pytest.raises(EncoderNotFoundError, match=r"there is no encoder 'omni-maxi'"):
        Encoder.load("omni-maxi")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"text.onnx": 3}', b'{"text.onnx": {}}'])
def test_a_damaged_list_of_hashes_is_refused(own: Path, content: bytes) -> None:
    put(own, "files.json", content)
    with pytest.raises(EncoderFilesError, match=r"files\.json"):
        Encoder.load(own)


def test_numbers_are_never_unpickled(own: Path) -> None:
    files = ModelFiles(own)
    (own / "mel.npy").unlink()
    np.save(own / "mel.npy", np.array([print], dtype=object))
    content = (own / "mel.npy").read_bytes()
    files.stored["mel.npy"] = Stored(len(content), hashlib.sha256(content).hexdigest())
    with pytest.raises(EncoderFilesError, match=r"mel\.npy is no array of numbers"):
        files.array("mel.npy")


def test_a_graph_of_an_unknown_kind_names_the_version_that_it_needs(own: Path) -> None:
    files = ModelFiles(own)
    files.model["graphs"]["text"]["file"] = "mel.npy"
    with pytest.raises(EncoderFilesError, match=r"not read by onnxruntime .*; it needs >=1\.23"):
        files.run("text")


def test_only_what_is_used_is_opened() -> None:
    encoder = Encoder.load()
    files = encoder.model.files  # type: ignore[attr-defined]
    assert files.opened == frozenset()
    encoder.encode(["rain"])
    assert files.opened == {"text"}


def test_threads_are_one_setting() -> None:
    for wrong in (0, 10**8, "2"):
        with pytest.raises(ValueError, match=f"threads is {wrong!r}: 1 to 256"):
            Encoder.load(threads=wrong)  # type: ignore[arg-type]
    encoder = Encoder.load(threads=2)
    files = encoder.model.files  # type: ignore[attr-defined]
    encoder.encode(["rain"])
    options = files._sessions["text"].get_session_options()
    assert options.intra_op_num_threads == 2 and options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_fork_is_told_to_load_again(mini: Encoder) -> None:
    mini.encode(["rain"])
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover - another process
        try:
            mini.encode(["rain"])
        except RuntimeError as error:
            os.write(theirs, str(error).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    said = os.read(ours, 4096).decode()
    os.close(ours)
    assert f"loaded by process {os.getpid()} and used in a fork" in said
    assert "load it again in this process" in said


def test_nothing_is_reported_to_anyone(tmp_path: Path) -> None:
    """ONNX Runtime would keep a device's name and look for a server of its makers."""
    code = (
        "import socket, sys\n"
        "def refused(name, args):\n"
        "    if name in ('socket.connect', 'socket.getaddrinfo'): sys.exit(f'{name} {args}')\n"
        "sys.addaudithook(refused)\n"
        "import omnisearch as om, os, time\n"
        "om.Encoder.load().encode(['rain'])\n"
        "time.sleep(0.5)\n"
        "print(1)"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.stdout.strip() == "1", done.stderr
    assert not list(tmp_path.rglob("*")), "files were left"
