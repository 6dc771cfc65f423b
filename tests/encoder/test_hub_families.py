"""One tiny model of each family that ships in transformers, as ingest and queries use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnisearch.encoder import canaries
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.parts import Audio, Document, Image, Modality, Part, Row, Text, Video
from omnisearch.encoder.protocol import Asked
from omnisearch.errors import EncodingError, OmnisearchError, PartError

pytest.importorskip("sentence_transformers", "5.4")
from omnisearch.encoder.hub import model as hub
from omnisearch.encoder.hub.settings import Settings
from tests.encoder import hub_models

pytestmark = pytest.mark.slow

MADE: dict[str, tuple[Callable[[Path], Path], tuple[Modality, ...]]] = {
    "plain": (hub_models.plain, ("text", "document")),
    "clip": (hub_models.clip, ("text", "image", "document")),
    "siglip": (hub_models.siglip, ("text", "image", "document")),
    "clap": (hub_models.clap, ("text", "audio", "document")),
    "fused": (lambda folder: hub_models.clap(folder, fused=True), ("text", "audio", "document")),
    "routed": (hub_models.routed, ("text", "image", "audio", "document")),
    "gemma": (hub_models.gemma, ("text", "image", "audio", "video", "document")),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Encoder]:
    made: dict[str, Encoder] = {}

    def give(family: str) -> Encoder:
        if family == "gemma":
            pytest.importorskip("torchvision", reason="transformers reads its films with it")
        if family not in made:
            folder = MADE[family][0](tmp_path_factory.mktemp("hub") / family)
            made[family] = Encoder(hub.open(folder))
        return made[family]

    return give


@pytest.fixture(params=MADE)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def picture(seed: int, height: int = 50, width: int = 70) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def wave(seconds: float, pitch: float) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = np.sin(np.arange(int(44_100 * seconds)) * pitch)
    return found.astype(np.float32)


def page() -> Document:
    (part,) = canaries.inputs()["document"].parts
    assert isinstance(part, Document)
    return part


def items() -> list[Part]:
    """What a folder holds: some of each modality, of different lengths."""
    return [
        Text("a dog"),
        Image(picture(1)),
        Audio((wave(1, 0.05), 44_100)),
        Video([picture(seed) for seed in range(5)]),
        page(),
        Text("a much longer text about a red bicycle that stands in the snow"),
        Image(picture(2, 64, 64)),
        Audio((wave(4.5, 0.01), 44_100)),
        Text("snow"),
    ]


def own(encoder: Encoder) -> Any:
    """Give the library's own object, to compare with what it gives by itself."""
    assert isinstance(encoder.model, hub.HubModel)
    return encoder.model._runtime._model


def test_ingest_gets_a_vector_for_what_the_model_reads_and_an_error_for_the_rest(
    opened: Callable[[str], Encoder], family: str
) -> None:
    encoder = opened(family)
    parts = items()
    found = encoder.encode_each(parts)
    assert encoder.modalities == MADE[family][1]
    for part, one in zip(parts, found, strict=True):
        if part.modality in encoder.modalities:
            assert isinstance(one, np.ndarray), one
            assert one.shape == (encoder.dim,)
            assert one.dtype == np.float32
            assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
        else:
            assert isinstance(one, PartError)
            assert f"does not read {part.modality}" in str(one)


def test_alone_and_in_a_batch_is_the_same(opened: Callable[[str], Encoder], family: str) -> None:
    encoder = opened(family)
    parts = [part for part in items() if part.modality in encoder.modalities]
    together = encoder.encode(parts)
    alone = np.concatenate([encoder.encode([part]) for part in parts])
    assert (together * alone).sum(axis=1).min() > 0.999
    assert np.array_equal(encoder.encode(parts), together)


def test_a_query_finds_its_own_text(opened: Callable[[str], Encoder], family: str) -> None:
    encoder = opened(family)
    texts = ["a dog", "red shoes in the snow", "what a day, 1984", "zzz"]
    queries = encoder.encode([Text(text) for text in texts], role="query")
    scores = queries @ encoder.encode(texts).T
    others = scores[~np.eye(4, dtype=bool)]
    assert scores.diagonal().mean() > others.mean()
    one = encoder.encode(["a dog"], "image")  # for pictures; models of the hub do not care
    assert one @ queries[0] == pytest.approx(1, abs=1e-3)


