"""Transcripts, how words sound, and clips asked for by what is said in them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from omnisearch.training.exam import listening, phonetics, speech, spoken, transcripts, words
from omnisearch.training.exam.reader import Encoder
from omnisearch.training.exam.spoken import Spoken, Way
from omnisearch.training.exam.transcripts import Heard, Transcripts, Writer
from omnisearch.training.lab import Lab, Options
from omnisearch.training.towers import frozen
from omnisearch.training.towers.audio import clip

TINY = Options(tiny=True, variant="a")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("knight", "nite"),
        ("koala", "Kualah."),
        ("nationwide", "nation wide"),
        ("3 eggs at 21 o'clock", "three eggs at twenty-one oclock"),
        ("quay phone", "kway fone"),
    ],
)
def test_what_sounds_the_same_has_the_same_sounds(one: str, other: str) -> None:
    assert phonetics.sounds(one).replace(" ", "") == phonetics.sounds(other).replace(" ", "")


def test_mishearings_are_nearer_than_other_words_and_silence_is_near_to_nothing() -> None:
    names = ["follower", "gorilla", "city man", "sheep"]
    heard = ["Fot lawyer", "Go Rilla", "Shiti Man", "", "the format"]
    found = phonetics.alike(names, heard)
    assert found.argmax(1)[:3].tolist() == [0, 1, 2]
    assert (found[:, 3] == 0).all()
    assert found.min() >= 0 and found.max() <= 1.0001


@pytest.mark.parametrize(
    ("text", "silence", "surety", "said"),
    [
        ("Bluegrass. Bluegrass, bluegrass", 0.1, -0.1, "Bluegrass"),
        ("(birds chirping)", 0.1, -0.1, ""),
        ("[BLANK_AUDIO] a cat", 0.1, -0.1, "a cat"),
        ("you", 0.9, -1.5, ""),
        ("you", 0.9, -0.5, "you"),
        ("two too", 0.1, -1.5, "two too"),
    ],
)
def test_nothing_is_said_where_whisper_makes_it_up(
    text: str, silence: float, surety: float, said: str
) -> None:
    assert Heard(text, silence, surety).spoken == said


def test_a_single_word_is_said_twice_and_a_sentence_once() -> None:
    tone = np.sin(np.arange(64_000) / 5).astype(np.float32)
    word, sentence = np.zeros_like(tone), np.zeros_like(tone)
    word[16_000:24_000] = tone[:8_000]
    sentence[8_000:48_000] = tone[:40_000]
    assert transcripts.loud(word) == (16_000, 24_000)
    twice, once = transcripts.repeated(word), transcripts.repeated(sentence)
    assert (twice[:64_000] == word).all() and (twice[72_000:] == word).all()
    assert (once[:64_000] == sentence).all() and not once[64_000:].any()
    assert len(once) == len(twice) == 136_000
    assert not transcripts.repeated(np.zeros_like(tone)).any()


def test_tokens_with_a_past_are_those_without_one(tiny_lab: Lab) -> None:
    writer = Writer(tiny_lab)
    waves = np.random.default_rng(0).normal(size=(3, 32_000)).astype(np.float32)
    sound = writer.states(waves)
    found, surety, _ = writer.greedy(sound)
    _, decoder = frozen.load_audio(tiny_lab)
    prompt, end = writer.settings["prompt"], writer.settings["end"]
    for row, tokens in enumerate(found):
        assert tokens
        ids, total = [*prompt], 0.0
        whole = tokens if len(tokens) == writer.settings["longest"] else [*tokens, end]
        for place, token in enumerate(whole):
            logits = decoder(torch.tensor([ids]), sound[row : row + 1])[0, -1, : end + 1]
            if not place:
                logits[writer.settings["never_first"]] = -torch.inf
            assert int(logits.argmax()) == token
            total += float(logits.log_softmax(0).max())
            ids.append(token)
        assert float(surety[row]) == pytest.approx(total / (len(tokens) + 1), abs=1e-3)


def test_a_clip_is_heard_once(tiny_lab: Lab, tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    shutil.copytree(frozen.folder(tiny_lab), frozen.folder(lab))
    random = np.random.default_rng(1)
    clips = [random.integers(-9000, 9000, 16_000).astype("<i2").tobytes() for _ in range(3)]
    first = Transcripts(lab).of([*clips, clips[0]])
    assert first[0] == first[3] and first[0].text
    again = Transcripts(lab)
    assert again.of(clips) == first[:3]
    assert "writer" not in vars(again)  # Whisper was not even read


def asked(titles: list[str], heard: list[str]) -> Spoken:
    """Questions of which the transcripts' vectors know the even ones, and sound the odd ones."""
    own = np.eye(len(titles), dtype=np.float32)
    even = np.arange(len(titles)) % 2 == 0
    written = np.where(even[:, None], own, -own)
    sound = np.where(even[:, None], -0.1 * own, 3 * own)
    alike = {depths: phonetics.alike(titles, heard, depths) for depths in ("l", "lsc")}
    return Spoken(titles, heard, own, sound, written, [b""] * len(titles), alike)


