"""Results as small JSON files, one a case, committed beside the code that made them."""

import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import gauges
from benchmarks.cases import CASES, Case

FOLDER = Path(__file__).parent / "results"
THREADS = "one (OMP_NUM_THREADS=1); LanceDB, Chroma and Milvus Lite keep pools of their own"

Row = dict[str, Any]


def save(case: Case, rows: list[Row], load_before: float) -> Path:
    """Write what one run of a case measured, and what must be known to read it."""
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{case.name}.json"
    content = {
        "case": case.name,
        "dataset": case.dataset,
        "filter": case.filter,
        "commit": _commit(),
        "machine": gauges.machine(),
        "threads": THREADS,
        "load": [load_before, gauges.load()],
        "rows": rows,
    }
    file.write_text(json.dumps(content, indent=1) + "\n")
    return file


def load() -> dict[str, dict[str, Any]]:
    """Return the stored results by case, in the order of the cases."""
    files = {name: FOLDER / f"{name}.json" for name in CASES}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(
        command, cwd=FOLDER.parent, capture_output=True, text=True, check=True
    ).stdout.strip()
