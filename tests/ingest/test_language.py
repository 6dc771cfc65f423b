import json
import re
from pathlib import Path

import pytest

from omnisearch.ingest.language import is_english

ROOT = Path(__file__).parents[2]

FOREIGN: dict[str, str] = json.loads(Path(__file__).with_name("foreign.json").read_text("utf-8"))
ENGLISH = (
    "All human beings are born free and equal in dignity and rights. They are endowed with reason.",
    "Let the dough rest for half an hour, then roll it out and cover it with the apples.",
    "The crème brûlée at the café was served by a maître d' from São Paulo, and it was good.",
    "Meeting notes: budget approved, hiring on hold until May, next review with the board in June.",
    "He said die Welt was the newspaper that he had read in Berlin, and that he liked it.",
)


@pytest.mark.parametrize("name", FOREIGN)
def test_other_languages_are_told(name: str) -> None:
    assert is_english(FOREIGN[name]) is False


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_told(text: str) -> None:
    assert is_english(text) is True


def test_no_paragraph_of_documentation_is_taken_for_another_language() -> None:
    text = "\n\n".join((ROOT / name).read_text("utf-8") for name in ("README.md", "FORMAT.md"))
    prose = [one for one in re.sub(r"```.*?```", "", text, flags=re.DOTALL).split("\n\n") if one]
    assert len(prose) > 40
    assert [one for one in prose if is_english(one) is False] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shoe-7, 12.5",
        "x = 3",
        "Ada Lovelace",
        "alpha beta gamma delta epsilon " * 9,
        "| a | b | o |\n" * 20,
    ],
)
def test_what_is_no_prose_is_not_judged(text: str) -> None:
    assert is_english(text) is None
