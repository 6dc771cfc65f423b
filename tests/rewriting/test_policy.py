"""Policy files: rules are read, and what is wrong is said with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.errors import QueryError
from tests.rewriting.conftest import picture

GOOD = """# what visitors see
[[deny]]
text = ["boats", "a ferry"]
at = 0.2
reason = "nothing of the harbour"

[[deny]]
image = "seen/red.png"

[[allow]]
text = "a shape, or a note"
at = 0.001
"""


def test_rules_of_a_file(col: om.Collection, tmp_path: Path) -> None:
    (tmp_path / "seen").mkdir()
    picture("red", "circle").save(tmp_path / "seen" / "red.png")
    (tmp_path / "policy.toml").write_text(GOOD)
    rules = om.read_policy(tmp_path / "policy.toml")
    assert [(one.effect, one.at) for one in rules] == [
        ("deny", 0.2),
        ("deny", 0.2),
        ("deny", 0.5),
        ("allow", 0.001),
    ]
    assert [one.reason for one in rules] == ["nothing of the harbour"] * 2 + ["", ""]
    hits = col.query("a red circle", k=4, policy=tmp_path / "policy.toml")
    assert "red-circle" not in hits.ids and hits.withheld["near red.png"] >= 1
    assert col.query("a red circle", k=4, policy=rules).ids == hits.ids
    assert col.query("the harbour", k=2, policy=rules).withheld["nothing of the harbour"] >= 1


WRONG = {
    "[[deny]]\ntext = 'a'\nat = 3\n": (3, "deny.at", "above 0 and below 1"),
    "[[deny]]\ntext = 'a'\nat = 'x'\n": (3, "deny.at", "a number"),
    "\n[[deny]]\ntext = 'a'\n[[deny]]\n\ntextt = 'b'\n": (6, "deny.textt", "did you mean text"),
    "[[deny]]\ntext = [3]\n": (2, "deny.text", "3 is no text"),
    "[[deny]]\ntext = ''\n": (2, "deny.text", "give words or a path"),
    "[[allow]]\nreason = 'b'\n": (1, "allow", "nothing is named"),
    "[[deny]]\ntext = 'a'\nreason = 3\n": (3, "deny.reason", "put it in quotes"),
    "[deny]\ntext = 'a'\n": (1, "deny", "write [[deny]]"),
    "deny = 3\n": (1, "deny", "write [[deny]]"),
    "[[deny]]\ntext = 'a'\nimage = 'none.png'\n": (3, "deny.image", "none.png'; a path begins"),
    "[[allow]]\nat = 0.2\n\naudio = ['~nobody-here/a']\n": (4, "allow.audio", "there is no file"),
    "[[deny]]\nvideo = '.'\n": (2, "deny.video", "there is no file"),
    '[[deny]]\ndocument = "a\\u0000"\n': (2, "deny.document", "there is no file"),
    "[[forbid]]\ntext = 'a'\n": (1, "forbid", "there is no 'forbid'"),
}


@pytest.mark.parametrize("text", WRONG)
def test_faults_name_line_and_key(tmp_path: Path, text: str) -> None:
    place = tmp_path / "policy.toml"
    place.write_text(text)
    line, key, told = WRONG[text]
    with pytest.raises(QueryError) as raised:
        om.read_policy(place)
    assert f"{place}, line {line}, {key}: " in str(raised.value)
    assert told in str(raised.value)


def test_files_that_are_no_policy(tmp_path: Path) -> None:
    place = tmp_path / "policy.toml"
    with pytest.raises(QueryError, match="cannot be read"):
        om.read_policy(place)
    for text, told in (("[[deny", "no TOML"), ("", "has no rule")):
        place.write_text(text)
        with pytest.raises(QueryError, match=told):
            om.read_policy(place)
    place.write_bytes(b"text = '\xff'")
    with pytest.raises(QueryError, match="no UTF-8"):
        om.read_policy(place)
    place.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(QueryError, match="over 1,048,576 bytes"):
        om.read_policy(place)


def test_media_of_a_policy_are_read_in_the_sandbox(col: om.Collection, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[[deny]]\nimage = "broken.png"\n')
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(om.errors.MediaError, match=r"broken\.png"):
        col.query("harbour", policy=tmp_path / "policy.toml")


def test_a_file_that_is_of_another_kind_is_told(col: om.Collection, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[[deny]]\nimage = ["boats.txt", "boats.txt"]\n')
    (tmp_path / "boats.txt").write_text("boats in a harbour")
    remark = f"{tmp_path / 'boats.txt'} is a text, not a picture: asked as what it is"
    for _ in range(2):
        hits = col.query("harbour", k=3, policy=tmp_path / "policy.toml")
        told = [one for one in hits.remarks if not one.startswith("withheld")]
        assert told == [f"deny: {remark}"]
    mild = col.query("harbour", k=3, allow=om.Image(tmp_path / "boats.txt"))
    assert mild.remarks[0] == f"allow: {remark}"
