"""Every campaign at full length: `python -m tests.drill`. It writes the table of the document."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / source) for source in ("indexes", "cli")]
os.environ["OMP_NUM_THREADS"] = "1"

from hypothesis import settings  # noqa: E402
from hypothesis.stateful import run_state_machine_as_test  # noqa: E402

from omnisearch.decoding import Decoding  # noqa: E402
from tests.concurrency.crowd import read_beside_writer  # noqa: E402
from tests.crash import (  # noqa: E402
    durability,
    faults,
    kills,
    ledgers,
    power,
    reencodings,
    repairs,
    small_disk,
    switches,
    trained,
)
from tests.crash.program import Life  # noqa: E402
from tests.crash.replay import folder_in_memory  # noqa: E402
from tests.crash.replay import replay as replayed  # noqa: E402
from tests.crash.test_model import CollectionModel  # noqa: E402
from tests.filters import drill as filters  # noqa: E402
from tests.ingest.folder import contents, write_mixed  # noqa: E402
from tests.ingest.following.watching import differences  # noqa: E402
from tests.ingest.killing import Runs, killed  # noqa: E402
from tests.mutation.damage import damages  # noqa: E402
from tests.mutation.examination import Patient, examine_all  # noqa: E402
from tests.mutation.specimen import build  # noqa: E402
from tests.query import hostile  # noqa: E402

DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- counts of the last drill -->\n", "<!-- end of counts -->\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign tried, and what was wrong."""

    tried: str
    failures: list[str]


