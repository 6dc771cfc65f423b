import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.place import IDS, ROOT, ROWS, VECTORS, Place
from tests.cli.terminal import Desk
from tests.ingest.folder import write_picture, write_sound, write_texts
from tests.media.made import Shot, film
from tests.media.pdf import Sheet, pdf

CORPUS = ROOT / "examples" / "corpus"
NOTES = {
    "bees.txt": "Bees dance to tell each other where the flowers are.",
    "trains.txt": "The night train to Lisbon leaves at 10:30 from platform 4.",
    "bread.md": "# Bread\n\nKnead flour, water and salt, and let it rest over night.",
}


def write_files(home: Path) -> None:
    np.save(home / "vectors.npy", VECTORS)
    np.save(home / "query.npy", VECTORS[7])
    metadata = {"id": IDS, "n": range(ROWS), "tag": ["even", "odd"] * (ROWS // 2)}
    pq.write_table(pa.table(metadata), home / "metadata.parquet")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    home = tmp_path / "home"
    home.mkdir()
    return Place(home)


@pytest.fixture
def files(place: Place) -> Path:
    """Write vectors.npy, metadata.parquet and query.npy into the home folder."""
    write_files(place.home)
    return place.home


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a user with a collection in ./.omnisearch, which no test may change."""
    place = Place(tmp_path_factory.mktemp("imported"))
    write_files(place.home)
    done = place.run("import", "vectors.npy", "--metadata", "metadata.parquet")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def stored(imported: Place, tmp_path: Path) -> Place:
    """Give a user with a collection of their own in ./.omnisearch."""
    shutil.copytree(imported.home, tmp_path / "home")
    return Place(tmp_path / "home")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a user with files of several kinds taken in, which no test may change."""
    place = Place(tmp_path_factory.mktemp("library"))
    files = place.home / "files"
    files.mkdir()
    (files / "tyre.md").write_text("# Repairs\n\nMend a flat tyre with a patch and some glue.\n")
    (files / "moon.txt").write_text("The moon goes round the earth in a month.\n")
    (files / "manual.pdf").write_bytes(
        pdf(Sheet(("Brakes squeal when wet.",)), Sheet(("Oil the chain in spring.",)))
    )
    (files / "dusk.mp4").write_bytes(film(Shot(frames=120, group=20, sound_s=12.0)))
    write_picture(files / "lake.png")
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="session")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a user with twelve notes and a picture in ./.omnisearch, which no test may change."""
    place = Place(tmp_path_factory.mktemp("noted"))
    write_texts(place.home / "files", 12)
    write_picture(place.home / "files" / "shown.png", seed=1)
    write_picture(place.home / "seen.png", seed=2)
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="session")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a user whose notes, pictures and sounds are in ./.omnisearch; no test changes those."""
    place = Place(tmp_path_factory.mktemp("gathered"))
    files = place.home / "files"
    files.mkdir()
    for name, text in NOTES.items():
        (files / name).write_text(text)
    for name in ("IMG_2041.jpg", "IMG_2043.jpg"):
        shutil.copy(CORPUS / "photos" / name, files / name)
    shutil.copy(CORPUS / "music" / "harp.ogg", files / "harp.ogg")
    write_picture(place.home / "noise.png")
    write_sound(place.home / "tone.wav", 2.0)
    (place.home / "empty.jpg").touch()
    (place.home / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    (place.home / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(200))
    (place.home / "nothing.xyz").write_bytes(bytes(range(256)) * 8)
    np.save(place.home / "short.npy", np.ones((1, 3), np.float32))
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def desk(noted: Place, tmp_path: Path) -> Iterator[Desk]:
    """Give a user with notes of their own at terminals, whose helper ends with the test."""
    home = tmp_path / "desk"
    shutil.copytree(noted.home, home, ignore=shutil.ignore_patterns(".local", ".cache"))
    desk = Desk(Place(home))
    yield desk
    desk.stop()
