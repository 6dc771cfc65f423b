"""An encoder that was loaded once answers in forks of the process that loaded it."""

import os
import subprocess
import sys
from pathlib import Path

IN_A_FORK = """
import os, sys
import omnisearch as om
kept = om.KeptEncoder()
assert kept.opened == {"text"}, kept.opened
kept.open(["image", "no such graph"])
assert kept.opened == {"text", "image"}, kept.opened
assert kept.compared == {"text"}, kept.compared
kept.compare(["document", "no such input"])
assert kept.compared == {"text", "document"}, kept.compared
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


def _run(code: str, *arguments: str) -> int:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, timeout=600).returncode


COLLECTION = """
import gc, os, sys
from pathlib import Path
import omnisearch as om
path = Path(sys.argv[1])
kept = om.KeptEncoder()
def told():
    process = os.fork()
    if not process:
        with kept.collection(path) as col:
            assert kept.asked == os.path.realpath(path), kept.asked
            found = [one.id for one in col.query(text="dog on the beach", k=3)]
        (path.parent / "told").write_text(" ".join(found))
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert not status, status
    return (path.parent / "told").read_text()
def write(*commands):
    process = os.fork()
    if not process:
        with om.open(path, encoder=kept.adopt()) as col:
            for name, *given in commands:
                getattr(col, name)(*given)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert not status, status
write(["add", [om.Item(id=f"i{at}", text=f"stone number {at}") for at in range(9)]])
first = told()
assert kept.asked is None
for _ in range(2):
    kept.keep(str(path))
    assert told() == first
gc.collect()
assert str(path) not in Path("/proc/self/maps").read_text()
write(["add", [om.Item(id="dog", text="a dog on the beach")]])
assert told().split()[0] == "dog"
write(["compact"])
assert told().split()[0] == "dog"
kept.keep(str(path))
assert told().split()[0] == "dog"
write(["delete", ["dog"]])
assert told() == first
kept.keep(str(path.parent / "none"))
"""


def test_a_collection_that_was_kept_is_read_as_it_is_now(tmp_path: Path) -> None:
    assert _run(COLLECTION, str(tmp_path / "collection")) == 0
