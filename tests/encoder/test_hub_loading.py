"""Models that do not load, each with an error that says why; and what loaded ones tell."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from omnisearch.encoder.encoder import Encoder
from omnisearch.errors import EncoderFilesError, MissingExtraError

pytest.importorskip("sentence_transformers", "5.4")
from omnisearch.encoder.hub import model as hub
from omnisearch.encoder.hub import source
from omnisearch.encoder.hub.settings import Settings
from tests.encoder import hub_models

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hub_models.plain(tmp_path_factory.mktemp("hub") / "plain")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "plain")


def refused(folder: Path) -> str:
    with pytest.raises(EncoderFilesError) as caught:
        hub.open(folder)
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_a_model_tells_its_name_licence_files_and_space(folder: Path) -> None:
    model = hub.open(folder)
    assert (model.name, str(model.licence)) == (str(folder), "apache-2.0")
    assert (model.dim, model.dims, model.device) == (32, (32,), "cpu")
    assert model.space.dim == 32
    assert model.known() == {}
    assert set(model.files) == {
        "1_Pooling/config.json",
        "config.json",
        "config_sentence_transformers.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_a_moved_model_is_the_same_space_and_a_changed_one_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    model = hub.open(folder)
    moved = shutil.copytree(folder, tmp_path / "moved")
    assert hub.open(moved, files=model.files).space.fingerprint == model.space.fingerprint
    hub_models.change(moved / "config_sentence_transformers.json", prompts={"query": "other: "})
    assert hub.open(moved).space.fingerprint != model.space.fingerprint
    with pytest.raises(EncoderFilesError, match=r"config_sentence_transformers\.json has changed"):
        hub.open(moved, files=model.files)


def test_a_model_in_the_hubs_cache_is_named_by_its_commit(folder: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    licence = source.find(folder).licence
    found = source.Found(f"tiny/plain@{commit}", licence, 1, folder, commit)
    assert hub.open(found).name == f"tiny/plain@{commit}"


def test_nothing_is_asked_of_the_network(folder: Path, monkeypatch: Any) -> None:
    def connect(self: socket.socket, address: object) -> None:
        raise AssertionError(f"connects to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert Encoder(hub.open(folder)).encode(["dog"]).shape == (1, 32)


@pytest.mark.parametrize("size", [0, 7, 60_000])
def test_weights_that_are_cut_short(folder: Path, size: int) -> None:
    os.truncate(folder / "model.safetensors", size)
    assert "copy the whole folder again" in refused(folder)


def test_configurations_that_do_not_fit_the_weights(folder: Path) -> None:
    hub_models.change(folder / "config.json", hidden_size=48, num_attention_heads=3)
    assert "does not load" in refused(folder)


def test_a_model_of_a_kind_that_nobody_knows(folder: Path) -> None:
    hub_models.change(folder / "config.json", model_type="from-the-future")
    assert "update transformers" in refused(folder)


def test_code_that_a_model_brings_is_never_run(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    run = f"from pathlib import Path\nPath({str(mark)!r}).touch()\n"
    (folder / "mine.py").write_text(run)
    told = {"AutoConfig": "mine.Config", "AutoModel": "mine.Model"}
    hub_models.change(folder / "config.json", model_type="mine", auto_map=told)
    words = refused(folder)
    assert "without running code that it brings" in words or "does not load" in words
    hub_models.change(folder / "config.json", model_type="bert")
    assert hub.open(folder).dim == 32  # what transformers knows needs no code
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "mine.Pooling"
    (folder / "modules.json").write_text(json.dumps(modules))
    assert "asks for code of its own (mine.Pooling), never run" in refused(folder)
    assert not mark.exists()


def test_weights_are_read_from_safetensors_though_a_pickle_lies_beside(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"no pickle at all")
    hub_models.change(folder / "sentence_bert_config.json", model_args={"use_safetensors": False})
    assert hub.open(folder).dim == 32
    (folder / "model.safetensors").unlink()
    assert "weights as a pickle (pytorch_model.bin)" in refused(folder)


def test_lengths_are_those_that_were_trained(folder: Path) -> None:
    hub_models.change(
        folder / "config_sentence_transformers.json", matryoshka_dims=[8, 16, 32, 999, "x"]
    )
    model = hub.open(folder)
    assert model.dims == (8, 16, 32)
    assert Encoder(model, 8).encode(["dog"]).shape == (1, 8)
    with pytest.raises(ValueError, match="8 or 16 or 32"):
        Encoder(model, 12)


def test_cuda_is_refused_where_there_is_none(folder: Path) -> None:
    if hub_models.torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(MissingExtraError, match="sees no CUDA device: use device='cpu'"):
        hub.open(folder, settings=Settings(device="cuda"))


def test_the_library_absent_or_too_old(folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("sentence_transformers.__version__", "5.3.0")
    with pytest.raises(MissingExtraError, match=r"5\.3\.0 is too old"):
        hub.open(folder)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError) as caught:
        hub.open(folder)
    assert str(caught.value).endswith("pip install 'omnisearch[hub]'")


def test_a_package_that_one_model_needs_is_named(tmp_path: Path) -> None:
    if find_spec("torchvision") is not None:
        pytest.skip("torchvision is installed")
    with pytest.raises(MissingExtraError) as caught:
        hub.open(hub_models.gemma(tmp_path / "gemma"))
    said = str(caught.value)
    build = hub_models.torch.__version__.partition("+")[2]
    index = f" --index-url https://download.pytorch.org/whl/{build}" if build else ""
    assert "looks at films with torchvision, which is not installed" in said
    assert f": pip install torchvision{index} (of the same build as torch, here " in said
