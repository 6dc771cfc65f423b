"""Does training again give what ships? `make train`, then `python -m benchmarks.retraining`.

Each figure of a laboratory's exam is compared with the committed one of the encoder that ships, in
standard errors of that: both ask the same frozen questions. Beside it stands how long each stage
took.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import gauges
from omnisearch.training.lab import Options
from omnisearch.training.stages import STAGES

SHIPPED = Path(__file__).parents[1] / "docs" / "omni-mini" / "figures"
OUT = Path(__file__).parent / "results" / "retraining.json"
ALLOWED = 2.0  # standard errors
LEAST = 50  # questions: with fewer an error is itself a guess
NAMES = ("r1", "r10", "mrr", "map", "accuracy")
SHIPS = Options()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument(
        "--figures", default=f"exam-{SHIPS.run}", help="or release-b0, after `release`"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    again = options.lab / "figures" / f"{options.figures}.json"
    if not again.exists():
        print(f"{again} is missing: run `make train` first", file=sys.stderr)
        return 2
    shipped, made = (
        json.loads((folder / again.name).read_text("utf-8")) for folder in (SHIPPED, again.parent)
    )
    rows = [*compared(shipped.get("exam", shipped), made.get("exam", made))]
    minutes = {
        stage.name: one
        for stage in STAGES
        if not stage.apart and (one := _minutes(options.lab, stage.record(SHIPS)))
    }
    print(report(rows, minutes))
    result = {
        "split": made["split"],
        "machine": gauges.machine(),
        "minutes": minutes,
        "all": round(sum(minutes.values()), 1),
        "rows": rows,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    return 0


def compared(
    shipped: Mapping[str, Any], made: Mapping[str, Any], path: str = ""
) -> Iterator[dict[str, Any]]:
    """Give each figure that both have, with questions enough and an error to measure by."""
    for name in NAMES:
        error = shipped.get(f"{name}_error")
        if name in made and error and shipped.get("queries", 0) >= LEAST:
            away = (made[name] - shipped[name]) / error
            row = {"of": path, "figure": name, "shipped": shipped[name], "again": made[name]}
            yield {**row, "error": error, "errors away": round(away, 2)}
    for name, one in shipped.items():
        if isinstance(one, Mapping) and isinstance(made.get(name), Mapping):
            yield from compared(one, made[name], f"{path}: {name}" if path else name)


def report(rows: list[dict[str, Any]], minutes: Mapping[str, float]) -> str:
    """Tell how many figures are near, and each that is not."""
    far = [row for row in rows if abs(row["errors away"]) > ALLOWED]
    lines = [f"{name:12}{one:6.1f} min" for name, one in minutes.items()]
    lines += [f"all         {sum(minutes.values()):6.1f} min", ""]
    lines += [
        f"{row['of']}, {row['figure']}: shipped {row['shipped']}, again {row['again']}, "
        f"{row['errors away']:+} standard errors"
        for row in far
    ]
    better = sum(row["errors away"] > 0 for row in far)
    lines.append(
        f"{len(rows) - len(far)} of {len(rows)} figures are within {ALLOWED:g} standard errors; "
        f"of the others {better} are better"
    )
    return "\n".join(lines)


def _minutes(lab: Path, record: str) -> float:
    """Give how long a stage took, 0 where it did not run."""
    path = lab / "done" / f"{record}.json"
    if not path.exists():
        return 0.0
    return round(float(json.loads(path.read_text("utf-8"))["seconds"]) / 60, 1)


if __name__ == "__main__":
    sys.exit(main())
