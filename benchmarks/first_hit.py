"""How long from installed to the first right hit? `python -m benchmarks.first_hit`.

A thousand pictures and a hundred PDFs are made first. Then the clock starts: `omnisearch ingest`
takes them in, on two cores, in a home folder that nothing was done in, and while it runs
`omnisearch query` asks for what is there, again and again, each time as a process of its own.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from benchmarks.corpora.contents import paper
from benchmarks.corpora.speech import SENTENCES

RESULT = Path(__file__).with_name("results") / "first-hit.json"
CORES = 2
MOST_S = 60.0
_NULL = subprocess.DEVNULL
_SIZE = (1280, 960)
_COLOURS = ("red", "green", "blue", "yellow", "purple")
_SHAPES = ("circle", "square")
_BEGIN = "import sys; from omnisearch_cli.main import main; sys.exit(main())"


Floats = npt.NDArray[np.float32]


class Asked(NamedTuple):
    """A question, and the names of files that answer it."""

    words: str
    right: frozenset[str]


def make(folder: Path, pictures: int, papers: int) -> list[Asked]:
    """Write the files, whose names tell nothing; gives what may be asked."""
    rng = np.random.default_rng(3)
    answers: dict[str, set[str]] = {}
    grain = rng.normal(0, 6, (*_SIZE[::-1], 1)).astype(np.float32)
    for number in range(pictures):
        colour, shape = _COLOURS[number % 5], _SHAPES[number // 5 % 2]
        name = f"IMG_{number:04d}.jpg"
        (folder / name).write_bytes(_picture(rng, grain, colour, shape))
        answers.setdefault(f"a {colour} {shape}", set()).add(name)
    for number in range(papers):
        said = [SENTENCES[(number * 7 + place) % len(SENTENCES)] for place in range(6)]
        name = f"scan-{number:03d}.pdf"
        (folder / name).write_bytes(paper([said]))
        for sentence in said:
            answers.setdefault(sentence, set()).add(name)
    shown, told = (
        [Asked(words, frozenset(right)) for words, right in answers.items() if kind in min(right)]
        for kind in (".jpg", ".pdf")
    )
    return [one for pair in zip(shown, told, strict=False) for one in pair]


def _picture(rng: np.random.Generator, grain: Floats, colour: str, shape: str) -> bytes:
    light = np.linspace(150, 230, _SIZE[0], dtype=np.float32)[None, :, None]
    ground = light + np.roll(grain, int(rng.integers(_SIZE[1])), axis=0)
    grey = np.repeat(ground.clip(0, 255).astype(np.uint8), 3, axis=2)
    picture = Image.fromarray(grey)
    left, top = (int(at) for at in rng.integers(100, 300, 2))
    box, pen = (left, top, left + 560, top + 560), ImageDraw.Draw(picture)
    (pen.ellipse if shape == "circle" else pen.rectangle)(box, fill=colour)
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=85)
    return content.getvalue()


def measure(pictures: int, papers: int) -> dict[str, Any]:
    """Make the folder, take it in and ask meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        files = home / "files"
        files.mkdir()
        asked = make(files, pictures, papers)
        begun = time.perf_counter()
        ingest = subprocess.Popen(
            _command("ingest", str(files), "--quiet"), cwd=home, env=_own(home), stdout=_NULL
        )
        first: dict[str, float] = {}
        wrong = 0
        for one in cycle(asked):
            running = ingest.poll() is None
            kind = "picture" if ".jpg" in min(one.right) else "page"
            if kind not in first:
                found = _ask(home, one.words)
                if found in one.right:
                    first[kind] = time.perf_counter() - begun
                wrong += found is not None and found not in one.right
            if len(first) == 2 or not running:
                break
        code = ingest.wait()
        took = time.perf_counter() - begun
    if code:
        raise SystemExit(f"ingest ended with {code}")
    return {
        "cores": CORES,
        "pictures": pictures,
        "PDFs": papers,
        "first right hit, s": round(min(first.values()), 1),
        "first right picture, s": round(first.get("picture", np.inf), 1),
        "first right page, s": round(first.get("page", np.inf), 1),
        "wrong hits before": wrong,
        "all taken in, s": round(took, 1),
    }


def _ask(home: Path, words: str) -> str | None:
    """Give the name of the first file that is found."""
    command = _command("query", words, "-k", "1", "--json", "--no-helper")
    done = subprocess.run(command, cwd=home, env=_own(home), capture_output=True, text=True)
    if done.returncode:  # nothing is there yet
        time.sleep(0.5)
        return None
    return str(json.loads(done.stdout.splitlines()[0])["uri"]).rpartition("/")[2]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", _BEGIN, *arguments]


def _own(home: Path) -> dict[str, str]:
    """Give what is set where omnisearch was just installed."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("OMNISEARCH_")}
    return {**kept, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}


def main() -> int:
    """Read the command line, print the figures and keep them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_hit")
    parser.add_argument("--pictures", type=int, default=1_000)
    parser.add_argument("--pdfs", type=int, default=100)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    found = measure(given.pictures, given.pdfs)
    told = json.dumps(found, indent=1)
    print(told)
    given.out.write_text(told + "\n", "utf-8")
    return int(found["first right hit, s"] > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
