import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from omnisearch.errors import InputError
from omnisearch.ingest.vector_files import VectorFile, read_vectors

ROWS, WIDTH = 100, 6
VECTORS = np.random.default_rng(0).normal(size=(ROWS, WIDTH)).astype(np.float32)
IDS = [f"row {number}" for number in range(ROWS)]


def write(path: Path) -> Path:
    if path.suffix == ".npy":
        np.save(path, VECTORS)
    elif path.suffix == ".fvecs":
        rows = np.empty((ROWS, WIDTH + 1), "<i4")
        rows[:, 0], rows[:, 1:] = WIDTH, VECTORS.view("<i4")
        rows.tofile(path)
    elif path.suffix == ".fbin":
        path.write_bytes(np.array([ROWS, WIDTH], "<u4").tobytes() + VECTORS.tobytes())
    elif path.suffix == ".parquet":
        columns = {"id": IDS, "vector": list(VECTORS), "n": range(ROWS)}
        pq.write_table(pa.table(columns), path, row_group_size=30)
    else:
        path.write_text("".join(line(number) for number in range(ROWS)))
    return path


def line(number: int) -> str:
    row = {"id": IDS[number], "vector": VECTORS[number].tolist(), "n": number}
    return json.dumps(row) + "\n"


def read(file: VectorFile) -> tuple[list[str], np.ndarray]:
    batches = list(file.batches(rows=32))
    assert [len(batch.ids) for batch in batches] == [32, 32, 32, 4]
    assert [batch.first for batch in batches] == [0, 32, 64, 96]
    ids = [name for batch in batches for name in batch.ids]
    return ids, np.concatenate([batch.vectors for batch in batches])


@pytest.mark.parametrize("suffix", [".npy", ".fvecs", ".fbin", ".parquet", ".jsonl"])
def test_every_format_gives_the_same_vectors(suffix: str, tmp_path: Path) -> None:
    file = read_vectors(write(tmp_path / f"x{suffix}"))
    ids, vectors = read(file)
    assert file.rows == ROWS
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, VECTORS)
    numbered = suffix in (".npy", ".fvecs", ".fbin")
    assert file.numbered == numbered
    assert ids == ([str(number) for number in range(ROWS)] if numbered else IDS)


@pytest.mark.parametrize("kind", ["<f2", ">f4", "<f8", "<i4", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_any_number_type_and_order(kind: str, order: str, tmp_path: Path) -> None:
    vectors = np.arange(ROWS * WIDTH).reshape(ROWS, WIDTH).astype(kind, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "x.npy", vectors)
    _, found = read(read_vectors(tmp_path / "x.npy"))
    np.testing.assert_array_equal(found, vectors.astype(np.float32))


def test_one_vector_alone_is_one_row(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", VECTORS[0])
    (batch,) = read_vectors(tmp_path / "x.npy").batches()
    np.testing.assert_array_equal(batch.vectors, VECTORS[:1])


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float16()),
        pa.list_(pa.float32()),
        pa.list_(pa.int32()),
        pa.large_list(pa.float64()),
        pa.list_(pa.float32(), WIDTH),
    ],
    ids=str,
)
def test_parquet_lists_of_every_kind(kind: pa.DataType, tmp_path: Path) -> None:
    whole = np.round(VECTORS * 10)
    column = pa.array(list(whole.astype(kind.value_type.to_pandas_dtype())), kind)
    pq.write_table(pa.table({"embedding": column}), tmp_path / "x.parquet")
    _, found = read(read_vectors(tmp_path / "x.parquet"))
    np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_ids_and_metadata_beside_the_vectors(suffix: str, tmp_path: Path) -> None:
    beside = write(tmp_path / f"y{suffix}")
    vectors = write(tmp_path / "x.npy")
    ids, _ = read(read_vectors(vectors, metadata=beside))
    assert ids == IDS
    file = read_vectors(vectors, ids=beside)
    assert next(iter(file.batches())).metadata is None
    assert read(file)[0] == IDS


def test_ids_as_lines_and_as_the_only_column(tmp_path: Path) -> None:
    vectors = write(tmp_path / "x.npy")
    (tmp_path / "ids.jsonl").write_text("".join(json.dumps(name) + "\n" for name in IDS))
    pq.write_table(pa.table({"sku": IDS}), tmp_path / "ids.parquet")
    pq.write_table(pa.table({"id": range(ROWS)}), tmp_path / "numbers.parquet")
    assert read(read_vectors(vectors, ids=tmp_path / "ids.jsonl"))[0] == IDS
    assert read(read_vectors(vectors, ids=tmp_path / "ids.parquet"))[0] == IDS
    assert read(read_vectors(vectors, ids=tmp_path / "numbers.parquet"))[0][99] == "99"


def test_other_columns_are_metadata(tmp_path: Path) -> None:
    (table,) = read_vectors(write(tmp_path / "x.parquet")).batches()
    assert table.take([7, 9]).ids == ["row 7", "row 9"]
    assert isinstance(table.metadata, pa.Table)
    assert table.take([7, 9]).metadata.to_pylist() == [{"n": 7}, {"n": 9}]  # type: ignore[union-attr]
    (lines,) = read_vectors(write(tmp_path / "x.jsonl")).batches()
    assert lines.take([7, 9]).metadata == [{"n": 7}, {"n": 9}]


