"""docs/benchmarks.md from the stored results; nothing in that page is written by hand."""

from importlib import resources
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.cases import CASES
from benchmarks.targets import TARGETS, Results, Target

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PARTS = {
    "searches": "Single queries",
    "batches": "Batches",
    "builds": "Building",
    "memory": "Memory",
    "openings": "Opening",
    "writes": "Writing",
}
HEADINGS = {
    "peer": "store",
    "recall_near": "recall within 1e-4",
    "forbidden": "hits the filter forbids",
    "short": "short lists",
    "cpu_p50_ms": "CPU p50 ms",
    "alone_p50_ms": "p50 ms, asked alone",
    "build_s": "seconds",
    "build_cpu_s": "CPU seconds",
    "disk_bytes_per_row": "bytes on disk a row",
    "rows_per_s_overall": "rows per s, mean",
    "anonymous_mb": "anonymous MB",
    "anonymous_bytes_per_row": "bytes a row",
}
HIDDEN = {"version", "disk_bytes", "rows"}


def write() -> Path:
    """Write the page and return where it is."""
    stored = results.load()
    intro = resources.files("benchmarks").joinpath("intro.md").read_text(encoding="utf-8")
    parts = [intro.strip(), _machine(stored), _targets(stored)]
    for task, title in PARTS.items():
        names = [name for name in stored if CASES[name].task == task]
        if names:
            parts += [f"## {title}", *(_case(name, stored[name]) for name in names)]
    parts.append(_versions(stored))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return PAGE


def _machine(stored: Results) -> str:
    machines = sorted({result["machine"] for result in stored.values()})
    threads = sorted({result["threads"] for result in stored.values()})
    return f"Machine: {'; '.join(machines)}. Threads: {'; '.join(threads)}."


def _targets(stored: Results) -> str:
    lines = ["## Targets", "", "| target | limit | measured | |", "|---|---|---|---|"]
    lines += [_target(target, stored) for target in TARGETS]
    return "\n".join(lines)


def _target(target: Target, stored: Results) -> str:
    sign = "≤" if target.at_most else "≥"
    limit = f"{sign} {_number(target.limit)} {target.unit}".strip()
    try:
        value = target.figure(stored)
    except KeyError:
        return f"| {target.text} | {limit} | not run | |"
    verdict = "held" if target.held(value) else "**missed**"
    return f"| {target.text} | {limit} | {_number(value)} {target.unit} | {verdict} |"


def _case(name: str, result: dict[str, Any]) -> str:
    rows = result["rows"]
    keys = [key for key in rows[0] if key not in HIDDEN]
    heads = [HEADINGS.get(key, key.replace("_per_", " per ").replace("_", " ")) for key in keys]
    load = " to ".join(_number(value) for value in result["load"])
    lines = [
        f"### {CASES[name].title}",
        "",
        f"`{name}`: {_shape(result['dataset'])}; commit {result['commit']}; load {load}.",
        "",
        f"| {' | '.join(heads)} |",
        "|---" * len(keys) + "|",
    ]
    lines += ["| " + " | ".join(_cell(row.get(key)) for key in keys) + " |" for row in rows]
    return "\n".join(lines)


def _shape(dataset: str) -> str:
    shapes: dict[str, str] = {
        "wordnet": "115,659 x 384, glosses by MiniLM",
        "tfidf": "115,659 x 256, glosses by TF-IDF and SVD",
        "shifted": "115,659 x 384, glosses by MiniLM, shifted queries",
        "clustered-128": "1,000,000 x 128, synthetic clusters",
        "clustered-384": "1,000,000 x 384, synthetic clusters",
    }
    return shapes[dataset]


def _versions(stored: Results) -> str:
    versions: dict[str, str] = {}
    for result in stored.values():
        for row in result["rows"]:
            versions.setdefault(row["peer"].split(",")[0], row["version"])
    lines = [f"- {name}: {version}" for name, version in versions.items()]
    return "\n".join(["## Versions and settings", "", *lines])


def _cell(value: object) -> str:
    return _number(value) if isinstance(value, int | float) else str(value or "")


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.4g}"
