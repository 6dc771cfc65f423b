"""Collections of every released format open with today's code and answer as they did."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import numpy as np
import pytest
import xxhash

import omnisearch as om
from omnisearch.storage import identity, ids, layout, log, manifest
from omnisearch.storage.files import Written
from omnisearch.storage.identity import Head, Identity
from omnisearch.storage.manifest import Manifest, Settings, ShardEntry
from tests.formats.make import rows

HERE = Path(__file__).parent
VERSIONS = sorted(path for path in HERE.glob("v*") if path.is_dir())
WHO = Identity(uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"), "link")


@pytest.fixture(params=VERSIONS, ids=lambda path: str(path.name))
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = Path(shutil.copytree(request.param, tmp_path / "golden"))
    for name in layout.FOLDERS:  # git keeps no empty folder
        (root / name).mkdir(exist_ok=True)
    return root


def test_an_old_collection_answers_as_it_did(golden: Path) -> None:
    names, x, metadata = rows()
    alive = [n for n in range(len(names)) if n >= 10 and n != 20]
    with om.open(golden, mode="r") as col:
        assert col.verify().ok
        assert (col.count(), col.stats()["shards"]) == (len(alive), 2)
        assert col.count("n >= 100 and even = true and tags has 't1'") == 34
        assert [record.id for record in col.iterate()] == [names[n] for n in alive]
        unit = x[alive] / np.linalg.norm(x[alive], axis=1, keepdims=True)
        for n in (11, 100, 260, 295):
            hits = col.search(x[n], k=5)
            best = np.argsort(-(unit @ x[n]))[:5]
            assert hits.ids == [names[alive[row]] for row in best]
            assert hits[0].metadata == metadata[n]


def test_an_old_collection_can_be_written(golden: Path) -> None:
    with om.open(golden) as col:
        col.upsert(["new"], np.ones((1, 24)))
        col.compact()
        assert (col.count(), col.verify().ok) == (290, True)


def test_a_newer_format_is_refused(golden: Path) -> None:
    line = (
        (golden / "FORMAT").read_bytes().splitlines()[0].replace(b"omnisearch 1", b"omnisearch 9")
    )
    line += b"\n"
    (golden / "FORMAT").chmod(0o600)
    digest = xxhash.xxh3_128_hexdigest(line).encode()
    (golden / "FORMAT").write_bytes(line + digest + b"\n")
    with pytest.raises(om.errors.UnsupportedFormatError, match=r"format 9.*upgrade"):
        om.open(golden, mode="r")


def test_the_exact_bytes_of_a_manifest() -> None:
    made = Manifest(
        number=2,
        base_generation=7,
        settings=Settings(8, "l2", "auto"),
        columns={"n": "int"},
        shards=(
            ShardEntry(
                "0" * 26,
                3,
                {"vectors.bin": Written(160, "a" * 32)},
                deleted=1,
                tombs=f"{'0' * 26}.000000000002.bits",
                tombs_file=Written(17, "b" * 32),
            ),
        ),
    )
    raw = manifest.encode(made, WHO)
    assert raw == (HERE / "manifest.json").read_bytes()
    assert manifest.decode(raw, Path("c/manifests/000000000002.json"), WHO) == made


def test_the_exact_bytes_of_small_files() -> None:
    assert WHO.encode().splitlines()[0] == b"omnisearch 1 00112233-4455-6677-8899-aabbccddeeff link"
    head = identity.encode_head(WHO, Head(5, 2))
    assert head[:8] == b"OMNIHEAD"
    assert (
        head[8:40].hex() == "00112233445566778899aabbccddeeff" + "05" + "00" * 7 + "02" + "00" * 7
    )
    assert len(head) == identity.HEAD_BYTES == 48
    assert b"".join(ids.build(["a"])).hex() == (
        "4f4d4e4949445331" + "0100000000000000" + "1f4e961eb632c6e6" + "00000000"
    )
    assert (log.HEADER_BYTES, log.RECORD_BYTES) == (40, 40)


@pytest.mark.parametrize("at", range(0, 600, 7))
def test_every_flip_of_a_manifest_is_refused(at: int) -> None:
    raw = bytearray((HERE / "manifest.json").read_bytes())
    raw[at % len(raw)] ^= 1 << at % 8
    with pytest.raises(om.errors.CorruptCollectionError):
        manifest.decode(bytes(raw), Path("c/manifests/000000000002.json"), WHO)