@pytest.mark.parametrize("suffix", [".npy", ".fvecs", ".fbin", ".parquet"])
def test_a_file_that_is_cut_off_is_refused(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"x{suffix}")
    whole = path.read_bytes()
    for length in (*range(min(200, len(whole))), len(whole) - 3, len(whole) - 1):
        path.write_bytes(whole[:length])
        if suffix == ".fvecs" and length % (4 + 4 * WIDTH) == 0:
            continue  # whole vectors: nothing tells that more were there
        with pytest.raises(InputError, match="x"):
            list(read_vectors(path).batches())


@pytest.mark.filterwarnings("ignore:Reading `.npy`")
@pytest.mark.parametrize("suffix", [".npy", ".fvecs", ".fbin", ".parquet", ".jsonl"])
def test_a_damaged_file_is_read_or_refused_but_never_fails(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"x{suffix}")
    whole, rng = path.read_bytes(), np.random.default_rng(1)
    places = [*range(128), *rng.integers(0, len(whole), 200).tolist()]
    for place in places:
        damaged = bytearray(whole)
        damaged[place % len(whole)] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            list(read_vectors(path).batches())
        except InputError as error:
            assert str(path) in str(error)


HEADER = b"\x93NUMPY\x01\x00"


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999, 99999999999), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (1, 4), }",
        b"{'descr': '<c8', 'fortran_order': False, 'shape': (1, 4), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 4), }",
        b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 4), }",
        b"[" * 3000,
        b"__import__('os').abort()",
        b"{'descr': '''",
    ],
)
def test_a_hostile_npy_header_is_refused(header: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(HEADER + len(header).to_bytes(2, "little") + header + bytes(16))
    with pytest.raises(InputError, match=r"x\.npy"):
        read_vectors(path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"id": "a", "vector": [1, NaN]}', "line 1 is not JSON .NaN is not a number"),
        ('{"id": "a", "vector": [1, 2]}\n{"id": "b", "vector": [1]}', "line 2: the vector has 1"),
        ('\n\n{"id": "a", "vector": [1]}\n\n{"id": 2.5, "vector": [1]}', "line 5: 'id' is 2.5"),
        ('{"id": "a", "vector": [1]}\n\n{', "line 3 is not JSON"),
        ('{"id": "a", "vector": [1, true]}', "line 1: 'vector' is"),
        ('{"id": "a", "vector": [1, [2]]}', "line 1: 'vector' is"),
        ('{"id": "a", "vector": "AAAA"}', "line 1: 'vector' is"),
        ('{"id": "a"}', "line 1 has no 'vector', only id"),
        ('{"id": null, "vector": [1]}', "line 1: 'id' is null, not an id"),
        ('{"id": "a", "vector": [1]}\n[1]', r"line 2 is \[1\], not an object"),
        ('{"id": "a", "vector": [1' + "0" * 400 + "]}", "too large for a vector"),
        ("[" * 100_000, "line 1 is not JSON"),
        ('{"id": "a", "vector": [1' + "0" * 9000 + "]}", "line 1"),
        ('{"id": "\xff"}', "line 1"),
    ],
)
def test_a_wrong_line_is_named(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=fault):
        list(read_vectors(path).batches())


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"vector": [[1.0, 2.0], [1.0]]}, "the vector of row 1 has 1 dimensions"),
        ({"vector": [[1.0, 2.0], None]}, "column 'vector' is null in row 1"),
        ({"vector": [[1.0, 2.0], [1.0, None]]}, "the vector of row 1 has a null in it"),
        ({"vector": ["a", "b"]}, "column 'vector' holds string, not vectors"),
        ({"a": [[1.0]], "b": [[1.0]]}, "columns of numbers: a, b"),
        ({"n": [1]}, "columns of numbers: none"),
        ({"id": ["a", None], "vector": [[1.0], [1.0]]}, "column 'id' is null in row 1"),
        ({"id": [1.5], "vector": [[1.0]]}, "column 'id' holds double"),
    ],
)
def test_a_wrong_column_is_named(
    columns: dict[str, list[object]], fault: str, tmp_path: Path
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    with pytest.raises(InputError, match=fault):
        list(read_vectors(tmp_path / "x.parquet").batches())


def test_what_cannot_be_read_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    vectors = write(tmp_path / "x.npy")
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "short.parquet")
    with pytest.raises(InputError, match="has 1 rows for the 100 vectors"):
        read_vectors(vectors, ids=tmp_path / "short.parquet")
    with pytest.raises(InputError, match="does not exist"):
        read_vectors(tmp_path / "absent.npy")
    with pytest.raises(InputError, match="unknown format"):
        read_vectors(tmp_path / "x.csv")
    with pytest.raises(InputError, match="is not a file"):
        read_vectors(make_folder(tmp_path / "folder.npy"))
    with pytest.raises(InputError, match="holds vectors only"):
        list(read_vectors(vectors, ids=vectors).batches())


def make_folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_vector_of_another_dimension_inside_fvecs_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "x.fvecs")
    raw = np.fromfile(path, "<i4")
    raw[50 * (WIDTH + 1)] = 5
    raw.tofile(path)
    with pytest.raises(InputError, match="vector 50 has 5 dimensions, the first has 6"):
        list(read_vectors(path).batches(rows=32))
