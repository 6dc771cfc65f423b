"""The page about changing the encoder: its commands run, one after another."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cli.place import Place
from tests.docs.commands import carried_out
from tests.encoder import another
from tests.ingest.folder import write_picture

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "models.md").read_text("utf-8")


def test_the_commands_run(tmp_path: Path) -> None:
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    (questions,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    another.write(tmp_path / "other")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "boats.txt").write_text("The boats left the harbour before the storm.")
    (tmp_path / "notes" / "bread.txt").write_text("Knead the dough and bake it until it is brown.")
    write_picture(tmp_path / "loaf.jpg")
    (tmp_path / "questions.jsonl").write_text(questions)
    assert Place(tmp_path).run("ingest", "notes").returncode == 0
    said = [told.splitlines() for told in carried_out(commands, tmp_path)]
    estimate, built, compared, switched, _, back = (json.loads(lines[-1]) for lines in said)
    assert (estimate["files"], estimate["unable"]) == (2, [])
    assert (built["switched"], switched["switched"]) == (False, True)
    assert compared["kinds"]["text"]["judged"] == 1
    assert compared["kinds"]["text"]["before"]["R@1"] == 1.0
    assert json.loads(said[4][0])["uri"].endswith("/notes/boats.txt")
    assert back["space"].startswith("omni-mini ")


def test_what_is_linked_is_there() -> None:
    for target in re.findall(r"\]\(([\w./-]+\.md)", PAGE):
        assert (ROOT / "docs" / target).is_file(), target
