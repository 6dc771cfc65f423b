"""An encoder that was loaded once answers in forks of the process that loaded it."""

import os
import subprocess
import sys

IN_A_FORK = """
import os, sys
import omnisearch as om
kept = om.KeptEncoder()
assert kept.opened == {"text"}, kept.opened
kept.open(["image", "no such graph"])
assert kept.opened == {"text", "image"}, kept.opened
process = os.fork()
if not process:
    found = kept.adopt().encode(["dog on the beach"], role="query")
    own = om.Encoder.load().encode(["dog on the beach"], role="query")
    os._exit(0 if found.tobytes() == own.tobytes() else 7)
_, status = os.waitpid(process, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""
WITHOUT = """
import os, sys
import omnisearch as om
encoder = om.Encoder.load()
encoder.encode(["warm"])
process = os.fork()
if not process:
    try:
        encoder.encode(["dog on the beach"])
    except RuntimeError as error:
        os._exit(0 if "load it again in this process" in str(error) else 7)
_, status = os.waitpid(process, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_fork_that_adopts_it_encodes_as_any_process_does() -> None:
    assert _run(IN_A_FORK) == 0


def test_a_fork_that_does_not_is_told_so() -> None:
    assert _run(WITHOUT) == 0


def _run(code: str) -> int:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, "-c", code], env=environment, timeout=120).returncode
