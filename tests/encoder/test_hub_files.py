"""What a model's folder may hold, and what its bytes stand for. Nothing of a network is loaded."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from omnisearch.encoder.hub import contents, identity, licence, source
from omnisearch.encoder.hub.batches import Batches
from omnisearch.encoder.hub.inputs import cut
from omnisearch.encoder.hub.licence import Licence
from omnisearch.encoder.hub.settings import Settings
from omnisearch.errors import EncoderFilesError, EncoderNotFoundError, MissingExtraError

pytest.importorskip("huggingface_hub")

OWN = "sentence_transformers.sentence_transformer.modules.Pooling"


def write(path: Path, told: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(told if isinstance(told, bytes) else json.dumps(told).encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a model; only their names and forms matter here."""
    found = tmp_path / "tiny"
    modules = [{"type": "sentence_transformers.base.modules.Transformer", "path": ""}]
    write(found / "modules.json", [*modules, {"type": OWN, "path": "1_Pooling"}])
    write(found / "config.json", {"model_type": "bert"})
    write(found / "1_Pooling" / "config.json", {})
    write(found / "model.safetensors", b"weights")
    write(found / "README.md", b"---\nlicense: mit\n---\nwords")
    return found


def bomb(mark: Path) -> bytes:
    """Write a pickle that makes a folder where it is read."""
    return f"cos\nmkdir\n(S{str(mark)!r}\ntR.".encode()


def test_a_folder_or_a_file_of_it_stands_for_a_model(folder: Path) -> None:
    expected = source.find(folder)
    assert expected.name == str(folder)
    assert expected.licence == Licence("mit")
    assert expected.bytes == sum(path.stat().st_size for path in contents.files(folder).values())
    for file in ("model.safetensors", "modules.json", "1_Pooling/config.json", "README.md"):
        assert source.find(folder / file) == expected
    assert source.fetch(expected) is expected


@pytest.mark.parametrize(
    "name", ["absent/", "a b", "/nowhere/at/all", "", "x" * 5_000, "a\0b", "."]
)
def test_names_that_are_no_model(tmp_path: Path, name: str, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert not source.matches(name)
    with pytest.raises(EncoderNotFoundError, match="name a folder with modules"):
        source.find(name)


def test_a_path_is_never_asked_of_the_hub(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "photos" / "holiday").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert source.matches("photos/other")
    assert not source.matches("photos/holiday")
    with pytest.raises(EncoderNotFoundError, match="'photos/holiday' is no model"):
        source.find("photos/holiday")


def test_without_the_extra_one_line_says_how_to_install_it(folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError) as caught:
        source.find("org/model")
    assert str(caught.value).endswith("pip install 'omnisearch[hub]'")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("license: apache-2.0", "apache-2.0"),
        ("license: other\nlicense_name: gemma\nlicense_link: https://x.y", "gemma (https://x.y)"),
        ("license: other", "other"),
        ("license: [mit, gpl-3.0]", "mit, gpl-3.0"),
        ("language: en", "not stated: ask its authors before you use it"),
        ("license: 3", "not stated: ask its authors before you use it"),
        ("license: [", "not stated: ask its authors before you use it"),
        ("- a\n- b", "not stated: ask its authors before you use it"),
    ],
)
def test_the_licence_is_what_the_card_says(folder: Path, head: str, expected: str) -> None:
    (folder / "README.md").write_text(f"---\n{head}\n---\n# A model\n")
    assert str(licence.of_folder(folder)) == expected


def test_a_folder_without_a_card_says_nothing_of_rights(tmp_path: Path) -> None:
    assert licence.of_folder(tmp_path) == Licence(None)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "2_Dense/pytorch_model.bin", "weights.pt"])
def test_weights_that_are_a_pickle_are_refused_unread(
    folder: Path, tmp_path: Path, name: str
) -> None:
    (folder / "model.safetensors").rename(folder / "1_Pooling" / "model.safetensors")
    write(folder / name, bomb(tmp_path / "mark"))
    with pytest.raises(EncoderFilesError) as caught:
        contents.check(folder)
    words = str(caught.value)
    assert f"weights as a pickle ({name}), which can run any program when it is read" in words
    assert "save_pretrained(..., safe_serialization=True)" in words
    assert not (tmp_path / "mark").exists()


def test_what_lies_beside_safe_weights_is_left_alone(folder: Path) -> None:
    for name in ("pytorch_model.bin", "training_args.bin", "onnx/model.bin", "openvino/x.bin"):
        write(folder / name, b"anything")
    for name in (
        "checkpoint-5/adapter_config.json",
        "checkpoint-5/model.safetensors",
        ".git/a.json",
    ):
        write(folder / name, b"of another time")
    contents.check(folder)
    assert sorted(contents.files(folder)) == [
        "1_Pooling/config.json",
        "config.json",
        "model.safetensors",
        "modules.json",
    ]


