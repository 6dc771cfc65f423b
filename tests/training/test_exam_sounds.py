"""Sounds and folds: what is asked, what is held out, and what is found."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from omnisearch.evaluation import retrieval
from omnisearch.training import measures, stored
from omnisearch.training.data import packages
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.exam import folds, recordings, sounds, tagging, tags
from omnisearch.training.exam.reader import Encoder
from omnisearch.training.exam.transcripts import Writer
from omnisearch.training.lab import Lab, Options
from omnisearch.training.towers import frozen
from tests.training.conftest import carried_on

TINY = Options(tiny=True, variant="a")


def test_average_precision_by_chance_is_that_of_shuffled_candidates() -> None:
    relevant = np.zeros((400, 30), dtype=np.bool_)
    relevant[:200, :1] = True
    relevant[200:, :7] = True
    random = np.random.default_rng(0).normal(size=(400, 30))
    drawn = retrieval.average_precision(random, np.eye(30), relevant)
    assert retrieval.chance_ap(relevant) == pytest.approx(drawn.mean(), abs=0.02)
    assert retrieval.chance_ap(np.ones((2, 5), dtype=np.bool_)) == pytest.approx(1.0)


def test_precision_is_told_in_percent_with_its_error() -> None:
    own = np.eye(2, dtype=np.float32)
    found = measures.of_precision(own, own, np.array([[True, False], [True, False]]))
    assert (found["map"], found["map_error"], found["map_chance"]) == (75.0, 25.0, 75.0)
    assert (found["queries"], found["gallery"]) == (2, 2)


def test_names_that_were_held_out_are_asked_among_clips_that_were_not(shippable: Lab) -> None:
    clips = sounds.Clips.load(shippable, "validation")
    names, concepts = clips.named(clips.held)
    assert names and len(set(concepts)) == len(concepts)
    trained = {clips.concepts[row] for row in range(len(clips.concepts))} - set(concepts)
    assert len(trained) > 10
    assert {clips.concepts[row] for row in clips.held} == {*concepts}
    reader = Encoder.load(shippable, TINY)
    found = sounds.measure(shippable, reader, "validation")
    whole = found["all, names"]
    assert whole["gallery"] == len(clips.concepts) and whole["queries"] == len(names)
    assert whole["map"] > whole["map_chance"] / 2 and 0 < whole["r10_chance"] < 100
    assert set(found) >= {"all, names", "all, captions"}


@pytest.fixture(scope="module")
def whole(tiny_lab: Lab) -> folds.Sounds:
    return folds.Sounds(tiny_lab)


def test_each_concept_is_held_out_once_and_never_trained_on_then(whole: folds.Sounds) -> None:
    parts = folds.held(whole, 3)
    concepts, kinds = np.array(whole.columns["concept"]), np.array(whole.columns["kind"])
    folded = np.isin(kinds, sounds.KINDS)
    times = np.sum([parts[str(number)] for number in range(3)], axis=0)
    assert (times[folded] == 1).all()
    for number in range(3):
        out = parts[str(number)]
        taught = whole.taught(out)
        assert not set(concepts[taught]) & set(concepts[out])
        assert {*whole.splits[taught[kinds[taught] == "speech"]]} <= {"train"}


def test_a_mixture_is_held_out_with_its_sounds(whole: folds.Sounds) -> None:
    one = next(iter(folds.folds(whole, 2)))
    whole.columns["concept"].append(f"other+{one}")
    try:
        parts = folds.held(whole, 2)
    finally:
        whole.columns["concept"].pop()
    assert parts[str(folds.folds(whole, 2)[one])][-1]


def test_a_tenth_of_the_renders_is_held_out_and_the_kind_still_taught(whole: folds.Sounds) -> None:
    out = folds.renders(whole)
    concepts = np.array(whole.columns["concept"])
    assert 0 < out.sum() < len(out) / 5
    assert set(concepts[out]) <= set(concepts[whole.taught(out)])


def test_folds_are_measured_by_every_recipe_and_go_on(tiny_lab: Lab, tmp_path: Path) -> None:
    lab = carried_on(tiny_lab, tmp_path, "folds")
    found = stored.figures(lab, "folds")
    assert set(found) == set(folds.RECIPES)
    kinds = found["one"]["unheard kinds"]
    assert set(kinds) == set(sounds.KINDS)
    assert kinds["instrument"]["queries"] == 9 and kinds["instrument"]["gallery"] == 54
    heard = found["one"]["unheard renders"]["instrument"]
    assert heard["map"] > 2 * heard["map_chance"]
    least = found["baseline"]["unheard renders"]["instrument"]
    assert least["map_gained"] == least["map_gained_error"] == 0 <= heard["map_gained_error"]
    assert heard["map_gained"] == pytest.approx(heard["map"] - least["map"], abs=0.011)
    kept = sorted((lab.figures / "folds").iterdir())
    assert len(kept) == 3 * len(folds.RECIPES) and not (lab.models / "folds").exists()
    kept[0].unlink()
    before = kept[1].stat().st_mtime_ns
    assert folds.run(lab, Options(tiny=True)) == found
    assert kept[0].exists() and kept[1].stat().st_mtime_ns == before


def test_tags_that_are_read_together_are_as_likely_as_each_alone(tiny_lab: Lab) -> None:
    names = ["bark", "loud bark", "rain"]
    words = ["(", ")", "bark", "loud", "rain", "[UNK]"]
    vocabulary = {word: number + 5 for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    writer = Writer(tiny_lab)
    writer.tokenizer = tokenizer
    tagger = tagging.Tagger(writer, names)
    waves = (np.random.default_rng(0).normal(size=(2, 64_000)) / 9).astype(np.float32)
    scores, states = tagger.of(waves)
    _, decoder = frozen.load_audio(tiny_lab)
    sound = writer.states(waves)
    assert states.shape == (2, 2 * decoder.sizes.width)
    for clip, (number, name) in product(range(2), enumerate(names)):
        ids = [*writer.settings["prompt"], *tokenizer.encode(f" ({name})").ids]
        logits = decoder(torch.tensor([ids]), sound[clip : clip + 1])[0].log_softmax(1)
        first = len(writer.settings["prompt"])
        alone = sum(float(logits[at, ids[at + 1]]) for at in range(first, len(ids) - 1))
        assert scores[clip, number] + tagger.prior[number] == pytest.approx(alone, abs=1e-3)


def test_recordings_are_named_by_their_files_and_descriptions() -> None:
    assert recordings.named("sounds/wolf-growl-12.ogg") == "wolf growl"
    assert recordings.named("sounds/magic-missile-1-miss.ogg") == "magic missile miss"
    assert recordings.described("A duck.\nach.utf8=Atudi.\n") == "A duck"
    for package in (recordings.STAMPS, recordings.GAME):
        assert package.role == "test"
        with pytest.raises(KeyError):  # so that no corpus is ever built from it
            packages.find(package.kind, package.name)


def clips_of(names: list[str], codes: np.ndarray, seed: int) -> tags.Clips:
    """Clips whose features are noise, and whose tags tell what they are."""
    noise = np.random.default_rng(seed).normal(size=(len(names), 24)).astype(np.float32)
    return tags.Clips(noise, codes.astype(np.float32), names)


def test_tags_that_tell_what_a_clip_is_are_found_to_help(
    tiny_lab: Lab, whole: folds.Sounds, tmp_path: Path
) -> None:
    rows = tags.some(whole, "train", {"instrument": 6, "procedural": 8})
    names = [whole.columns["title"][row] for row in rows]
    own = np.eye(len({*names}))[np.unique(names, return_inverse=True)[1]]
    read = np.concatenate([own, np.zeros_like(own)], axis=1)
    asked = {one: clips_of(names, read, 2) for one in ("validation", "recordings")}
    minilm = Omni(frozen.load_backbone(tiny_lab), {}, frozen.Words.load(tiny_lab))
    found = tags.compare(
        Lab(tmp_path),
        Options(tiny=True),
        folds.Part(whole, rows, False),
        clips_of(names, read, 1),
        asked,
        (minilm, sorted({*names})),
    )
    assert found["chosen"] != "plain" and found["ships"] and found["gain"] > 3
    arms = found["recordings"]
    assert arms["plain"]["gain"]["r10"] == 0
    assert abs(arms["states"]["gain"]["r10"]) < arms["tags"]["gain"]["r10"]
    assert arms["tags"]["queries"] == len({*names}) and arms["tags"]["seeds"] == tags.SEEDS
