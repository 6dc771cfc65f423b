"""Options of which a second would replace the first: it is refused, in every command."""

import pytest

from tests.cli.place import Place


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("query", "a", "--where", "n = 1", "--where", "n = 2"),
            "--where has 'n = 1' and 'n = 2': write one condition, with and or or between them",
        ),
        (("query", "a", "--after", "2020", "--after", "2021"), "--after has '2020' and '2021': "),
        (("query", "a", "--before", "2020", "--before", "2021"), "--before has '2020' and "),
        (("query", "--vector", "a.npy", "--vector", "b.npy"), "--vector has 'a.npy' and 'b.npy': "),
        (("query", "--vector", "a.npy", "--row", "1", "--row", "2"), "--row has 1 and 2: "),
        (("query", "--batch", "a", "--batch", "b", "--batch", "c"), "has 'a' and 'b' and 'c': "),
        (("query", "--image", "a", "--box", "0,0,1,1", "--box", "1"), "--box has '0,0,1,1' and "),
        (("query", "--audio", "a", "--from", "1", "--from", "2"), "--from has '1' and '2': "),
        (("query", "--audio", "a", "--to", "1", "--to", "2"), "--to has '1' and '2': "),
        (("query", "--document", "a", "--page", "1", "--page", "2"), "--page has 1 and 2: "),
        (
            ("query", "a", "--policy", "a", "--policy", "b"),
            "--policy has 'a' and 'b': give it once",
        ),
        (("context", "a", "--policy", "a", "--policy", "b"), "--policy has 'a' and 'b': "),
        (("topics", "--where", "n = 1", "--where", "n = 2"), "--where has 'n = 1' and 'n = 2': "),
        (("export", "out", "--where", "n = 1", "--where", "n = 2"), "--where has 'n = 1' and "),
        (("delete", "--where", "n = 1", "--where", "n = 2", "--yes"), "--where has 'n = 1' and "),
    ],
    ids=lambda value: "-".join(value[:4]) if isinstance(value, tuple) else "",
)
def test_a_second_is_refused(imported: Place, flags: tuple[str, ...], message: str) -> None:
    done = imported.run(*flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_one_is_read_as_before(imported: Place) -> None:
    done = imported.run("query", "--vector", "query.npy", "--row", "0", "--where", "n = = 1")
    assert done.returncode == 2
    *_, condition, caret = done.stderr.splitlines()
    assert condition[caret.index("^") :].startswith("= 1")


@pytest.mark.parametrize(
    ("flags", "stdin", "message"),
    [
        (("--row", "3", "words"), "", "--row 3 is of a file of vectors: give it with --vector"),
        (("--vector", "-", "--row", "1"), "[1, 2]", "stdin has no row 1: it holds one vector"),
    ],
    ids=("words", "stdin"),
)
def test_a_row_of_no_file_is_refused(
    imported: Place, flags: tuple[str, ...], stdin: str, message: str
) -> None:
    done = imported.run("query", *flags, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