@pytest.mark.parametrize(
    ("name", "told", "words"),
    [
        (
            "modules.json",
            [{"type": "modeling.Mine", "path": ""}],
            "code of its own (modeling.Mine)",
        ),
        ("modules.json", [{"type": "os.path", "path": ""}], "code of its own (os.path)"),
        ("modules.json", [{"path": ""}], "code of its own ()"),
        ("modules.json", [{"type": OWN, "path": "../other"}], "names ../other, outside of it"),
        ("modules.json", [{"type": OWN, "path": "2_Dense"}], "names 2_Dense/, which is not there"),
        ("modules.json", 3, "holds a int"),
        ("modules.json", b"[", "does not read"),
        ("modules.json", b"[" * 100_000, "does not read"),
        ("router_config.json", {"types": {"": "mine.Mine"}}, "code of its own (mine.Mine)"),
        ("adapter_config.json", {}, "is an adapter to another model: merge it"),
        ("sentence_bert_config.json", {"tokenizer_name_or_path": "a/b"}, "from elsewhere (a/b)"),
        (
            "config.json",
            {"text": {"_attn_implementation": "a/kernel"}},
            "from elsewhere (a/kernel)",
        ),
        ("config.json", b"\xff", "does not read"),
        ("config.json", [], "holds a list"),
        (
            "model.safetensors.index.json",
            {"weight_map": {"a": "model-00002-of-00002.safetensors"}},
            "names model-00002-of-00002.safetensors, which is not there",
        ),
    ],
)
def test_what_brings_code_or_is_not_all_there(
    folder: Path, name: str, told: Any, words: str
) -> None:
    write(folder / name, told)
    with pytest.raises(EncoderFilesError) as caught:
        contents.check(folder)
    assert words in str(caught.value)
    assert str(folder / name) in str(caught.value)


def test_a_module_without_files_has_no_folder(folder: Path) -> None:
    bare = {"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"}
    write(folder / "modules.json", [bare])
    contents.check(folder)


def test_a_folder_without_weights(folder: Path) -> None:
    (folder / "checkpoint-5").mkdir()
    (folder / "model.safetensors").rename(folder / "checkpoint-5" / "model.safetensors")
    with pytest.raises(EncoderFilesError, match="holds no weights"):
        contents.check(folder)


def test_the_space_is_the_files_and_not_their_place_or_card(folder: Path, tmp_path: Path) -> None:
    before = identity.fingerprint(identity.hashes(folder), {"dim": 3})
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "README.md").write_text("other words")
    (copy / "LICENSE.txt").write_text("other words")
    assert identity.fingerprint(identity.hashes(copy), {"dim": 3}) == before
    assert identity.fingerprint(identity.hashes(copy), {"dim": 4}) != before
    (copy / "model.safetensors").write_bytes(b"weightS")
    assert identity.fingerprint(identity.hashes(copy), {"dim": 3}) != before


def test_a_recorded_model_is_compared_file_by_file(folder: Path) -> None:
    recorded = identity.hashes(folder)
    assert recorded["model.safetensors"] == hashlib.sha256(b"weights").hexdigest()
    identity.compare(folder, identity.hashes(folder), recorded)
    (folder / "model.safetensors").write_bytes(b"weightS")
    with pytest.raises(EncoderFilesError, match="has changed since"):
        identity.compare(folder, identity.hashes(folder), recorded)
    (folder / "model.safetensors").unlink()
    with pytest.raises(EncoderFilesError, match="is missing since"):
        identity.compare(folder, identity.hashes(folder), recorded)
    write(folder / "added_tokens.json", {})
    with pytest.raises(EncoderFilesError, match="is new since"):
        identity.compare(folder, identity.hashes(folder), recorded)


@pytest.mark.parametrize("digest", ["sha256", "git"])
def test_damage_in_the_hubs_cache_is_found(tmp_path: Path, digest: str) -> None:
    content = b"weights"
    name = hashlib.sha256(content).hexdigest()
    if digest == "git":
        name = hashlib.sha1(b"blob 7\0" + content).hexdigest()
    blob = tmp_path / "blobs" / name
    write(blob, content)
    snapshot = tmp_path / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to(blob)
    expected = hashlib.sha256(content).hexdigest()
    assert identity.hashes(snapshot) == {"model.safetensors": expected}
    blob.write_bytes(b"weightS")
    with pytest.raises(EncoderFilesError, match="is not what was fetched") as caught:
        identity.hashes(snapshot)
    assert f"delete {blob}" in str(caught.value)


def test_batches_double_while_they_fit_and_never_try_again_what_did_not() -> None:
    batches = Batches(most=64)
    sizes = []
    for _ in range(9):
        count = batches.size("image")
        sizes.append(count)
        if count > 20:
            batches.failed("image", count)
        else:
            batches.fitted("image", count)
    assert sizes == [4, 8, 16, 32, 16, 16, 16, 16, 16]
    batches.fitted("image", 3)  # a rest is no trial
    assert (batches.size("image"), batches.size("text")) == (16, 4)
    batches.failed("text", 1)
    assert batches.size("text") == 1
    assert Batches(most=64, fixed=7).size("text") == 7


@pytest.mark.parametrize(
    "told", [{"precision": "fp8"}, {"batch": 0}, {"frames": 0}, {"precision": None}]
)
def test_settings_that_cannot_be(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=str(next(iter(told)))):
        Settings(**told)


@pytest.mark.parametrize(
    ("length", "expected"),
    [(5, [(0, 5)]), (10, [(0, 10)]), (11, [(0, 10), (1, 11)]), (30, [(0, 10), (10, 20), (20, 30)])],
)
def test_windows_cover_all_of_a_sound(length: int, expected: list[tuple[int, int]]) -> None:
    import numpy as np

    windows = cut(np.arange(length, dtype=np.float32), 10)
    assert [(int(one[0]), int(one[-1]) + 1) for one in windows] == expected
