"""Tokens are counted from above: what other vocabularies cut otherwise counts by its bytes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import omnisearch as om
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("the dog", 2),
        ("the dog\nthe dog\n", 6),
        ("naïve", 1 + 2),
        ("👍", 1 + 4),
        ("\u200b" * 100, 300),
        ("THE DOG", 2 + 3),
        ("x" * 1000, 1 + 1000),
        ("\ud800", 3),
    ],
)
def test_omni_mini_counts(col: om.Collection, text: str, tokens: int) -> None:
    assert col.encoder.tokens(text) == tokens


class Silent:
    """A model that does not tell its tokens."""

    name, modalities, dim, dims = "silent", ("text",), 2, (2,)
    space = Space("silent", "0", 2)

    def joins(self, parts: Sequence[object]) -> bool:
        return False

    def passages(self, text: str) -> list[tuple[int, int]]:
        return []

    def known(self) -> dict[str, object]:
        return {}

    def embed(self, rows: Sequence[object], asked: Asked) -> list[object]:
        return []


def test_without_a_vocabulary_all_bytes_count() -> None:
    assert Encoder(Silent()).tokens("naïve dog") == 10  # type: ignore[arg-type]
