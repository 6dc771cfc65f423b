"""Every command against a collection on disk, as a person or a script runs it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.place import IDS, ROWS, VECTORS, Place

pytestmark = pytest.mark.slow

HIT = [
    *("id", "item", "uri", "locations", "modality", "view", "span", "score", "confidence"),
    *("parts", "folded", "snippet", "metadata", "marks", "reranked"),
]
STATUS = {
    *("generation", "items", "segments", "deleted", "shards", "bytes", "space", "modalities"),
    "failures",
}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_import_says_what_it_did(place: Place, files: Path) -> None:
    done = place.run("import", "vectors.npy", "--metadata", "metadata.parquet")
    assert done.returncode == 0
    (report,) = lines(done.stdout)
    assert report.pop("seconds") >= 0
    assert report == {"seen": ROWS, "stored": ROWS, "unchanged": 0, "generation": 1}
    assert done.stderr == f"made {files}/.omnisearch\n"
    assert (files / ".omnisearch").stat().st_mode & 0o777 == 0o700
    assert (files / ".omnisearch" / ".gitignore").read_text() == "*\n"


def test_query_finds_the_nearest_rows(imported: Place) -> None:
    done = imported.run("query", "--vector", "query.npy", "-k", "3")
    assert (done.returncode, done.stderr) == (0, "")
    hits = lines(done.stdout)
    cosines = VECTORS @ VECTORS[7] / np.linalg.norm(VECTORS, axis=1) / np.linalg.norm(VECTORS[7])
    assert [hit["id"] for hit in hits] == [IDS[row] for row in np.argsort(-cosines)[:3]]
    assert list(hits[0]) == HIT
    assert hits[0]["metadata"] == {"n": 7, "tag": "odd"}
    assert hits[0]["score"] == pytest.approx(1, abs=1e-3)
    assert hits[0]["item"] == "row-7"


def test_query_with_a_filter_a_limit_and_a_floor(imported: Place) -> None:
    where = ("--where", "tag = 'even' and n < 100")
    done = imported.run("query", "--vector", "query.npy", "--limit", "100", *where)
    hits = lines(done.stdout)
    assert len(hits) == 50
    assert all(hit["metadata"]["n"] in range(0, 100, 2) for hit in hits)
    floor = str(hits[9]["score"] - 1e-6)
    done = imported.run("query", "--vector", "query.npy", "-k99", "--min-score", floor, *where)
    assert lines(done.stdout) == hits[:10]


def test_query_like_a_row_and_from_stdin_are_the_same_question(imported: Place) -> None:
    text = json.dumps(VECTORS[7].tolist())
    typed = imported.run("query", "--vector", "-", "-k", "4", stdin=text)
    like = imported.run("query", "--like", "row-7", "-k", "3")
    ids = [hit["id"] for hit in lines(typed.stdout)]
    assert ids[0] == "row-7"
    assert ids[1:] == [hit["id"] for hit in lines(like.stdout)]
    chosen = imported.run("query", "--vector", "vectors.npy", "--row", "299", "-k", "1")
    assert lines(chosen.stdout)[0]["id"] == "row-299"


def test_query_that_finds_nothing_exits_1(imported: Place) -> None:
    done = imported.run("query", "--vector", "query.npy", "--where", "n > 1000")
    assert (done.returncode, done.stdout) == (1, "")


def test_query_explains_on_stderr(imported: Place) -> None:
    done = imported.run("query", "--vector", "query.npy", "--explain")
    assert done.returncode == 0
    assert len(lines(done.stdout)) == 10
    assert "omnisearch:" not in done.stderr
    assert done.stderr.strip()


def test_status_has_the_stated_keys(imported: Place) -> None:
    (status,) = lines(imported.run("status").stdout)
    assert set(status) >= STATUS
    assert (status["generation"], status["items"], status["segments"]) == (1, ROWS, ROWS)
    assert status["deleted"] == 0
    assert status["failures"] == 0


def test_delete_by_id_and_by_filter(stored: Place) -> None:
    (report,) = lines(stored.run("delete", "row-7", "row-8", "nothing").stdout)
    assert report == {"deleted": 2, "files": 0}
    refused = stored.run("delete", "--where", "n < 100")
    assert refused.returncode == 2
    assert "98 of 298 rows pass: add --yes" in refused.stderr
    (report,) = lines(stored.run("delete", "--where", "n < 100", "--yes", "--purge").stdout)
    assert report == {"deleted": 98, "files": 0}
    (report,) = lines(stored.run("delete", "-", stdin="row-100\nrow-101\n").stdout)
    assert report == {"deleted": 2, "files": 0}
    (status,) = lines(stored.run("status").stdout)
    assert status["items"] == 198
    assert stored.run("delete", "row-7").returncode == 1
    assert stored.run("delete", "--where", "n < 100", "--yes").returncode == 1


def test_delete_of_nothing_named_is_refused(stored: Place) -> None:
    assert stored.run("delete").returncode == 2
    assert stored.run("delete", "row-1", "--where", "n = 1").returncode == 2
    assert stored.run("delete", "-", stdin="").returncode == 1
    assert lines(stored.run("status").stdout)[0]["items"] == ROWS


def test_doctor_calls_a_sound_collection_sound(stored: Place) -> None:
    done = stored.run("doctor")
    (report,) = lines(done.stdout)
    sandbox = report.pop("sandbox")
    assert (done.returncode, report) == (0, {"ok": True, "problems": []})
    assert list(sandbox)[:5] == ["complete", "system", "layers", "refused", "allowed"]
    assert list(sandbox["decoders"]) == ["FFmpeg", "PDFium", "Pillow"]
    assert len(sandbox["refused"]) + len(sandbox["allowed"]) == 11
    assert sandbox["complete"] == (sandbox["remedy"] is None)
    done = stored.run("doctor", "--repair", "--reclaim")
    assert (done.returncode, lines(done.stdout)[0]["ok"]) == (0, True)
    assert done.stderr.splitlines()[0] == "0 files mended, 0 rows and 0 generations lost"
    assert done.stderr.endswith("bytes freed\n")


def test_doctor_names_the_damaged_file(stored: Place) -> None:
    (log,) = (stored.home / ".omnisearch" / "log").glob("*.log")
    log.chmod(0o600)
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    done = stored.run("doctor")
    (report,) = lines(done.stdout)
    assert (done.returncode, report["ok"]) == (4, False)
    assert set(report["problems"][0]) == {"path", "fault", "remedy"}
    assert "/log" in report["problems"][0]["path"]
    assert stored.run("query", "--vector", "query.npy").returncode == 4
    assert stored.run("delete", "row-1").returncode == 4


def test_snapshot_is_a_collection(stored: Place) -> None:
    done = stored.run("snapshot", "copy")
    assert lines(done.stdout) == [{"folder": f"{stored.home}/copy", "generation": 1}]
    stored.run("delete", "--where", "n >= 0", "--yes")
    found = stored.run("query", "--vector", "query.npy", "-k1", "--index", "copy")
    assert lines(found.stdout)[0]["id"] == "row-7"
    assert stored.run("snapshot", "copy").returncode == 2


def test_export_and_import_give_the_same_collection(stored: Place) -> None:
    done = stored.run("export", "out")
    assert lines(done.stdout) == [{"rows": ROWS, "folder": f"{stored.home}/out"}]
    np.testing.assert_allclose(np.load(stored.home / "out/vectors.npy"), VECTORS, rtol=2e-3)
    table = pq.read_table(stored.home / "out/metadata.parquet")
    assert table.column_names == ["id", "n", "tag"]
    files = ("out/vectors.npy", "--metadata", "out/metadata.parquet")
    again = stored.run("import", *files, "--index", "again")
    assert again.returncode == 0, again.stderr
    question = ("query", "--vector", "query.npy", "-k", "300")
    before, after = stored.run(*question), stored.run(*question, "--index", "again")
    first = {hit["id"]: hit for hit in lines(before.stdout)}
    second = {hit["id"]: hit for hit in lines(after.stdout)}
    assert first.keys() == second.keys() == set(IDS)
    for name, hit in first.items():
        assert second[name]["metadata"] == hit["metadata"]
        assert second[name]["score"] == pytest.approx(hit["score"], abs=1e-3)


def test_export_of_a_part_and_of_another_metric(place: Place, files: Path) -> None:
    columns = ("--column", "taken=timestamp", "--column", "n=float")
    text = '{"id": "a", "vector": [3, 4], "n": 1, "taken": "2024-05-06T07:08:09Z", "j": {"a": [1]}}'
    (files / "x.jsonl").write_text(f"{text}\n" + '{"id": "b", "vector": [1, 0], "n": 2}\n')
    done = place.run("import", "x.jsonl", "--metric", "l2", *columns)
    assert done.returncode == 0, done.stderr
    assert place.run("export", "out", "--where", "n < 2").returncode == 0
    done = place.run(
        "import", "out/vectors.npy", "--metadata", "out/metadata.parquet", "--index", "b"
    )
    assert done.returncode == 0, done.stderr
    done = place.run("query", "--vector", "-", "--index", "b", stdin="[0, 0]")
    (hit,) = lines(done.stdout)
    assert (hit["id"], hit["score"]) == ("a", -5)
    assert hit["metadata"] == {"n": 1.0, "taken": "2024-05-06T07:08:09Z", "j": {"a": [1]}}
    assert place.run("export", "out").returncode == 2


def test_import_again_is_refused_replaced_or_left_out(stored: Place) -> None:
    command = ("import", "vectors.npy", "--metadata", "metadata.parquet")
    refused = stored.run(*command)
    assert refused.returncode == 2
    assert "vectors.npy, rows 0 to 299:" in refused.stderr
    assert "nothing stored" in refused.stderr
    (report,) = lines(stored.run(*command, "--resume").stdout)
    assert (report["seen"], report["stored"], report["unchanged"]) == (ROWS, 0, ROWS)
    (report,) = lines(stored.run(*command, "--upsert").stdout)
    assert (report["seen"], report["stored"], report["unchanged"]) == (ROWS, ROWS, 0)
    assert stored.run(*command, "--upsert", "--resume").returncode == 2
    assert lines(stored.run("status").stdout)[0]["items"] == ROWS


def test_resume_goes_on_behind_the_wrong_row(place: Place, files: Path) -> None:
    many = np.random.default_rng(0).normal(size=(10_000, 4)).astype(np.float32)
    many[9_000, 2] = np.nan
    np.save(files / "many.npy", many)
    done = place.run("import", "many.npy")
    assert done.returncode == 2
    assert "many.npy, rows 8192 to 9999:" in done.stderr
    assert "8,192 of 10,000 rows are stored: --resume goes on from there" in done.stderr
    many[9_000, 2] = 0
    np.save(files / "many.npy", many)
    (report,) = lines(place.run("import", "many.npy", "--resume").stdout)
    assert (report["stored"], report["unchanged"]) == (1_808, 8_192)


def test_ids_come_from_where_they_are_given(place: Place, files: Path) -> None:
    (files / "ids.jsonl").write_text("".join(json.dumps(name) + "\n" for name in IDS))
    assert place.run("import", "vectors.npy", "--ids", "ids.jsonl").returncode == 0
    numbered = place.run("import", "vectors.npy", "--index", "b")
    assert "rows are named by their number, 0 to 299" in numbered.stderr
    found = place.run("query", "--vector", "query.npy", "-k1", "--index", "b")
    assert lines(found.stdout)[0]["id"] == "7"
    quiet = place.run("import", "vectors.npy", "--index", "c", "--quiet")
    assert quiet.stderr == ""
    pq.write_table(pa.table({"sku": IDS, "emb": list(VECTORS)}), files / "x.parquet")
    columns = ("--id-column", "sku", "--vector-column", "emb")
    assert place.run("import", "x.parquet", *columns, "--index", "d").returncode == 0
    found = place.run("query", "--like", "row-3", "-k1", "--index", "d")
    assert lines(found.stdout)[0]["metadata"] == {}
