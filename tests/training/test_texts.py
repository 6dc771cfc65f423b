import pytest

from omnisearch.training.data import descriptions, texts
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.licences import ALLOWED
from omnisearch.training.data.sections import first_words, manual, sections
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.wordnet import WordNet
from tests.training.shapes import made

PAGE = r""".TH FOO 3
.SH "NAME"
foo, foo_free \- make a \fBfoo\fR from parts
.SH "SYNOPSIS"
.nf
int foo(void);
.fi
.SH "DESCRIPTION"
.LP
\fBfoo()\fR makes a \s-1FOO\s0 \*(L"quickly\*(R"\&.
.SH "BUGS"
None.
"""
README = """
# thing

Thing
=====

It does what things do, and it does that rather well, all day long.

## How to install

```
pip install thing
```

Use [the installer](https://example.org) of your **system**, or build it from its source yourself.

## Empty
"""


def test_a_manual_page_gives_its_summary_and_beginning() -> None:
    page = manual(PAGE)
    assert page is not None
    assert page.summary == "make a foo from parts"
    assert page.text == "foo() makes a FOO quickly."


def test_pages_without_a_telling_summary_are_left_out() -> None:
    assert manual(".SH NAME\nfoo\n.SH SYNOPSIS\n") is None
    assert manual(".SH NAME\nfoo \\- old\n.SH SYNOPSIS\n") is None


def test_sections_are_running_text_without_code_and_links() -> None:
    found = dict(sections(README))
    assert found["Thing"].startswith("It does what things do")
    installing = found["How to install"]
    assert installing.startswith("Use the installer of your system") and "pip" not in installing
    assert "Empty" not in found


def test_long_texts_end_behind_a_sentence() -> None:
    text = "One sentence here. " * 60
    assert len(first_words(text)) <= 600 and first_words(text).endswith("here.")
    assert first_words("short") == "short"


def test_descriptions_are_read_out_of_a_listing() -> None:
    listing = (
        "Package: foo\nVersion: 1\nDescription-en: makes foo\n "
        + "It makes foo out of bar. " * 5
        + "\n .\n And more.\nTag: x\n\nPackage: bare\nDescription: x\n"
    )
    assert [(name, short) for name, short, _ in descriptions.descriptions(listing)] == [
        ("foo", "makes foo")
    ]


@pytest.fixture
def wordnet() -> WordNet:
    noun = (
        "00000001 03 n 01 animal 0 000 | a living thing  \n"
        "00000002 05 n 02 dog 0 domestic_dog 0 001 @ 00000001 n 0000 | a pet that barks  \n"
    )
    files = {f"data.{part}": "" for part in ("noun", "verb", "adj", "adv")}
    files |= {f"index.{part}": "" for part in ("noun", "verb", "adj", "adv")}
    files["data.noun"] = noun
    files["index.noun"] = "animal n 1 0 1 0 00000001\ndog n 1 1 @ 1 0 00000002\n"
    files["index.noun"] += "domestic_dog n 1 1 @ 1 0 00000002\n"
    return WordNet({**files, "noun.exc": "", "cntlist.rev": ""})


def test_wordnet_gives_glosses_synonyms_and_what_is_above(wordnet: WordNet) -> None:
    rows = made(texts.wordnet(Concepts(wordnet, {}), 0))
    pairs = {(row["kind"], row["query"], row["passage"]) for row in rows}
    assert pairs == {
        ("gloss", "animal", "a living thing"),
        ("gloss", "dog, domestic dog", "a pet that barks"),
        ("synonym", "dog", "domestic dog"),
        ("hypernym", "dog", "a kind of animal"),
    }
    for row in rows:
        assert row["split"] == split_of(row["concept"]) and row["licence"] in ALLOWED
    assert {row["concept"] for row in rows} == {"animal", "dog"}


def test_descriptions_of_unknown_licence_only_test() -> None:
    listing = "Package: foo\nDescription: makes foo\n " + "It makes foo out of bar. " * 5 + "\n"
    row = made(descriptions.chosen(listing, 0))[0]
    assert (row["query"], row["split"]) == ("makes foo", "test")
    assert row["licence"] not in ALLOWED


def test_every_readme_comes_from_a_package_with_an_allowed_licence() -> None:
    wheels = descriptions.readme_packages()
    assert len(wheels) >= 25
    assert all(wheel.licence in ALLOWED and wheel.role == "data" for wheel in wheels)
