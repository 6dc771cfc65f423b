"""omni-mini as it ships, beside the laboratory's own reader of the same files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest

from omnisearch.encoder import canaries
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.model import ModelFiles
from omnisearch.encoder.parts import Audio, Document, Image, Part, Row, Text, Video
from omnisearch.encoder.picture import evenly
from omnisearch.errors import MediaError, OmnisearchError, PartError, SpaceMismatchError
from omnisearch.media import document, image
from omnisearch.training.export.exported import Exported
from tests.encoder.conftest import SHIPPED_FOLDER
from tests.encoder.spoken import spoken

Floats = npt.NDArray[np.float32]
NEAR = 1 - 1e-3
TEXTS = ["rain", "a red bicycle leans against a wall", "Repairing the engine of an old car. " * 30]


@pytest.fixture(scope="module")
def reference() -> Exported:
    assert SHIPPED_FOLDER is not None
    return Exported(SHIPPED_FOLDER)


def drawn(seed: int, size: tuple[int, int] = (300, 200)) -> PIL.Image.Image:
    """A disc of one colour on another."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: size[1], : size[0]]
    disc = (x - size[0] // 2) ** 2 + (y - size[1] // 2) ** 2 < (min(size) // 3) ** 2
    colours = random.integers(0, 256, (2, 3), np.uint8)
    return PIL.Image.fromarray(np.where(disc[:, :, None], colours[0], colours[1]))


def as_png(picture: PIL.Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def tone(hertz: float, seconds: float = 4.0) -> Floats:
    times = np.arange(int(16_000 * seconds)) / 16_000
    return (0.3 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def cosines(found: Floats, wanted: Floats) -> Any:
    return np.einsum("nd,nd->n", found, wanted).tolist()


def test_texts_are_those_of_the_reference(mini: Encoder, reference: Exported) -> None:
    assert min(cosines(mini.encode(TEXTS), reference.texts(TEXTS))) > NEAR


def test_pictures_and_joint_rows_are_those_of_the_reference(
    mini: Encoder, reference: Exported
) -> None:
    pictures = [drawn(seed) for seed in range(3)]
    pixels = np.stack([image.square(np.asarray(one), mini_side(reference)) for one in pictures])
    seen = reference.pictures(pixels)
    alone = mini.encode([Image(as_png(one)) for one in pictures])
    assert min(cosines(alone, reference.media("image", seen))) > NEAR
    joint = mini.encode([Row(Image(one), "the same at night") for one in pictures])
    wanted = reference.media("composed", seen, ["the same at night"] * 3)
    assert min(cosines(joint, wanted)) > NEAR
    assert max(cosines(joint, alone)) < NEAR


def mini_side(reference: Exported) -> int:
    return int(reference.model["image"]["side"])


def test_films_are_frames_in_their_order(mini: Encoder, reference: Exported) -> None:
    frames = [np.asarray(drawn(seed)) for seed in range(5)]
    chosen = evenly(5, reference.model["video"]["frames"])
    assert chosen == [0, 0, 1, 2, 2, 3, 4, 4]
    pixels = np.stack([image.square(frames[at], mini_side(reference)) for at in chosen])
    forth, back = mini.encode([Video(frames), Video(frames[::-1])])
    assert forth @ back < 1 - 1e-4
    if "tokens" not in reference.model["video"]:
        seen = reference.pictures(pixels, range(1, len(chosen) + 1)).film()
        assert cosines(forth[None], reference.media("video", seen))[0] > NEAR


def test_the_sound_of_a_film_is_a_part_of_it(mini: Encoder) -> None:
    frames = [np.asarray(drawn(seed)) for seed in range(4)]
    low, high = (Audio((tone(hertz), 16_000)) for hertz in (90, 2_000))
    mute, *heard = mini.encode(
        [Video(frames), *(Video(frames, sound=a.source) for a in (low, high))]
    )
    sounds = mini.encode([low, high])
    for film, sound in zip(heard, sounds, strict=True):
        total = mute + np.float32(0.2) * sound
        assert film @ (total / np.linalg.norm(total)) > NEAR
    assert heard[0] @ heard[1] < NEAR
    short = mini.encode_each([Video(frames, sound=(tone(90)[:160], 16_000))])[0]
    assert isinstance(short, MediaError) and "at least 0.025 s" in str(short)


def test_sounds_are_those_of_the_reference(mini: Encoder, reference: Exported) -> None:
    waves = np.stack([tone(440), np.sign(tone(200)) * np.float32(0.2)])
    found = mini.encode([Audio((wave, 16_000)) for wave in waves])
    assert min(cosines(found, reference.media("audio", reference.sounds(waves)))) > NEAR


def test_a_long_sound_is_the_mean_of_its_windows(mini: Encoder) -> None:
    first, second = tone(440), np.sign(tone(90)) * np.float32(0.2)
    both = np.concatenate([first, second])
    long, *parts = mini.encode([Audio((wave, 16_000)) for wave in (both, first, second)])
    mean = parts[0] + parts[1]
    assert long @ (mean / np.linalg.norm(mean)) > NEAR
    alone = mini.encode([Audio((both, 16_000), from_s=4.0), Audio((both, 16_000), to_s=4.0)])
    assert min(cosines(alone, np.stack(parts[::-1]))) > NEAR


def test_a_page_is_read_with_its_words(mini: Encoder) -> None:
    page = canaries.inputs()["document"].parts[0]
    assert isinstance(page, Document)
    with_words, without = mini.encode([page, Document(page.source, words="")])
    assert with_words @ without < NEAR
    assert isinstance(page.source, bytes)
    found = document.page(page.source)
    (scanned,) = mini.encode([Document(found.image, words=found.words)])
    assert scanned @ with_words > NEAR
    asked = mini.encode(["repairing a bicycle", "the weather on Mars"])
    assert asked[0] @ with_words > asked[1] @ with_words + 0.1


def test_a_batch_gives_what_single_calls_give(mini: Encoder) -> None:
    rows: list[Part | Row | str] = [
        "rain",
        Image(drawn(1)),
        Audio((tone(300, 9.0), 16_000)),
        "a much longer text than the others, about " + "many things and " * 20,
        Row(Image(drawn(2)), "in blue"),
        Row("a low tone", Audio((tone(100), 16_000))),
        Video([drawn(seed) for seed in range(4)]),
        canaries.inputs()["document"],
        Image(drawn(3), box=(0, 0, 0.5, 1)),
    ]
    together = mini.encode(rows)
    alone = np.concatenate([mini.encode([row]) for row in rows])
    assert min(cosines(together, alone)) > NEAR
    assert np.array_equal(together, mini.encode(rows))
    back = mini.encode(rows[::-1])[::-1]
    assert min(cosines(together, back)) > NEAR


def test_words_of_a_joint_row_count_and_weighted_parts_are_added(mini: Encoder) -> None:
    picture = Image(drawn(1))
    alone, words = mini.encode([picture, "at night"])
    joint, weighted = mini.encode(
        [Row(picture, "at night"), Row(picture, Text("at night", weight=0.5))]
    )
    total = alone + 0.5 * words
    assert weighted @ total / np.linalg.norm(total) > NEAR
    assert joint @ weighted < 1 - 1e-3


def instructions() -> dict[str, str]:
    assert SHIPPED_FOLDER is not None
    found: dict[str, str] = ModelFiles(SHIPPED_FOLDER).model["instructions"]
    return found


def test_a_target_changes_texts_alone(mini: Encoder) -> None:
    picture = Image(drawn(1))
    plain = mini.encode(["a dog", picture])
    asked = mini.encode(["a dog", picture], "audio")
    assert asked[0] @ plain[0] < NEAR and asked[1] @ plain[1] > NEAR
    assert mini.encode([instructions()["audio"].format("a dog")])[0] @ asked[0] > NEAR
    assert np.array_equal(mini.encode(["a dog"])[0], mini.encode(["a dog"], role="query")[0])


def test_the_instructions_are_those_of_training() -> None:
    phases = pytest.importorskip("omnisearch.training.recovery.phases")  # which needs torch
    assert instructions() == dict(phases.WISHES)


@pytest.mark.parametrize(
    ("part", "kind", "said"),
    [
        (Text(""), PartError, "the text is empty"),
        (Text("🐕"), PartError, "only signs that the encoder does not know"),
        (Text("a\udc80"), PartError, "lone surrogate"),
        (Image("absent.png"), MediaError, "absent.png does not open"),
        (Image(b"no picture"), MediaError, "no picture that can be read"),
        (Image(3), PartError, "a picture is a path, bytes"),  # type: ignore[arg-type]
        (Audio((np.zeros(0, np.float32), 16_000)), MediaError, ""),
        (Audio((np.full(16_000, np.nan, np.float32), 16_000)), MediaError, ""),
        (Audio((np.zeros(16_000, np.float32), 4_000_000_000)), MediaError, ""),
        (Audio(b"no sound"), MediaError, ""),
        (Audio((np.zeros(3_700 * 1_000, np.float32), 1_000)), PartError, "in pieces, with from_s"),
        (Video([]), PartError, "the film has no frames"),
        (Video(b"no film"), MediaError, ""),
        (Document(b"no page"), MediaError, ""),
        (Document("absent.pdf"), MediaError, "absent.pdf"),
        (Row("words", Image(b"no picture")), MediaError, "no picture"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_one_bad_part_is_an_error_and_never_fails_the_others(
    mini: Encoder, part: Any, kind: type[OmnisearchError], said: str
) -> None:
    good = mini.encode(["rain"])[0]
    found = mini.encode_each(["rain", part, Image(drawn(1))])
    assert isinstance(found[1], kind), found[1]
    assert said in str(found[1]) and len(str(found[1])) < 400
    assert not isinstance(found[0], OmnisearchError) and found[0] @ good > NEAR
    assert not isinstance(found[2], OmnisearchError)
    with pytest.raises(PartError, match=r"^part 1: ") as raised:
        mini.encode(["rain", part])
    assert raised.value.place == 1


def test_odd_but_sound_parts_are_vectors(mini: Encoder) -> None:
    white = PIL.Image.new("RGB", (1, 1), "white")
    rows: list[Part | Row | str] = [
        Image(white),
        Image(PIL.Image.new("RGB", (20_000, 10), "red")),
        Audio((np.zeros(1_600, np.float32), 16_000)),
        Video([white]),
        "word " * 100_000,
        "ß" * 50,
    ]
    found = mini.encode_each(rows)
    assert [type(one) for one in found[:5]] == [np.ndarray] * 5
    lengths = [np.linalg.norm(one) for one in found if not isinstance(one, OmnisearchError)]
    np.testing.assert_allclose(lengths, 1, atol=1e-6)


def test_what_is_said_has_the_times_of_the_source(mini: Encoder) -> None:
    wave = np.concatenate([np.zeros(48_000, np.float32), *spoken(1, pause_s=1.0)])
    (whole,) = mini.transcribe(Audio((wave, 16_000)))
    (part,) = mini.transcribe(Audio((wave, 16_000), from_s=2.0))
    assert whole.text == part.text and len(whole.text.split()) > 3
    assert whole.start_s == pytest.approx(part.start_s, abs=0.2) and whole.start_s > 2.5
    assert whole.end_s == pytest.approx(part.end_s, abs=0.2) and 0 < whole.confidence <= 1


def test_files_and_bytes_and_pictures_are_the_same(mini: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    drawn(4).save(path)
    sources = (path, str(path), path.read_bytes(), drawn(4), np.asarray(drawn(4)))
    found = [mini.encode([Image(source)]) for source in sources]
    assert all(np.array_equal(found[0], one) for one in found)


def test_known_inputs_are_as_they_were(mini: Encoder) -> None:
    assert set(mini.model.known()) == {*mini.modalities, "composed"}
    mini.check()


def test_a_collection_may_have_known_inputs_too(mini: Encoder) -> None:
    kept = dict(mini.canaries())
    mini.check(kept)
    kept["audio"] = kept["text"]
    with pytest.raises(SpaceMismatchError, match=r"when this collection was made .*audio"):
        mini.check(kept)


def test_making_known_inputs_anew_gives_the_same(tmp_path: Path, mini: Encoder) -> None:
    assert SHIPPED_FOLDER is not None
    for file in SHIPPED_FOLDER.iterdir():
        if file.name not in ("files.json", "canaries.npz"):
            (tmp_path / file.name).symlink_to(file)
    made = canaries.make(tmp_path)
    again = Encoder.load(tmp_path)
    assert str(again.space) == str(mini.space)
    assert {name: one @ made[name] > NEAR for name, one in mini.model.known().items()} == (
        dict.fromkeys(made, True)
    )


def test_it_is_one_space_for_all_modalities(mini: Encoder) -> None:
    assert mini.dim == 384 and mini.name == "omni-mini"
    assert mini.modalities == ("text", "image", "audio", "video", "document")
    assert str(mini.space).split()[0] == "omni-mini" and str(mini.space).endswith(" 384")


@pytest.mark.parametrize("scale", [1e-9, 1e20, 1e300])
def test_weights_of_any_size_are_shares(mini: Encoder, scale: float) -> None:
    dog, cat = mini.encode(["a dog", "a cat"])
    found = mini.encode([Row(Text("a dog", weight=2 * scale), Text("a cat", weight=-scale))])[0]
    total = 2 * dog - cat
    assert found @ total / np.linalg.norm(total) > NEAR
