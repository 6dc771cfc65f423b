"""The entry point: so light that Ctrl-C is heard while the rest of the program loads."""

from __future__ import annotations

import os
import sys

from omnisearch_cli import interrupts

USAGE = 2


def main() -> int:
    """Run the command line; returns its exit code, with which a helper's answer ends at once."""
    if os.name == "nt":
        sys.stderr.write("omnisearch: native Windows is not supported: run it inside WSL 2\n")
        return USAGE
    interrupts.leave_at_once()
    from omnisearch_cli.warm import client  # after the line above, which is the reason for it

    code = client.answered(sys.argv[1:])
    if code is not None:
        os._exit(code)  # all is printed; the interpreter would take 4 ms to end
    from omnisearch_cli.program import run

    return run(sys.argv[1:])
