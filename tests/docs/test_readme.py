import os
import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw

from tests.docs.commands import carried_out

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def run(program: list[str], folder: Path) -> str:
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OMNISEARCH")}
    environment = {**kept, "PYTHONPATH": paths, "HOME": str(folder)}
    done = subprocess.run(
        program, cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_blocks_run(tmp_path: Path) -> None:
    files, vectors = blocks("python")
    shown = run([sys.executable, "-W", "error", "-c", vectors], tmp_path)
    assert shown.startswith("shoe-7 1.0 ")
    assert len(shown.splitlines()) == 4
    shown = run([sys.executable, "-W", "error", "-c", files], tmp_path)
    assert "file:///" in shown and "notes/bread.txt" in shown and "Knead" in shown


def test_the_commands_for_files_run(tmp_path: Path) -> None:
    (commands,) = [block for block in blocks("sh") if "omnisearch ingest" in block]
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bicycle.txt").write_text("A bicycle that was painted red.")
    picture = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(picture).ellipse((60, 60, 260, 180), fill="brown")
    picture.save(tmp_path / "loaf.jpg")
    picture.save(tmp_path / "corpus" / "loaf.png")
    with wave.open(str(tmp_path / "clip.wav"), "wb") as clip:
        clip.setparams((1, 2, 16_000, 0, "NONE", ""))
        noise = np.random.default_rng(0).integers(-9_000, 9_000, 32_000, np.int16)
        clip.writeframes(noise.tobytes())
    shutil.copy(tmp_path / "clip.wav", tmp_path / "corpus" / "rain.wav")
    shown = carried_out(commands, tmp_path)
    ingested, words, picture_first, sound_first, *_ = shown
    assert '"stored": 3' in ingested
    assert "painted red" in words.splitlines()[0]
    assert "loaf.png" in picture_first.splitlines()[0]
    assert "rain.wav" in sound_first.splitlines()[0]
    assert len(list(tmp_path.glob("bicycle*"))) == 1  # the moment that was extracted


@pytest.mark.slow
def test_the_commands_run(tmp_path: Path) -> None:
    commands = [block for block in blocks("sh") if "omnisearch import" in block]
    np.save(tmp_path / "vectors.npy", np.random.default_rng(0).normal(size=(50, 4)))
    np.save(tmp_path / "query.npy", np.ones(4))
    brands = {"id": [str(n) for n in range(50)], "price": range(50), "brand": ["a", "b"] * 25}
    pq.write_table(pa.table(brands), tmp_path / "metadata.parquet")
    shown = "".join(carried_out("".join(commands), tmp_path))
    assert '"stored": 50' in shown
    assert '"ok": true' in shown
    assert (tmp_path / "backup" / "vectors.npy").exists()


def test_the_two_commands_are_shown_and_exist() -> None:
    targets = (ROOT / "Makefile").read_text("utf-8")
    shown = [line for block in blocks("sh") for line in block.splitlines()]
    for command in ("make demo", "make test"):
        assert command in shown
        assert re.search(rf"^{command.split()[1]}:", targets, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        assert link.startswith("https://") or (page.parent / link).exists(), link
    if page.name == "ARCHITECTURE.md":
        names = re.findall(r"`((?:omnisearch|indexes|cli|tests|benchmarks)/[\w./-]+)`", text)
        assert names
        for name in names:
            assert (ROOT / name).exists(), name
