"""One tiny model of each family that ships in transformers, as ingest and queries use it."""

from __future__ import annotations

import numpy as np
import pytest

from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.parts import Audio, Image, Text, Video
from omnisearch.errors import PartError

pytest.importorskip("sentence_transformers", "5.4")
from omnisearch.encoder.hub import model as hub
from omnisearch.encoder.hub.settings import Settings
from tests.encoder import hub_models
from tests.encoder.hub_shelf import MADE, Shelf, items, own, picture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("hub"))


@pytest.fixture(params=MADE)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_ingest_gets_a_vector_for_what_the_model_reads_and_an_error_for_the_rest(
    opened: Shelf, family: str
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


def test_alone_and_in_a_batch_is_the_same(opened: Shelf, family: str) -> None:
    encoder = opened(family)
    parts = [part for part in items() if part.modality in encoder.modalities]
    together = encoder.encode(parts)
    alone = np.concatenate([encoder.encode([part]) for part in parts])
    assert (together * alone).sum(axis=1).min() > 0.999
    assert np.array_equal(encoder.encode(parts), together)


def test_a_query_finds_its_own_text(opened: Shelf, family: str) -> None:
    encoder = opened(family)
    texts = ["a dog", "red shoes in the snow", "what a day, 1984", "zzz"]
    queries = encoder.encode([Text(text) for text in texts], role="query")
    scores = queries @ encoder.encode(texts).T
    others = scores[~np.eye(4, dtype=bool)]
    assert scores.diagonal().mean() > others.mean()
    one = encoder.encode(["a dog"], "image")  # for pictures; models of the hub do not care
    assert one @ queries[0] == pytest.approx(1, abs=1e-3)


def test_texts_are_as_the_library_alone_gives_them(opened: Shelf, family: str) -> None:
    encoder = opened(family)
    for role in ("query", "document"):
        ask = getattr(own(encoder), f"encode_{role}")
        expected = ask(["a red bicycle"], normalize_embeddings=True)[0]
        found = encoder.encode(["a red bicycle"], role=role)[0]
        assert found @ expected == pytest.approx(1, abs=1e-5)


def test_siglip_reads_texts_filled_up_as_it_was_trained(
    opened: Shelf,
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
def test_pictures_are_as_the_library_alone_gives_them(opened: Shelf, family: str) -> None:
    from PIL import Image as Picture

    encoder = opened(family)
    inputs = [Picture.fromarray(picture(3))]
    expected = own(encoder).encode_document(inputs, normalize_embeddings=True)[0]
    assert encoder.encode([Image(picture(3))])[0] @ expected == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("family", ["clip", "gemma"])
def test_pictures_of_any_shape_are_seen(opened: Shelf, family: str) -> None:
    shapes = [(1, 1), (3, 40), (40, 3), (1, 500), (10, 20_000), (20_000, 10)]
    found = opened(family).encode([Image(picture(4, *shape)) for shape in shapes])
    assert np.isfinite(found).all()


@pytest.mark.parametrize("family", ["clap", "routed", "gemma"])
def test_a_long_sound_is_the_mean_of_its_windows(opened: Shelf, family: str) -> None:
    encoder = opened(family)
    rate = 16_000
    low, high = (np.sin(np.arange(2 * rate) * pitch).astype(np.float32) for pitch in (0.02, 0.3))
    windows = encoder.encode([Audio((low, rate)), Audio((high, rate))])
    whole = encoder.encode([Audio((np.concatenate([low, high]), rate))])[0]
    mean = windows.sum(axis=0)
    assert whole @ (mean / np.linalg.norm(mean)) == pytest.approx(1, abs=1e-4)


def test_films_keep_their_order(opened: Shelf) -> None:
    frames = [picture(seed) for seed in range(16)]
    forth, back = opened("gemma").encode([Video(frames), Video(frames[::-1])])
    assert forth @ back < 0.999_999
    empty = opened("gemma").encode_each([Video([])])[0]
    assert isinstance(empty, PartError)


def test_bf16_is_the_same_space_and_nearly_the_same_vectors(opened: Shelf, family: str) -> None:
    encoder = opened(family)
    other = Encoder(hub.open(encoder.name, settings=Settings(precision="bf16", batch=2)))
    parts = [part for part in items() if part.modality in encoder.modalities]
    assert (encoder.encode(parts) * other.encode(parts)).sum(axis=1).min() > 0.98
    assert other.space == encoder.space


@pytest.mark.gpu
def test_cuda_gives_what_the_cpu_gives(opened: Shelf, family: str) -> None:
    if not hub_models.torch.cuda.is_available():
        pytest.skip("no CUDA device")
    encoder = opened(family)
    settings = Settings(device="cuda", precision="fp32")
    other = Encoder(hub.open(encoder.name, settings=settings))
    parts = [part for part in items() if part.modality in encoder.modalities]
    assert (encoder.encode(parts) * other.encode(parts)).sum(axis=1).min() > 0.999
