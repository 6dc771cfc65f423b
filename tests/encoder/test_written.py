"""What is believed of what a decoder of speech wrote."""

from __future__ import annotations

import pytest

from omnisearch.encoder.written import Written, circle, once


@pytest.mark.parametrize(
    ("text", "silence", "surety", "words"),
    [
        ("The train leaves at seven.", 0.05, -0.3, "The train leaves at seven."),
        ("(birds chirping)", 0.1, -0.1, ""),
        ("[BLANK_AUDIO]", 0.2, -0.4, ""),
        ("[Music] good evening (laughs)", 0.1, -0.3, "good evening"),
        ("(upbeat music", 0.3, -0.5, ""),
        ("♪ la la la ♪", 0.3, -0.5, ""),
        ("*sighs* yes", 0.3, -0.5, "yes"),
        (". . . .", 0.1, -0.1, ""),
        ('"', 0.5, -2.1, ""),
        ("", 0.0, 0.0, ""),
        ("you", 0.99, -0.7, ""),
        ("you", 0.7, -1.0, ""),
        ("you", 0.7, -0.3, "you"),
        ("two too", 0.1, -1.4, "two too"),
        ("far more famously", 0.1, -2.0, ""),
        ("42", 0.1, -0.2, "42"),
        ("добро", 0.1, -0.2, "добро"),
    ],
)
def test_words_are_believed_where_they_are_likely(
    text: str, silence: float, surety: float, words: str
) -> None:
    assert Written(text, silence, surety).words() == words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("very very good", "very very good"),
        ("he said that that was it", "he said that that was it"),
        ("I'm not sure of it. I'm not sure of it. Come on", "I'm not sure of it. Come on"),
        ("a b c d e. A b c d e. a b c d e", "a b c d e"),
        ("one two three, one two three", "one two three, one two three"),
    ],
)
def test_what_is_said_twice_is_told_once(text: str, told: str) -> None:
    assert once(text) == told


def test_a_long_text_that_repeats_nothing_is_quickly_seen_to() -> None:
    text = " ".join(f"word{number}" for number in range(400))
    assert once(text) == text


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        ([1, 2, 3], None),
        ([7] * 11, None),
        ([5, 7, *[8] * 12], 3),
        ([9, *[1, 2, 3, 4] * 3], 5),
        ([9, *[1, 2, 3] * 3], None),
        ([*range(10), *range(10)], None),
        ([0, *[*range(1, 16)] * 3], 16),
    ],
)
def test_circles_are_cut_to_one_round(tokens: list[int], kept: int | None) -> None:
    assert circle(tokens, 12) == kept


def test_too_few_words_or_the_same_again_ask_for_another_look() -> None:
    sentence = "the ship reached the island shortly before midnight"
    assert not Written(sentence, 0.1, -0.3).loses(4.0)
    assert Written(sentence, 0.1, -0.3).loses(9.0)
    assert Written(f"{sentence}. {sentence}.", 0.1, -0.3).loses(5.0)
    assert Written(sentence, 0.1, -0.3, circled=True).loses(4.0)
    assert not Written("[Music]", 0.1, -0.3).loses(9.0)
    assert not Written("you", 0.95, -0.3).loses(9.0)
