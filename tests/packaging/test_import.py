"""What `import omnisearch` costs, and what it brings along."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEASURE = """
import sys
before = set(sys.modules)
import omnisearch
brought = set(sys.modules) - before
known = sys.stdlib_module_names | {"omnisearch"}
print(len(brought), sorted({name.split(".")[0] for name in brought} - known))
"""


def python(code: str) -> str:
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_costs_little_and_brings_nothing() -> None:
    """Modules are counted, on whose number the time depends."""
    count, _, foreign = python(MEASURE).strip().partition(" ")
    assert foreign == "[]"
    assert int(count) < 100


def test_help_needs_no_numbers() -> None:
    code = (
        "import sys; sys.argv = ['omnisearch', '--help']\n"
        "from omnisearch_cli.main import main; main()\n"
        "print([name for name in ('numpy', 'pyarrow', 'faiss', 'tqdm') if name in sys.modules])"
    )
    assert python(code).splitlines()[-1] == "[]"


def test_every_name_that_is_offered_exists() -> None:
    code = (
        "import omnisearch as om; print([type(getattr(om, name)).__name__ for name in om.__all__])"
    )
    assert python(code).strip()


def test_an_unknown_name_is_an_attribute_error() -> None:
    code = "import omnisearch as om\ntry: om.nothing\nexcept AttributeError as error: print(error)"
    assert python(code) == "module 'omnisearch' has no attribute 'nothing'\n"
