"""What the command line counts where long texts have means of their passages."""

import json

import pytest

from tests.cli.place import Place
from tests.ingest.folder import sentence, write_texts


@pytest.fixture
def place(place: Place) -> Place:
    folder = place.home / "files"
    write_texts(folder, 2)
    (folder / "long.md").write_text("\n\n".join(sentence(at) for at in range(400)))
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    return place


def told(place: Place, *words: str) -> dict[str, int]:
    done = place.run(*words, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


def segments(place: Place) -> int:
    return told(place, "status")["segments"]


def test_a_deleted_file_counts_its_segments(place: Place) -> None:
    before = segments(place)
    assert before > 4
    assert told(place, "delete", "files/long.md", "--yes") == {"deleted": before - 2, "files": 1}
    status = told(place, "status")
    assert (status["segments"], status["deleted"]) == (2, before - 2)


def test_a_filter_asks_for_as_many_as_go(place: Place) -> None:
    before = segments(place)
    where = ("--where", "file.name = 'long.md'")
    refused = place.run("delete", *where)
    assert f"{before - 2} of {before} rows pass" in refused.stderr
    assert told(place, "delete", *where, "--yes")["deleted"] == before - 2


def test_a_deleted_segment_is_one_row(place: Place) -> None:
    before = segments(place)
    found = place.run("query", sentence(7), "-k", "1", "--path", "*.md", "--json")
    hit = json.loads(found.stdout.splitlines()[0])
    assert "#" in hit["id"]
    done = place.run("delete", hit["id"], "--no-json")
    assert (done.returncode, done.stdout) == (0, "1 row deleted\n")
    assert segments(place) == before - 1


def test_the_summary_says_that_means_went_and_came(place: Place) -> None:
    out = place.run("ingest", "--no-whole", "--no-json")
    assert "\n1 mean of long texts removed\n" in out.stdout
    status = told(place, "status")
    assert (status["deleted"], status["unsealed"]) == (0, status["segments"])
    back = told(place, "ingest", "--whole")
    assert (back["means_made"], back["means_removed"]) == (1, 0)
    again = place.run("ingest", "--no-json")
    assert "mean" not in again.stdout


def test_explain_counts_segments(place: Place) -> None:
    count = segments(place)
    done = place.run("query", sentence(7), "--explain", "--json")
    assert f"{count} of {count} rows pass" in done.stderr
