import shutil
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.ingest.drafts import Draft, Segment
from omnisearch.ingest.encoding import Encoding, Task
from omnisearch.ingest.queues import Budget, Lane, Stop
from omnisearch.records import View


def task(draft: Draft, segment: Segment, **arrays: np.ndarray) -> Task:
    view: View = "words" if segment.modality == "text" else "content"
    return Task(draft, draft.expect(), segment, (view,), arrays, 0)


def encoding(encoder: om.Encoder, finished: list[Draft]) -> Encoding:
    stop = Stop()
    return Encoding(lambda: encoder, Lane(stop), Budget(1, stop), finished.append)


def test_an_item_is_finished_with_its_last_segment_in_the_order_of_all(
    encoder: om.Encoder,
) -> None:
    finished: list[Draft] = []
    encodes, draft = encoding(encoder, finished), Draft("ab", [])
    words = ["a red boat", "a green hill"]
    tasks = [task(draft, Segment(f"ab#{one}", "text", None, one)) for one in words]
    assert not draft.end()
    encodes.do(tasks[1])
    assert finished == []
    encodes.do(tasks[0])
    assert finished == [draft]
    assert [row.id for row in draft.rows] == ["ab#a red boat~words", "ab#a green hill~words"]
    assert np.array_equal(draft.rows[0].vector, encoder.encode(["a red boat"])[0])


def test_a_sound_without_words_has_no_row_of_words(encoder: om.Encoder) -> None:
    finished: list[Draft] = []
    draft = Draft("ab", [])
    tone = np.sin(np.arange(16_000) / 6).astype(np.float32)
    encoding(encoder, finished).do(task(draft, Segment("ab#1", "audio", None, None), sound=tone))
    assert [row.view for row in draft.rows] == ["content"]


def test_signs_without_a_meaning_cost_a_passage_and_not_the_file(encoder: om.Encoder) -> None:
    draft = Draft("ab", [])
    encodes = encoding(encoder, [])
    encodes.do(task(draft, Segment("ab#1", "text", None, "\u2603")))
    encodes.do(task(draft, Segment("ab#2", "text", None, "a snowman")))
    assert draft.fault is None
    assert [row.segment.id for row in draft.rows] == ["ab#2"]


def test_a_damaged_encoder_ends_the_run_and_blames_no_file(tmp_path: Path) -> None:
    shutil.copytree(om.Encoder.describe().where, tmp_path / "encoder")
    damaged = om.Encoder.load(tmp_path / "encoder")
    graph = tmp_path / "encoder" / "text.onnx"
    graph.chmod(0o600)
    graph.write_bytes(graph.read_bytes()[:-1] + b"!")
    draft = Draft("ab", [])
    with pytest.raises(om.errors.EncoderFilesError, match=r"text\.onnx"):
        encoding(damaged, []).do(task(draft, Segment("ab#1", "text", None, "a boat")))
    assert draft.fault is None
