import re
import subprocess
import sys
from pathlib import Path

from tests.cli.place import ROOT, environment

PAGE = (ROOT / "docs" / "beyond.md").read_text("utf-8")
BLOCKS = re.findall(r"```(python|text)\n(.*?)```", PAGE, re.DOTALL)
MARK = "-" * 9


def test_the_blocks_print_what_is_shown(tmp_path: Path) -> None:
    shown = [text if kind == "python" else f"print({MARK!r})" for kind, text in BLOCKS]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(shown)],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.split(f"{MARK}\n")
    expected = [text for kind, text in BLOCKS if kind == "text"]
    for part, text in zip(printed, expected, strict=False):
        assert part.endswith(text)
