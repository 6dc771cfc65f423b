"""`python -m tests.hostile [TOPIC …]`: every hostile file with what became of it, and the sums."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from omnisearch.media.pool.pool import Pool
from tests.hostile.files import CASES
from tests.hostile.trial import tried
from tests.hostile.watch import Lookout, watched


def main() -> int:
    """Try the files of the topics that are named, or all; gives how many went wrong."""
    topics, outcomes, wrong = sys.argv[1:], Counter[str](), 0
    longest_s, most = 0.0, 0
    with tempfile.TemporaryDirectory() as name, Lookout(Path(name)) as lookout, Pool() as pool:
        for case in CASES.values():
            if topics and case.topic not in topics:
                continue
            path = case.write(Path(name), lookout.bait)
            with watched() as memory:
                trial = tried(pool, path)
            path.unlink()
            faults = lookout.touched()
            faults += [] if trial.outcome in case.may else ["not what it may become"]
            figures = (
                f"{trial.first_s:5.1f} s {memory.peak >> 20:4} MiB {trial.segments:4} segments"
            )
            told = "; ".join(faults) or trial.reason[:120]
            sys.stdout.write(f"{case.name:36} {trial.outcome:9} {figures}  {told}\n")
            outcomes[trial.outcome] += 1
            wrong += bool(faults)
            longest_s, most = max(longest_s, trial.first_s), max(most, memory.peak)
    sums = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    most_told = f"at most {longest_s:.1f} s to the first segment and {most >> 20} MiB"
    sys.stdout.write(f"{outcomes.total()} files: {sums}; {wrong} went wrong; {most_told}\n")
    return min(wrong, 100)


if __name__ == "__main__":
    sys.exit(main())
