from pathlib import Path

from tests.cli.place import ROOT
from tests.docs.commands import printed

PAGE = (ROOT / "docs" / "beyond.md").read_text("utf-8")


def test_the_blocks_print_what_is_shown(tmp_path: Path) -> None:
    for part, text in printed(PAGE, tmp_path):
        assert part.endswith(text)
