"""The command line: `python -m benchmarks.run --list | smoke | report | all | CASE ...`."""

import argparse
import shutil
import sys
from dataclasses import replace
from importlib import import_module

from benchmarks import gauges, report, results, smoke
from benchmarks.cases import CASES
from benchmarks.datasets import DATA
from benchmarks.peers import OURS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CASE", help="cases, or smoke, report, all")
    parser.add_argument("--list", action="store_true", help="name every case")
    parser.add_argument("--without", nargs="*", default=[], help="peers to leave out")
    parser.add_argument("--rebuild", action="store_true", help="build our own stores anew")
    options = parser.parse_args()
    if options.list or not options.names:
        for case in CASES.values():
            print(f"{case.name:26}{case.title} ({case.dataset})")
        return 0
    if options.names == ["smoke"]:
        return _smoke()
    if options.names != ["report"]:
        names = list(CASES) if options.names == ["all"] else options.names
        unknown = [name for name in names if name not in CASES]
        if unknown:
            parser.error(f"no case {unknown[0]!r}: --list names them all")
        if options.rebuild:
            for peer in OURS:
                shutil.rmtree(DATA / "stores" / peer, ignore_errors=True)
        for name in names:
            _measure(name, set(options.without))
    print(report.write())
    return 0


def _measure(name: str, without: set[str]) -> None:
    case = CASES[name]
    peers = tuple(peer for peer in case.peers if peer not in without)
    load = gauges.load()
    task = import_module(f"benchmarks.{case.task}")
    rows = task.run(replace(case, peers=peers))
    print(results.save(case, rows, load), f"load {load}")
    for row in rows:
        print("  ", *(f"{key} {value}" for key, value in row.items() if key != "version"))


def _smoke() -> int:
    faults = smoke.run()
    for fault in faults:
        print(f"wrong: {fault}", file=sys.stderr)
    print(f"smoke: {len(faults)} wrong results")
    return min(1, len(faults))


if __name__ == "__main__":
    sys.exit(main())
