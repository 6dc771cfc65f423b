"""`omnisearch ask` and `context`: what is sent, to whom, and what becomes of what comes back."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.model_server import SAID, ModelServer, serving
from tests.cli.place import Place

QUESTION = "When does the night train leave?"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as found:
        yield found


class Asking:
    """A user with notes, whose agreements are forgotten after the test."""

    def __init__(self, place: Place, state: Path) -> None:
        self._place, self._env = place, {"XDG_STATE_HOME": str(state)}

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self._place.run("ask", QUESTION, *arguments, stdin="", cwd=None, **self._env, **env)

    def typing(self, typed: str, *arguments: str) -> tuple[int, str]:
        return self._place.on_terminal(
            "ask", QUESTION, *arguments, typed=typed, cwd=None, **self._env
        )

    def interrupted(self, *arguments: str, at: str) -> tuple[int, str]:
        return self._place.apart_on_terminal(
            "ask", QUESTION, *arguments, interrupt_at=at, **self._env
        )


@pytest.fixture
def asking(gathered: Place, tmp_path: Path) -> Asking:
    return Asking(gathered, tmp_path)


def to(server: ModelServer, way: str = "good") -> list[str]:
    return ["--endpoint", server.at(way), "--model", "small"]


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(
    asking: Asking, server: ModelServer
) -> None:
    shown = asking.run("--dry-run", "--no-json")
    assert shown.returncode == 0 and f"user: Question: {QUESTION}" in shown.stdout
    assert '"trains.txt"' in shown.stdout and "(a picture, " in shown.stdout
    sent = json.loads(asking.run("--dry-run", *to(server)).stdout)["messages"]
    assert [one["role"] for one in sent] == ["system", "user"]
    assert any("10:30" in one.get("text", "") for one in sent[1]["content"])
    assert not server.asked


def test_it_is_off_until_an_endpoint_is_named(asking: Asking) -> None:
    done = asking.run()
    assert done.returncode == 2 and done.stdout == ""
    assert "no endpoint is set, so nothing is sent" in done.stderr


def test_the_answer_comes_with_its_sources(asking: Asking, server: ModelServer) -> None:
    done = asking.run(*to(server), "--yes", "--no-json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{SAID} [1].\n\n[1] files/trains.txt\n"
    (asked,) = server.asked
    assert asked.path == "/good/v1/chat/completions"
    assert asked.body["model"] == "small" and asked.body["stream"] is True
    assert "Authorization" not in asked.headers
    system, user = asked.body["messages"]
    assert "10:30" not in system["content"] and user["content"][0]["text"].startswith("Question: ")


def test_json_has_the_sources_that_are_named(asking: Asking, server: ModelServer) -> None:
    server.answer = f"{SAID} [1][99]."
    done = asking.run("--endpoint", f"{server.at()}#small", "--yes")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["answer"] == f"{SAID} [1][?]." and found["struck"] == [99]
    assert [one["number"] for one in found["citations"]] == [1]
    assert found["citations"][0]["uri"].endswith("/files/trains.txt")
    assert (found["endpoint"], found["model"]) == (server.at(), "small")


def test_sources_that_there_are_not_are_named_and_struck(
    asking: Asking, server: ModelServer
) -> None:
    server.answer = f"{SAID} [77], [1, 88] and so on [2-999]."
    done = asking.run(*to(server), "--yes", "--no-json")
    assert "77" not in done.stdout and "88" not in done.stdout and "[1]" in done.stdout
    assert "there are no such sources: [77], [88]" in done.stderr
    server.answer = "I do not know."
    assert "names no source" in asking.run(*to(server), "--no-json").stderr


def test_what_leaves_is_said_and_asked_once(asking: Asking, server: ModelServer) -> None:
    code, shown = asking.typing("y\n", *to(server))
    assert code == 0 and SAID in shown
    assert "what leaves: your question, " in shown and "small pictures go to" in shown
    assert f"send this to http://127.0.0.1:{server.port}, now and with later" in shown
    code, shown = asking.typing("", *to(server))
    assert code == 0 and SAID in shown and "what leaves" not in shown
    done = asking.run("--endpoint", server.at("whole"), "--model", "small")
    assert done.returncode == 2 and "nobody agreed yet" in done.stderr


def test_without_a_yes_nothing_is_sent(asking: Asking, server: ModelServer) -> None:
    code, shown = asking.typing("n\n", *to(server))
    assert code == 2 and "nothing was sent" in shown
    done = asking.run(*to(server))
    assert done.returncode == 2 and done.stdout == "" and "--yes" in done.stderr
    assert not server.asked


def test_nothing_is_sent_where_nothing_is_found(asking: Asking, server: ModelServer) -> None:
    done = asking.run(*to(server), "--yes", "--path", "nowhere/*.txt")
    assert done.returncode == 1 and not server.asked
    done = asking.run(*to(server), "--yes", "--budget", "5")
    assert done.returncode == 1 and "no source fits into 5 tokens" in done.stderr
    assert not server.asked


def test_a_server_that_does_not_stream_is_understood(asking: Asking, server: ModelServer) -> None:
    done = asking.run(*to(server, "whole"), "--yes", "--no-json")
    assert done.returncode == 0 and done.stdout.startswith(f"{SAID} [1].\n")


@pytest.mark.parametrize(
    ("way", "fault"),
    [
        ("silent", "was silent for 0.5 s"),
        ("stalling", "was silent for 0.5 s"),
        ("redirecting", "answers 307 (no words): it has moved, and is not followed"),
        ("locked", 'answers 401 ({"error": {"message": "no [31m key"}}): it wants a key'),
        ("page", "a line that is no event (<html><body>Welcome</body></html>)"),
        ("rubbish", "answers with what is no JSON ({not json})"),
        ("other", 'JSON of another form (["choices"])'),
        ("shapeless", "an event without words"),
        ("messageless", "answers with no message"),
        ("empty", "answers with no words"),
        ("broken", "broke off in the middle of its answer"),
        ("failing", "fails (out of memory)"),
        ("endless", "more than 200,000 characters"),
        ("unended", "a line of more than 1,048,576 bytes"),
    ],
)
def test_what_goes_wrong_with_a_server_is_said(
    asking: Asking, server: ModelServer, way: str, fault: str
) -> None:
    patience_s = "0.5" if "0.5 s" in fault else "60"
    done = asking.run(*to(server, way), "--yes", "--timeout", patience_s)
    assert done.returncode == 4 and done.stdout == ""
    assert fault in done.stderr and len(server.asked) == 1
    assert "Traceback" not in done.stderr and "\x1b" not in done.stderr


def test_words_that_came_before_a_fault_end_their_line(asking: Asking, server: ModelServer) -> None:
    done = asking.run(*to(server, "failing"), "--yes", "--no-json")
    assert done.returncode == 4 and done.stdout == f"{SAID}\n"


def test_a_server_that_is_down_is_said(asking: Asking) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = asking.run("--endpoint", f"http://127.0.0.1:{port}/v1#m", "--yes")
    assert done.returncode == 4 and "does not answer (ConnectionRefusedError" in done.stderr


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("ftp://host/v1#m", "is no address of a server"),
        ("http://127.0.0.1/v1", "no model is named"),
        ("http://name:word@127.0.0.1/v1#m", "holds a name, a password or a question"),
    ],
)
def test_an_address_that_is_none_is_said(asking: Asking, address: str, fault: str) -> None:
    done = asking.run("--endpoint", address, "--yes")
    assert done.returncode == 2 and fault in done.stderr


def test_what_an_answer_would_do_to_a_terminal_is_shown(
    asking: Asking, server: ModelServer
) -> None:
    server.answer = "\x1b[2J\x07gone\r\nand\x9b31m [1]\u202e"
    code, shown = asking.typing("", *to(server), "--yes")
    assert code == 0 and "\\u001b[2J\\u0007gone\nand\\u009b31m [1]\\u202e" in shown


def test_ctrl_c_ends_an_answer(asking: Asking, server: ModelServer) -> None:
    code, shown = asking.interrupted(*to(server, "waiting"), "--yes", at=SAID)
    assert code == 130 and shown.endswith("interrupted\n")


def test_a_key_is_sent_and_never_shown(asking: Asking, server: ModelServer) -> None:
    done = asking.run(*to(server), "--yes", OMNISEARCH_ASK_KEY="sk-secret")
    assert server.asked[0].headers["Authorization"] == "Bearer sk-secret"
    refused = asking.run(*to(server, "locked"), "--yes", OMNISEARCH_ASK_KEY="sk-secret")
    far = asking.run(
        "--endpoint", "http://far.invalid/v1#m", "--yes", OMNISEARCH_ASK_KEY="sk-secret"
    )
    assert far.returncode == 2 and "give an address with https" in far.stderr
    odd = asking.run(*to(server), "--yes", OMNISEARCH_ASK_KEY="sk secret")
    assert odd.returncode == 2 and "holds blanks" in odd.stderr
    for one in (done, refused, far, odd):
        assert "secret" not in one.stdout + one.stderr


def test_a_key_may_lie_in_a_file_of_ones_own(
    asking: Asking, server: ModelServer, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    file = config / "omnisearch.key"
    file.write_text("sk-file\n")
    file.chmod(0o640)
    done = asking.run(*to(server), "--yes", XDG_CONFIG_HOME=str(config))
    assert done.returncode == 2 and f"chmod 600 {file}" in done.stderr and not server.asked
    file.chmod(0o600)
    done = asking.run(*to(server), "--yes", XDG_CONFIG_HOME=str(config))
    assert done.returncode == 0
    assert server.asked[0].headers["Authorization"] == "Bearer sk-file"


def test_the_environment_and_the_file_of_settings_name_an_endpoint(
    asking: Asking, server: ModelServer, tmp_path: Path
) -> None:
    told = {"OMNISEARCH_ASK_ENDPOINT": server.at(), "OMNISEARCH_ASK_MODEL": "large"}
    assert asking.run("--yes", **told).returncode == 0
    config = tmp_path / "config"
    config.mkdir()
    lines = f'ask_endpoint = "{server.at()}"\nask_model = "tiny"\n'
    (config / "omnisearch.toml").write_text(lines)
    assert asking.run(XDG_CONFIG_HOME=str(config)).returncode == 0
    assert [one.body["model"] for one in server.asked] == ["large", "tiny"]


def test_no_proxy_of_the_environment_hears_of_it(asking: Asking, server: ModelServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        done = asking.run(*to(server), "--yes", http_proxy=address, ALL_PROXY=address)
    assert done.returncode == 0 and len(server.asked) == 1


def test_a_context_is_printed_for_others_to_use(gathered: Place) -> None:
    done = gathered.run("context", QUESTION, "--max-media", "0")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["tokens"] <= found["budget_tokens"] == 2000
    first = found["parts"][0]
    assert first["uri"].endswith("/files/trains.txt") and "10:30" in first["text"]
    assert first["span"]["start"] == 0 and first["number"] == 1
    code, shown = gathered.on_terminal("context", QUESTION, "--budget", "200")
    assert code == 0 and '[1] "trains.txt"' in shown
    nothing = gathered.run("context", QUESTION, "--path", "nowhere/*")
    assert nothing.returncode == 1 and json.loads(nothing.stdout)["parts"] == []


def test_without_a_collection_there_is_nothing_to_ask(place: Place) -> None:
    done = place.run("context", "anything")
    assert done.returncode == 2 and "Traceback" not in done.stderr
