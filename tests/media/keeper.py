"""A program with a pool, for tests that end or interrupt it: tells its processes, then decodes."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.pool import Pool
from tests.media.families import children_of

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    with (
        Pool("tests.media.misconduct:pieces", workers=1) as pool,
        Path(__file__).open("rb") as file,
    ):
        coming = pool.decode(file.fileno(), Ask(sys.argv[1]))
        next(coming)
        (zygote,) = children_of(os.getpid())
        processes = json.dumps([zygote, *children_of(zygote)])
        try:
            sys.stdout.write(f"{processes}\n")
            sys.stdout.flush()
            list(coming)
        except KeyboardInterrupt:
            coming.close()  # type: ignore[attr-defined]
            again = list(pool.decode(file.fileno(), Ask('{"good": 3}')))
            sys.stdout.write(f"interrupted, then {len(again)} pieces\n")