NAMES = ["follower", "gorilla", "city man", "koala", "commander", "apartment"]
HEARD = ["fot lawyer", "go rilla", "shiti man", "kualah", "comma and her", "a part meant"]


def test_the_way_that_finds_most_is_chosen_and_halves_are_crossed() -> None:
    some = asked(NAMES, HEARD)
    tried = [*spoken.ways()]
    assert spoken.choose(some, [Way(), Way(0.0, 1.0)]) == Way()  # a tie goes to the first
    best = spoken.choose(some, tried)
    assert best.sound > 0
    assert some.figures(some.scores(best))["r1"] == 100
    scores = spoken.crossed(some, [Way(), Way(0.0, 1.0)])
    # on even questions the transcript is best, so odd ones are asked by it, and the reverse
    assert (scores[1::2] == some.scores(Way())[1::2]).all()
    assert (scores[::2] == some.scores(Way(0.0, 1.0))[::2]).all()


def test_how_words_sound_helps_where_vectors_know_nothing() -> None:
    some = asked(NAMES, HEARD)
    blind = replace(some, sound=0 * some.sound, written=0 * some.written)
    found = spoken.table(blind, None, {"both": [*spoken.ways()], "heard": [*spoken.ways("lsc")]})
    assert found["both"]["r1"] == 0
    assert found["heard"]["r1"] > 80
    assert found["heard"]["r1_chance"] == pytest.approx(100 / 6, abs=0.01)
    assert found["transcripts"] == {"clips": 6, "empty": 0, "exact": 16.67}


def test_names_and_sentences_are_told_apart() -> None:
    assert speech.everyday("speech/sentence/00001", "my uncle taught me to swim")
    assert not speech.everyday("speech/quotation/00001", "my uncle taught me to swim")
    assert not speech.everyday("speech/name/00001", "commercial art")
    assert words.single("speech/name/00001", "commercial art")


def test_spoken_names_are_asked_for_in_every_way(shippable: Lab) -> None:
    reader = Encoder.load(shippable, TINY)
    held = spoken.load(shippable, reader, "train", words.single)
    assert held is not None and len(held.titles) >= 8
    found = spoken.table(held, None, words.TABLES)
    assert set(found) == {*words.TABLES, "transcripts"}
    for name in words.TABLES:
        assert found[name]["queries"] == found[name]["gallery"] == len(held.titles)
        assert "ranks" not in found[name] and found[name]["r1_chance"] > 0
    assert spoken.load(shippable, reader, "train", speech.everyday) is None


def test_a_second_look_reorders_the_nearest_and_leaves_others_behind() -> None:
    scores = np.array([[0.9, 0.8, 0.1], [0.2, 0.5, 0.6]], dtype=np.float32)
    told = np.array([[-20, -5, -np.inf], [-np.inf, -5, -30]], dtype=np.float32)
    found = listening.weighed(scores, told, 0.1)
    assert found.argsort(1).tolist() == [[2, 0, 1], [0, 2, 1]]
    assert listening.weighed(scores, told, 0.001).argmax(1).tolist() == [0, 2]


def test_the_question_is_heard_again_in_its_nearest_clips_only(tiny_lab: Lab) -> None:
    random = np.random.default_rng(3)
    clips = [random.integers(-9000, 9000, 32_000).astype("<i2").tobytes() for _ in NAMES]
    some = replace(asked(NAMES, HEARD), clips=clips)
    scores = random.normal(size=(6, 6)).astype(np.float32)
    writer = Writer(tiny_lab)
    told = listening.listen(writer, some, scores)
    assert np.isfinite(told).all() and (told < 0).all()
    _, decoder = frozen.load_audio(tiny_lab)
    ids = [*writer.settings["prompt"], *writer.tokens(" Koala."), writer.settings["end"]]
    sound = writer.states(clip(clips[4])[None])
    logits = decoder(torch.tensor([ids]), sound)[0].log_softmax(1)
    first = len(writer.settings["prompt"])
    alone = sum(float(logits[at - 1, ids[at]]) for at in range(first, len(ids)))
    assert told[3, 4] == pytest.approx(alone, abs=1e-3)
    found = listening.measure(tiny_lab, some, None, [Way()])
    assert found["queries"] == 6 and found["weight"] in listening.WEIGHTS