def test_texts_are_as_the_library_alone_gives_them(
    opened: Callable[[str], Encoder], family: str
) -> None:
    encoder = opened(family)
    for role in ("query", "document"):
        ask = getattr(own(encoder), f"encode_{role}")
        expected = ask(["a red bicycle"], normalize_embeddings=True)[0]
        found = encoder.encode(["a red bicycle"], role=role)[0]
        assert found @ expected == pytest.approx(1, abs=1e-5)


def test_siglip_reads_texts_filled_up_as_it_was_trained(
    opened: Callable[[str], Encoder],
) -> None:
    torch = hub_models.torch
    encoder = opened("siglip")
    module = own(encoder)[0]
    filled = module.processor(
        text=["a dog"], padding="max_length", max_length=16, return_tensors="pt"
    )
    with torch.no_grad():
        expected = module.model.get_text_features(**filled).pooler_output[0].numpy()
    found = encoder.encode(["a dog"])[0]
    assert found @ (expected / np.linalg.norm(expected)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("family", ["clip", "siglip", "routed", "gemma"])
def test_pictures_are_as_the_library_alone_gives_them(
    opened: Callable[[str], Encoder], family: str
) -> None:
    from PIL import Image as Picture

    encoder = opened(family)
    inputs = [Picture.fromarray(picture(3))]
    expected = own(encoder).encode_document(inputs, normalize_embeddings=True)[0]
    assert encoder.encode([Image(picture(3))])[0] @ expected == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("family", ["clip", "gemma"])
def test_pictures_of_any_shape_are_seen(opened: Callable[[str], Encoder], family: str) -> None:
    shapes = [(1, 1), (3, 40), (40, 3), (1, 500), (10, 20_000), (20_000, 10)]
    found = opened(family).encode([Image(picture(4, *shape)) for shape in shapes])
    assert np.isfinite(found).all()


@pytest.mark.parametrize("family", ["clap", "routed", "gemma"])
def test_a_long_sound_is_the_mean_of_its_windows(
    opened: Callable[[str], Encoder], family: str
) -> None:
    encoder = opened(family)
    rate = 16_000
    low, high = (np.sin(np.arange(2 * rate) * pitch).astype(np.float32) for pitch in (0.02, 0.3))
    windows = encoder.encode([Audio((low, rate)), Audio((high, rate))])
    whole = encoder.encode([Audio((np.concatenate([low, high]), rate))])[0]
    mean = windows.sum(axis=0)
    assert whole @ (mean / np.linalg.norm(mean)) == pytest.approx(1, abs=1e-4)


def test_prompts_are_the_models_own_or_what_is_chosen(
    opened: Callable[[str], Encoder], tmp_path: Path
) -> None:
    encoder = opened("plain")
    found = encoder.encode(["dog"])[0], encoder.encode(["dog"], role="query")[0]
    raw = own(encoder).encode(["passage: dog", "query: dog"], normalize_embeddings=True)
    assert [one @ other for one, other in zip(found, raw, strict=True)] == pytest.approx([1, 1])
    chosen = Settings(query_prompt="find: ", document_prompt="")
    other = Encoder(hub.open(encoder.name, settings=chosen))
    bare = own(encoder).encode(["dog"], normalize_embeddings=True)[0]
    assert other.encode(["dog"])[0] @ bare == pytest.approx(1)
    assert other.space.fingerprint != encoder.space.fingerprint


def test_a_text_that_looks_like_an_address_stays_a_text(
    opened: Callable[[str], Encoder], tmp_path: Path
) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(b"no picture")
    places = [str(file), "http://127.0.0.1:9/x.png", "data:image/png,x"]
    assert opened("plain").encode(places).shape == (3, 32)
    found = opened("clip").encode_each(places)
    if hub_models.VERSION < (6,):
        assert all(isinstance(one, EncodingError) for one in found)
    else:
        assert all(isinstance(one, np.ndarray) for one in found)


def test_bad_parts_disturb_no_other(opened: Callable[[str], Encoder], tmp_path: Path) -> None:
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
    opened: Callable[[str], Encoder],
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
    opened: Callable[[str], Encoder],
) -> None:
    clip = opened("clip")
    parts = (Text("in the snow"), Image(picture(6)))
    assert not clip.model.joins(parts)
    total = clip.encode(list(parts)).sum(axis=0)
    found = clip.encode([Row(*parts)])[0]
    assert found @ (total / np.linalg.norm(total)) == pytest.approx(1, abs=1e-5)


