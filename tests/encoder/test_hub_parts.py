"""What happens between a part and a model of the hub: prompts, pages, rows, memory, bad parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.parts import Audio, Document, Image, Part, Row, Text, Video
from omnisearch.encoder.protocol import Asked
from omnisearch.errors import EncodingError, OmnisearchError, PartError

pytest.importorskip("sentence_transformers", "5.4")
from omnisearch.encoder.hub import model as hub
from omnisearch.encoder.hub.settings import Settings
from tests.encoder import hub_models
from tests.encoder.hub_shelf import Shelf, own, page, picture, wave

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("hub"))


def test_prompts_are_the_models_own_or_what_is_chosen(opened: Shelf, tmp_path: Path) -> None:
    encoder = opened("plain")
    found = encoder.encode(["dog"])[0], encoder.encode(["dog"], role="query")[0]
    raw = own(encoder).encode(["passage: dog", "query: dog"], normalize_embeddings=True)
    assert [one @ other for one, other in zip(found, raw, strict=True)] == pytest.approx([1, 1])
    chosen = Settings(query_prompt="find: ", document_prompt="")
    other = Encoder(hub.open(encoder.name, settings=chosen))
    bare = own(encoder).encode(["dog"], normalize_embeddings=True)[0]
    assert other.encode(["dog"])[0] @ bare == pytest.approx(1)
    assert other.space.fingerprint != encoder.space.fingerprint


def test_a_text_that_looks_like_an_address_stays_a_text(opened: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(b"no picture")
    places = [str(file), "http://127.0.0.1:9/x.png", "data:image/png,x"]
    assert opened("plain").encode(places).shape == (3, 32)
    found = opened("clip").encode_each(places)
    if hub_models.VERSION < (6,):
        assert all(isinstance(one, EncodingError) for one in found)
    else:
        assert all(isinstance(one, np.ndarray) for one in found)


def test_bad_parts_disturb_no_other(opened: Shelf, tmp_path: Path) -> None:
    encoder = opened("clip")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    parts: list[Part | str] = [
        "a dog",
        "  ",
        "half \ud83d",
        Image(broken),
        Image(tmp_path / "absent.png"),
        Image(picture(5)),
        Image(np.zeros((4, 4, 7))),
        "x" * 2_000_000,
        "\U0001f600",
    ]
    found = encoder.encode_each(parts)
    wrong = [at for at, one in enumerate(found) if isinstance(one, OmnisearchError)]
    assert wrong == [1, 2, 3, 4, 6]
    assert np.array_equal(np.asarray(found[5]), encoder.encode([Image(picture(5))])[0])
    with pytest.raises(PartError, match="part 1") as caught:
        encoder.encode(parts)
    assert caught.value.place == 1


def test_a_page_is_seen_by_models_that_see_and_else_read(
    opened: Shelf,
) -> None:
    plain = opened("plain")
    words = Document(page().source, words="turn it upside down")
    assert plain.encode([words])[0] @ plain.encode(["turn it upside down"])[0] > 0.9999
    assert plain.encode([page()])[0] @ plain.encode(["oil the chain"])[0] < 0.9999
    with pytest.raises(PartError, match="has no words"):
        plain.encode([Document(page().source, words=" ")])
    clip = opened("clip")
    assert np.array_equal(clip.encode([words]), clip.encode([page()]))


def test_rows_are_joined_where_the_model_joins_and_else_added(
    opened: Shelf,
) -> None:
    clip = opened("clip")
    parts = (Text("in the snow"), Image(picture(6)))
    assert not clip.model.joins(parts)
    total = clip.encode(list(parts)).sum(axis=0)
    found = clip.encode([Row(*parts)])[0]
    assert found @ (total / np.linalg.norm(total)) == pytest.approx(1, abs=1e-5)


def test_gemma_reads_several_parts_together(opened: Shelf) -> None:
    encoder = opened("gemma")
    first, second = Image(picture(7)), Image(picture(8))
    film = Video([picture(seed) for seed in range(20)])
    rows: Sequence[tuple[Part, ...]] = [
        (Text("in the snow"), first),
        (film, Audio((wave(1, 0.05), 44_100)), Text("watch")),
        (first, second),
        (second, first),
    ]
    together = [encoder.model.joins(row) for row in rows]
    assert together == [True, *[hub_models.VERSION >= (6,)] * 3]
    found = encoder.encode([Row(*row) for row in rows])
    assert np.isfinite(found).all()
    if all(together):
        assert not np.array_equal(found[2], found[3])  # their order is read
    total = encoder.encode(list(rows[0])).sum(axis=0)
    assert found[0] @ (total / np.linalg.norm(total)) < 0.9999  # no mere sum


def test_memory_that_does_not_last_halves_the_batch(tmp_path: Path) -> None:
    torch = hub_models.torch
    encoder = Encoder(hub.open(hub_models.plain(tmp_path / "plain")))
    tried: list[int] = []

    def starved(module: Any, inputs: Any) -> None:
        count = len(inputs[0]["input_ids"])
        tried.append(count)
        if count > 10:
            raise torch.OutOfMemoryError("CUDA out of memory")

    texts = [f"text {number}" for number in range(60)]
    expected = encoder.encode(texts)
    hook = own(encoder)[0].register_forward_pre_hook(starved)
    found = encoder.encode(texts)
    hook.remove()
    assert tried == [32, 16, 8, 8, 8, 8, 8, 8, 8, 4]
    assert np.allclose(found, expected, atol=1e-5)


def test_what_does_not_fit_even_alone_is_an_error_in_its_place(tmp_path: Path) -> None:
    encoder = Encoder(hub.open(hub_models.plain(tmp_path / "plain")))

    def starved(module: Any, inputs: Any) -> None:
        if inputs[0]["input_ids"].shape[1] > 20:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 GB")

    own(encoder)[0].register_forward_pre_hook(starved)
    found = encoder.encode_each(["short", "a text that has many more letters than that", "small"])
    kinds = [type(one) for one in found]
    assert kinds == [np.ndarray, EncodingError, np.ndarray]
    assert "no memory for it, even alone" in str(found[1])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_vectors_of_no_direction_are_errors(tmp_path: Path, value: float) -> None:
    encoder = Encoder(hub.open(hub_models.plain(tmp_path / "plain")))

    def spoilt(module: Any, inputs: Any, output: Any) -> None:
        output["sentence_embedding"][0] *= value

    own(encoder)[-1].register_forward_hook(spoilt)
    first, second = encoder.encode_each(["a longer text", "dog"])
    assert isinstance(first, EncodingError)
    assert isinstance(second, np.ndarray)


def test_long_texts_are_cut_into_passages_that_fit(opened: Shelf) -> None:
    encoder = opened("plain")  # 64 tokens, one for each letter
    text = "The dog ran far away from us and never came back. The cat did not follow it. " * 3
    spans = encoder.passages(text)
    assert [text[start:end] for start, end in spans][:2] == [
        "The dog ran far away from us and never came back.",
        "The cat did not follow it.",
    ]
    tokenizer = own(encoder).tokenizer
    longest = max(len(tokenizer("passage: " + text[start:end]).input_ids) for start, end in spans)
    assert longest <= 64


def test_a_fork_is_told_to_load_again(opened: Shelf) -> None:
    model = opened("plain").model
    assert isinstance(model, hub.HubModel)
    model._runtime._process += 1
    try:
        with pytest.raises(RuntimeError, match="load it again in this process"):
            model.embed([Row("dog")], Asked())
    finally:
        model._runtime._process -= 1


def test_large_inputs_are_read_in_turns(opened: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = opened("clap")
    sounds = [Audio((wave(3, pitch / 50), 44_100)) for pitch in range(1, 8)]
    expected = encoder.encode(sounds)
    monkeypatch.setattr("omnisearch.encoder.hub.model._HELD_BYTES", 500_000)
    assert np.allclose(encoder.encode(sounds), expected, atol=1e-5)


def test_a_model_itself_refuses_what_it_does_not_read(opened: Shelf) -> None:
    rows = [Row(Image(picture(11))), Row("dog"), Row(Audio((wave(1, 0.1), 44_100)))]
    found = opened("plain").model.embed(rows, Asked())
    assert [type(one) for one in found] == [PartError, np.ndarray, PartError]


def test_sounds_too_long_to_be_read_together_are_refused(opened: Shelf) -> None:
    long = Audio((np.tile(wave(1, 0.05)[::44], 200), 1_002))  # 100 windows of 2 s
    row = Row(long, long, Text("listen"))
    (found,) = opened("clap").model.embed([row], Asked())
    assert isinstance(found, PartError)
    assert "give from_s and to_s" in str(found)
