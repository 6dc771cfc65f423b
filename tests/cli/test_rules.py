"""`omnisearch query` with rules, respelt words and expanded questions."""

from __future__ import annotations

import json

from tests.cli.place import Place

HELD = '[[deny]]\ntext = "flowers and bees"\nat = 0.05\nreason = "no bees"\n'


def test_words_are_respelt_and_said_in_every_form(gathered: Place) -> None:
    done = gathered.run("query", "where are the flowerz", "-k1", "--json")
    (hit,) = map(json.loads, done.stdout.splitlines())
    assert done.stderr == 'nothing says "flowerz": asked with "flowers"\n'
    assert hit["spelling"] == {"flowerz": "flowers"}
    plain = gathered.run("query", "where are the flowers", "-k1", "--json")
    assert {**json.loads(plain.stdout), "spelling": hit["spelling"]} == hit
    told = gathered.run("query", "the flowerz", "-k1", "--spelling", "suggest")
    assert 'did you mean "flowers"?' in told.stderr
    off = gathered.run("query", "the flowerz", "-k1", "--spelling", "off")
    assert off.stderr == "" and "spelling" not in json.loads(off.stdout)
    lines = gathered.run("query", "--batch", "-", "-k1", stdin='"the flowerz"\n')
    assert json.loads(lines.stdout)["spelling"] == {"flowerz": "flowers"}


def test_a_policy_holds_back_and_is_counted(gathered: Place) -> None:
    (gathered.home / "policy.toml").write_text(HELD)
    plain = gathered.run("query", "where are the flowers", "-k2", "--json")
    first = json.loads(plain.stdout.splitlines()[0])
    held = gathered.run("query", "where are the flowers", "-k2", "--policy", "policy.toml")
    hits = [json.loads(line) for line in held.stdout.splitlines()]
    assert len(hits) == 2 and first["id"] not in [hit["id"] for hit in hits]
    assert hits[0]["withheld"]["no bees"] >= 1
    assert held.stderr.startswith("withheld: no bees (")
    told = gathered.run("context", "where are the flowers", "--policy", "policy.toml")
    assert "withheld: no bees (" in told.stderr


def test_rules_of_flags(gathered: Place) -> None:
    asked = ("query", "where are the flowers", "-k1", "--expand")
    low = gathered.run(*asked, "--deny-text", "flowers and bees:0.05", "--explain")
    assert "withheld: near 'flowers and bees' (" in low.stderr
    high = gathered.run(*asked, "--deny-text", "flowers and bees:0.999")
    assert "withheld" not in high.stderr and high.stdout != low.stdout
    only = gathered.run(*asked, "--allow-text", "flowers and bees:0.05", "--expand-by", "vectors")
    assert json.loads(only.stdout)["id"] == json.loads(high.stdout)["id"]


def test_what_is_wrong_with_a_rule_is_one_line(gathered: Place) -> None:
    (gathered.home / "wrong.toml").write_text("[[deny]]\ntext = 'a'\nat = 2\n")
    for flags, told in (
        (("--policy", "wrong.toml"), "the policy wrong.toml, line 3, deny.at: at is 2"),
        (("--policy", "none.toml"), "the policy none.toml cannot be read"),
        (("--deny-text", "a:7"), "--deny-text: at is 7.0: a confidence above 0 and below 1"),
        (("--deny-image", "none.png"), "none.png"),
    ):
        done = gathered.run("query", "flowers", *flags)
        assert done.returncode == 2 and told in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_remarks_of_a_batch_are_named_as_errors_are(gathered: Place) -> None:
    asked = '"the flowers"\n"the flowerz"\n{"text": "bees", "deny": {"image": "a.jpg"}}\n'
    wanted = '{"text": "bees", "allow": ["flowers", 3]}\n{"text": "bees", "deny": ["bread"]}\n'
    done = gathered.run("query", "--batch", "-", "-k1", stdin=f"{asked}{wanted}")
    assert done.returncode == 3
    assert [json.loads(line)["query"] for line in done.stdout.splitlines()] == [0, 1, 4]
    remedy = "give a string or a list of strings"
    assert done.stderr.splitlines()[:3] == [
        'stdin, line 2 (query 1): nothing says "flowerz": asked with "flowers"',
        f'omnisearch: stdin, line 3 (query 2): deny is {{"image": "a.jpg"}}: {remedy}',
        f'omnisearch: stdin, line 4 (query 3): allow is ["flowers", 3]: {remedy}',
    ]
    told = gathered.run("query", "--batch", "-", "-k1", "--explain", stdin='"bees"\n')
    assert told.stderr.startswith("stdin, line 1 (query 0): ")
