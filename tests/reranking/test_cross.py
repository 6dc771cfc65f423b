"""Cross-encoders: the order is that of the library's own scores; what is none is refused."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import EncoderFilesError, EncoderNotFoundError, MissingExtraError
from omnisearch.reranking.judges import Crossed
from omnisearch.reranking.question import Candidate, Question

pytest.importorskip("sentence_transformers", "5.4")
from sentence_transformers import CrossEncoder

from omnisearch.encoder.hub import cross
from tests.encoder import hub_models
from tests.ingest.folder import sentence, write_picture

pytestmark = pytest.mark.slow
ASKED = "the harbour and the violin"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hub_models.cross(tmp_path_factory.mktemp("cross") / "cross")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "cross")


@pytest.fixture(scope="module")
def col(tmp_path_factory: pytest.TempPathFactory) -> Iterator[om.Collection]:
    """Give notes of different lengths and a picture with a name, which no test may change."""
    home = tmp_path_factory.mktemp("notes")
    for number in range(9):
        said = " ".join(sentence(number) for _ in range(1 + number % 3))
        (home / f"note-{number}.txt").write_text(said)
    write_picture(home / "violin.png")
    with om.open(tmp_path_factory.mktemp("col") / "c") as found:
        assert not found.ingest(home, jobs=1).failed
        yield found


def scored(folder: Path, found: om.Hits, col: om.Collection) -> dict[str, float]:
    """Judge hits by the library itself, one pair at a time."""
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    judged = {}
    for hit in found:
        details = col.details(hit.id)
        assert details is not None
        pair: Any = (ASKED, details.words)
        judged[hit.id] = float(model.predict([pair], show_progress_bar=False)[0])
    return judged


def test_hits_are_in_the_order_of_the_models_scores(made: Path, col: om.Collection) -> None:
    before = col.query(ASKED, k=10)
    found = col.query(ASKED, k=10, rerank=f"cross:{made}", explain=True)
    own = scored(made, before, col)
    assert found.ids == sorted(own, key=own.__getitem__, reverse=True) != before.ids
    assert [hit.reranked for hit in found] == pytest.approx(
        [own[name] for name in found.ids], abs=1e-5
    )
    assert {hit.id: hit.confidence for hit in found} == {hit.id: hit.confidence for hit in before}
    assert f"10 of 10 hits reranked by cross:{made}" in str(found.plan)
    assert found.plan is not None and found.plan.stages["reranking"] > 0
    texts = col.query(ASKED, k=10, rerank={"text": f"cross:{made}"})
    assert [hit.modality == "image" for hit in texts] == [hit.modality == "image" for hit in before]


def test_a_model_is_loaded_once_and_only_for_what_it_can_judge(
    made: Path, tmp_path: Path, col: om.Collection
) -> None:
    kept = shutil.copytree(made, tmp_path / "kept")
    first = col.query(ASKED, k=3, rerank=f"cross:{kept}")
    shutil.rmtree(kept)
    assert col.query(ASKED, k=3, rerank=f"cross:{kept}").ids == first.ids
    found = col.query(like="none" if not first else first.ids[0], rerank="cross:nowhere")
    assert found.remarks == ("not reranked by cross:nowhere: it reads questions in words alone",)
    only = col.query(ASKED, modality="image", rerank={"text": "cross:nowhere"})
    assert len(only) == 1 and only[0].reranked is None


def test_what_says_nothing_keeps_its_place(made: Path, col: om.Collection) -> None:
    hits = list(col.query(ASKED, k=3))
    words = ["a harbour", "  ", "a violin"]
    pairs = [Candidate(hit, said, lambda _: None) for hit, said in zip(hits, words, strict=True)]
    judge = Crossed(cross.open(str(made), say=pytest.fail))
    scores = judge.scores(Question(ASKED), pairs, lambda: False)
    assert [score == score for score in scores] == [True, False, True]
    stopped = judge.scores(Question(ASKED), pairs, lambda: True)
    assert not (stopped == stopped).any()


def refused(folder: Path) -> str:
    with pytest.raises(EncoderFilesError) as caught:
        cross.open(str(folder), say=pytest.fail)
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_what_is_no_cross_encoder_is_refused(tmp_path: Path) -> None:
    assert "is no cross-encoder (SentenceTransformer)" in refused(
        hub_models.plain(tmp_path / "plain")
    )
    assert "is no cross-encoder (BertModel)" in refused(tmp_path / "plain-bert")
    labelled = hub_models.cross(tmp_path / "labelled", labels=3)
    assert "gives 3 numbers for a pair, not one score" in refused(labelled)
    with pytest.raises(EncoderNotFoundError, match="there is no cross-encoder"):
        cross.open(str(tmp_path), say=pytest.fail)


@pytest.mark.parametrize("called", ["torch.hub.list", "os.abort", "torch.nn.modules.module.Module"])
@pytest.mark.parametrize("file", ["config.json", "config_sentence_transformers.json"])
def test_what_a_model_wants_called_is_an_activation(folder: Path, file: str, called: str) -> None:
    hub_models.change(folder / file, activation_fn=called)
    assert f"calls {called} on its scores" in refused(folder)


def test_pickles_and_foreign_code_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "has its weights as a pickle" in refused(folder)
    (folder / "pytorch_model.bin").rename(folder / "model.safetensors")
    told = json.loads((folder / "modules.json").read_text())
    told[0]["type"] = "own.Module"
    (folder / "modules.json").write_text(json.dumps(told))
    assert "asks for code of its own (own.Module), never run" in refused(folder)


def test_without_the_extra_the_command_is_told(
    made: Path, col: om.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with om.open(col.path, mode="r") as fresh:
        for name in ("sentence_transformers", "torch"):
            monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(MissingExtraError, match=r"pip install 'omnisearch\[hub\]'"):
            fresh.query(ASKED, rerank=f"cross:{made}")


def test_one_that_sees_is_shown_pictures_from_their_files(
    col: om.Collection, tmp_path: Path
) -> None:
    folder = hub_models.seeing_cross(tmp_path / "seeing")
    before = col.query(ASKED, k=10)
    found = col.query(ASKED, k=10, rerank=f"cross:{folder}")
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    own = {}
    for hit in before:
        details = col.details(hit.id)
        assert details is not None
        given: Any = details.words
        if hit.modality == "image":
            pixels = np.asarray(om.thumbnail(hit, 1024)).transpose(2, 0, 1)
            given = {"text": given, "image": pixels} if given else pixels
        pair: Any = (ASKED, given)
        own[hit.id] = float(model.predict([pair], show_progress_bar=False)[0])
    assert found.ids == sorted(own, key=own.__getitem__, reverse=True)
    judged = [hit.reranked for hit in found]
    assert judged == pytest.approx([own[name] for name in found.ids], abs=1e-4)
    (picture,) = [hit for hit in found if hit.modality == "image"]
    blind = model.predict([(ASKED, col.details(picture.id).words or "x")], show_progress_bar=False)  # type: ignore[union-attr]
    assert picture.reranked != pytest.approx(float(blind[0]), abs=1e-4)  # it is seen