def test_gemma_reads_several_parts_together(opened: Callable[[str], Encoder]) -> None:
    encoder = opened("gemma")
    first, second = Image(picture(7)), Image(picture(8))
    film = Video([picture(seed) for seed in range(20)])
    rows: Sequence[tuple[Part, ...]] = [
        (Text("in the snow"), first),
        (film, Audio((wave(1, 0.05), 44_100)), Text("watch")),
        (first, second),
        (second, first),
    ][: 4 if hub_models.VERSION >= (6,) else 2]
    assert all(encoder.model.joins(row) for row in rows)
    found = encoder.encode([Row(*row) for row in rows])
    assert np.isfinite(found).all()
    assert not np.array_equal(found[2:3], found[3:4])  # their order is read
    total = encoder.encode(list(rows[0])).sum(axis=0)
    assert found[0] @ (total / np.linalg.norm(total)) < 0.9999  # no mere sum


def test_films_keep_their_order(opened: Callable[[str], Encoder]) -> None:
    frames = [picture(seed) for seed in range(16)]
    forth, back = opened("gemma").encode([Video(frames), Video(frames[::-1])])
    assert forth @ back < 0.999_999
    empty = opened("gemma").encode_each([Video([])])[0]
    assert isinstance(empty, PartError)


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


def test_long_texts_are_cut_into_passages_that_fit(opened: Callable[[str], Encoder]) -> None:
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


def test_bf16_is_the_same_space_and_nearly_the_same_vectors(
    opened: Callable[[str], Encoder], family: str
) -> None:
    encoder = opened(family)
    other = Encoder(hub.open(encoder.name, settings=Settings(precision="bf16", batch=2)))
    parts = [part for part in items() if part.modality in encoder.modalities]
    assert (encoder.encode(parts) * other.encode(parts)).sum(axis=1).min() > 0.98
    assert other.space == encoder.space


@pytest.mark.gpu
def test_cuda_gives_what_the_cpu_gives(opened: Callable[[str], Encoder], family: str) -> None:
    if not hub_models.torch.cuda.is_available():
        pytest.skip("no CUDA device")
    encoder = opened(family)
    settings = Settings(device="cuda", precision="fp32")
    other = Encoder(hub.open(encoder.name, settings=settings))
    parts = [part for part in items() if part.modality in encoder.modalities]
    assert (encoder.encode(parts) * other.encode(parts)).sum(axis=1).min() > 0.999


def test_a_fork_is_told_to_load_again(opened: Callable[[str], Encoder]) -> None:
    model = opened("plain").model
    assert isinstance(model, hub.HubModel)
    model._runtime._process += 1
    try:
        with pytest.raises(RuntimeError, match="load it again in this process"):
            model.embed([Row("dog")], Asked())
    finally:
        model._runtime._process -= 1


def test_large_inputs_are_read_in_turns(
    opened: Callable[[str], Encoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = opened("clap")
    sounds = [Audio((wave(3, pitch / 50), 44_100)) for pitch in range(1, 8)]
    expected = encoder.encode(sounds)
    monkeypatch.setattr("omnisearch.encoder.hub.model._HELD_BYTES", 500_000)
    assert np.allclose(encoder.encode(sounds), expected, atol=1e-5)


def test_a_model_itself_refuses_what_it_does_not_read(opened: Callable[[str], Encoder]) -> None:
    rows = [Row(Image(picture(11))), Row("dog"), Row(Audio((wave(1, 0.1), 44_100)))]
    found = opened("plain").model.embed(rows, Asked())
    assert [type(one) for one in found] == [PartError, np.ndarray, PartError]