def replay(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        done = durability.replay_lives(Path(name), options.tears)
        (Path(name) / "deaths").mkdir()
        dead = durability.replay_deaths(Path(name) / "deaths", range(1, 140))
    states, failures = done.states + dead.states, done.failures + dead.failures
    for damaged in repairs.DAMAGED:
        with tempfile.TemporaryDirectory() as name:
            mended = repairs.replay_repair(Path(name), damaged)
        states += mended.checked
        failures += [f"mending {damaged}: {one.fault}" for one in mended.failures]
    return Outcome(f"{states:,} states", failures)


def books(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        journal = ledgers.record(Path(name))
        done = replayed(ledgers.campaign(journal, options.tears))
    return Outcome(f"{done.checked:,} states", [one.fault for one in done.failures])


def train(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        done, syncs = trained.replay_training(Path(name))
    return Outcome(f"{done.states:,} states, {syncs} syncs", done.failures)


def ablation(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        blind, dropped = durability.unseen_ablations(Path(name))
    return Outcome(f"{dropped} syncs", [f"{kind} {place} is not missed" for kind, place in blind])


def kill(options: argparse.Namespace) -> Outcome:
    at = kills.kill_at_failpoints(1000, Life("whole", seed=3, steps=31))
    random = kills.kill_at_random(options.kills, seed=11)
    tried = f"{random.count} at random, {at.count} at failpoints"
    return Outcome(tried, at.failures + random.failures)


def cut(options: argparse.Namespace) -> Outcome:
    if why := power.can_mount():
        return Outcome(f"none: {why}", [])
    done = power.cut_power(options.cuts, seed=12)
    return Outcome(f"{done.count} cuts", done.failures)


def refuse(options: argparse.Namespace) -> Outcome:
    done = faults.refuse_each(Life("short", seed=7, steps=13), stride=options.stride)
    return Outcome(f"{done.met:,} faults", done.failures)


def fill(options: argparse.Namespace) -> Outcome:
    sizes = small_disk.limit_file_sizes(range(4, 1024, 51))
    if os.geteuid() != 0:
        return Outcome(f"{sizes.met} limits, no disks: they need root", sizes.failures)
    disks = small_disk.fill_disks(range(200, 8192, 199))
    return Outcome(f"{disks.met} disks, {sizes.met} limits", disks.failures + sizes.failures)


def mutate(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
        rows = build(Path(name) / "sound", seed=1)
        build(Path(name) / "stranger", seed=2)
        patient = Patient(Path(name) / "sound", Path(name) / "stranger", rows)
        cases = list(damages(patient.root, patient.stranger, options.flips))
        done = examine_all(patient, cases)
    tried = ", ".join(f"{count} {kind}" for kind, count in sorted(done.tried.items()))
    return Outcome(f"{len(cases):,} damages ({tried})", done.failures)


def crowd(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        done = read_beside_writer(Path(name), readers=4, seconds=options.seconds)
    return Outcome(f"{done.answers:,} answers, {done.generations:,} generations", done.failures)


def model(options: argparse.Namespace) -> Outcome:
    chosen = settings(CollectionModel.TestCase.settings, max_examples=options.lives)
    try:
        run_state_machine_as_test(CollectionModel, settings=chosen)
    except AssertionError as error:
        return Outcome(f"{options.lives} lives", [str(error)])
    return Outcome(f"{options.lives} lives of up to 25 calls", [])


def filter_rows(options: argparse.Namespace) -> Outcome:
    counts = filters.run(options.filters, seed=14)
    different = counts.pop("different")
    tried = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return Outcome(tried, [f"{different} conditions choose other rows"] if different else [])


def resume(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        write_mixed(home / "files", texts=200, pictures=20, sounds=4)
        whole = Runs(home / "whole", home / "files", home / "cache-whole")
        cut = Runs(home / "cut", home / "files", home / "cache-cut")
        begun = time.monotonic()
        whole.finish()
        killed(cut, options.stops, time.monotonic() - begun, seed=13)
        same = contents(cut.collection) == contents(whole.collection)
    faults = [] if same else ["the collection differs from one of a run that was not killed"]
    return Outcome(f"{options.stops} kills", faults)


def reencode(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        done = reencodings.kill_changes(Path(name), options.stops, seed=17)
    tried = ", ".join(f"{count:,} from the {space} space" for space, count in done.asked.items())
    kills = f"{done.count} kills, {done.switched} times behind the switch"
    return Outcome(f"{kills}; answers: {tried}", done.failures)


def switch(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
        done = switches.replay_switches(Path(name), options.tears)
        (Path(name) / "refused").mkdir()
        refused = switches.refuse_switches(Path(name) / "refused", options.stride)
    tried = f"{done.states:,} states, {refused.met} faults"
    return Outcome(tried, done.failures + refused.failures)


def follow(options: argparse.Namespace) -> Outcome:
    failures: list[str] = []
    for seed in range(options.bursts):
        with tempfile.TemporaryDirectory() as name:
            failures += filter(None, [differences(Path(name), seed, options.changes)])
    return Outcome(f"{options.bursts} bursts of {options.changes:,} changes", failures)


def ask(options: argparse.Namespace) -> Outcome:
    failures, cases, decode = list[str](), hostile.ending(), Decoding()
    with tempfile.TemporaryDirectory() as name:
        for case in cases:
            failures += hostile.asked(decode, Path(name), case, slice(None))
    decode.close()
    return Outcome(f"{len(cases)} files in {hostile.WAYS} ways", failures)


CAMPAIGNS: dict[str, tuple[str, Callable[[argparse.Namespace], Outcome]]] = {
    "replay": ("Power cut after any operation, replayed on a model of the disk", replay),
    "train": ("The same while a codebook is trained, with and without its syncs", train),
    "books": ("The same of ledgers and rows written in turn", books),
    "ablation": ("Each sync left out: the replay must notice", ablation),
    "kill": ("kill -9 of the writer", kill),
    "resume": ("kill -9 of ingest, started again until it is done", resume),
    "reencode": ("kill -9 of a change of the encoder, beside a process that asks", reencode),
    "switch": ("Power cut, or a disk that refuses, while the space changes and back", switch),
    "follow": ("A folder in upheaval is followed, and compared with a fresh ingest", follow),
    "ask": ("Hostile files as questions, whole and in pieces", ask),
    "cut": ("Power cut on ext4", cut),
    "refuse": ("The n-th operation fails: full, failing, interrupted, short", refuse),
    "fill": ("Disks that are too small, limits on file size", fill),
    "mutate": ("One file damaged", mutate),
    "crowd": ("4 reading processes beside a writer that compacts", crowd),
    "model": ("Random calls against a dictionary", model),
    "filters": ("Random conditions against a plain Python evaluation", filter_rows),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    counts = {"kills": 200, "stops": 50, "cuts": 200, "tears": 64, "flips": 100, "seconds": 60}
    counts |= {"lives": 1000, "stride": 1, "filters": 100_000, "bursts": 20, "changes": 10_000}
    for name, default in counts.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", nargs="+", choices=CAMPAIGNS, default=list(CAMPAIGNS))
    options = parser.parse_args()
    failed = 0
    for name in options.only:
        title, campaign = CAMPAIGNS[name]
        begun = time.monotonic()
        outcome = campaign(options)
        took = time.monotonic() - begun
        failed += len(outcome.failures)
        row = f"| {title} | {outcome.tried} | {len(outcome.failures)} | {took:.0f} |"
        print("\n".join([row, *outcome.failures[:20]]), flush=True)  # noqa: T201
        write_row(title, row)
    sys.exit(failed > 0)


def write_row(title: str, row: str) -> None:
    """Put the counts of one campaign into the document, in place of its older ones."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    table, _, after = rest.partition(END)
    older = [line for line in table.splitlines() if line.startswith("| ")]
    kept = {line.split(" | ")[0][2:]: line for line in older[1:]} | {title: row}
    titles = [title for title, _ in CAMPAIGNS.values()]
    rows = [kept[title] for title in titles if title in kept]
    kernel = ".".join(platform.release().split(".")[:2])
    machine = f"{os.cpu_count()} cores, {platform.system()} {kernel}"
    head = ["| campaign | tried | failed | seconds |", "|---|---|---|---|"]
    lines = [f"Machine: {machine}, Python {platform.python_version()}.", "", *head, *rows, ""]
    text = "\n".join(lines)
    DOCUMENT.write_text(f"{before}{BEGIN}{text}{END}{after}")


if __name__ == "__main__":
    main()
