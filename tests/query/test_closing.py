"""Questions with files that another thread is answering when their collection is closed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.encoder.encoder import Encoder
from tests.encoder.test_encoder import Three
from tests.ingest.folder import write_picture
from tests.media.pipes import writer

LONG_S = 120.0


@pytest.fixture
def col(tmp_path: Path) -> Iterator[om.Collection]:
    write_picture(tmp_path / "a.png")
    with om.open(tmp_path / "collection", encoder=Encoder(Three(x=[2.0, 0, 0]))) as opened:
        opened.add([om.Item("a", text="x")])
        yield opened


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as some:
        yield some


def is_closed(question: Future[om.Hits]) -> None:
    with pytest.raises(ValueError, match=r"handle on .* is closed: open the collection again"):
        question.result(LONG_S)


def test_a_question_whose_file_is_decoded_says_that_it_was_closed(
    col: om.Collection, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    question = threads.submit(col.query, image=tmp_path / "a.png", k=1)
    while not col._asker._decoder.started:
        time.sleep(0.001)
    col.close()  # what decodes is a new Python, which takes longer
    is_closed(question)


def test_no_decoder_is_started_for_a_collection_that_was_closed(
    col: om.Collection, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    question = threads.submit(col.query, image=pipe, k=1)
    with writer(pipe, question) as file:
        col.close()
        file.write((tmp_path / "a.png").read_bytes())
    is_closed(question)
    assert not col._asker._decoder.started


def test_a_question_with_a_file_is_answered_before(col: om.Collection, tmp_path: Path) -> None:
    assert col.query(image=tmp_path / "a.png", k=1).ids == ["a"]
