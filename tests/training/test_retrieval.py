import numpy as np
import pytest

from omnisearch.evaluation import retrieval

# scores of three queries over four candidates are the rows of CANDIDATES.T
CANDIDATES = np.array(
    [[0.9, 0.1, 0.5], [0.8, 0.2, 0.5], [0.7, 0.3, 0.5], [0.6, 0.4, 0.5]], dtype=np.float32
)
QUERIES = np.eye(3, dtype=np.float32)
RELEVANT = np.array([[0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 1, 0]], dtype=bool)


def test_ranks_count_what_stands_before_the_best_right_one() -> None:
    assert retrieval.ranks(QUERIES, CANDIDATES, RELEVANT).tolist() == [2, 1, 4]


def test_a_tie_with_a_wrong_one_is_no_success() -> None:
    same = np.ones((5, 3), dtype=np.float32)
    relevant = np.zeros((3, 5), dtype=bool)
    relevant[:, 2] = True
    assert retrieval.ranks(QUERIES, same, relevant).tolist() == [5, 5, 5]


def test_ranks_are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    query, candidate = generator.normal(size=(50, 8)), generator.normal(size=(40, 8))
    relevant = np.eye(50, 40, dtype=bool)
    relevant[40:, 0] = True
    whole = retrieval.ranks(query, candidate, relevant)
    monkeypatch.setattr(retrieval, "_BLOCK", 100)
    assert (retrieval.ranks(query, candidate, relevant) == whole).all()


def test_what_is_excluded_counts_neither_way() -> None:
    excluded = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], dtype=bool)
    # query 1 has left: the right one at 3 behind two wrong ones
    assert retrieval.ranks(QUERIES, CANDIDATES, RELEVANT, excluded).tolist() == [1, 1, 4]
    with pytest.raises(ValueError, match="query 0 has no right candidate"):
        retrieval.ranks(QUERIES, CANDIDATES, RELEVANT, RELEVANT)


def test_means_of_ranks() -> None:
    found = np.array([1, 2, 4, 11])
    assert retrieval.recall_at(found, 1) == 0.25
    assert retrieval.recall_at(found, 10) == 0.75
    assert retrieval.mrr(found) == pytest.approx((1 + 1 / 2 + 1 / 4 + 1 / 11) / 4)


def test_average_precision_by_hand() -> None:
    # query 1 ranks 3, 2, 1, 0: right ones at places 1 and 4
    expected = [1 / 2, (1 / 1 + 2 / 4) / 2, 1 / 4]
    found = retrieval.average_precision(QUERIES, CANDIDATES, RELEVANT)
    assert found == pytest.approx(expected)
    assert retrieval.mean_ap(QUERIES, CANDIDATES, RELEVANT) == pytest.approx(np.mean(expected))


def test_pairwise_accuracy_halves_ties() -> None:
    assert retrieval.pairwise_accuracy(np.array([1.0, 2, 3]), np.array([0.0, 2, 4])) == 0.5


def test_chance_by_hand() -> None:
    # 1 of 4 at k=1: 1/4; 2 of 4 at k=2: 1 - (2*1)/(4*3) = 5/6
    assert retrieval.chance_recall(RELEVANT[[0]], 1) == pytest.approx(1 / 4)
    assert retrieval.chance_recall(RELEVANT[[1]], 2) == pytest.approx(5 / 6)
    assert retrieval.chance_recall(RELEVANT, 10) == pytest.approx(1.0)


def test_chance_is_what_random_vectors_get() -> None:
    generator = np.random.default_rng(1)
    query, candidate = generator.normal(size=(2000, 16)), generator.normal(size=(100, 16))
    relevant = generator.permuted(np.tile(np.arange(100) < 3, (2000, 1)), axis=1)
    found = retrieval.recall_at(retrieval.ranks(query, candidate, relevant), 10)
    assert abs(found - retrieval.chance_recall(relevant, 10)) < 0.04


def test_standard_error_by_hand() -> None:
    assert retrieval.standard_error(np.array([0, 1, 1, 0])) == pytest.approx(np.sqrt(1 / 3) / 2)
    assert retrieval.standard_error(np.array([True, False])) == pytest.approx(0.5)


def test_a_clear_difference_is_found_and_an_absent_one_is_not() -> None:
    generator = np.random.default_rng(2)
    a = generator.random(500) < 0.5
    b = a & (generator.random(500) < 0.8)
    clear = retrieval.paired_bootstrap(a, b, seed=0, resamples=2000)
    assert clear.value == pytest.approx(a.mean() - b.mean())
    assert 0 < clear.low < clear.value < clear.high
    none = retrieval.paired_bootstrap(a, generator.permutation(a), seed=0, resamples=2000)
    assert none.low < 0 < none.high
    assert clear == retrieval.paired_bootstrap(a, b, seed=0, resamples=2000)


def test_bootstrap_of_a_ratio() -> None:
    columns = np.array([[1.0, 2.0]] * 10)
    found = retrieval.bootstrap(columns, lambda means: means[..., 0] / means[..., 1], seed=0)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="query 1 has no right candidate"):
        retrieval.ranks(QUERIES, CANDIDATES, RELEVANT & np.array([[True], [False], [True]]))
    with pytest.raises(ValueError, match="is wanted"):
        retrieval.ranks(QUERIES, CANDIDATES, RELEVANT[:, :2])


def test_chance_of_a_reciprocal_rank_is_that_of_all_orders() -> None:
    relevant = np.array([[1, 0, 0, 0], [1, 1, 0, 0]], dtype=bool)
    one, two = (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, (3 + 2 / 2 + 1 / 3) / 6
    assert retrieval.chance_mrr(relevant) == pytest.approx((one + two) / 2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["query", "candidate"])
def test_vectors_that_are_no_numbers_have_no_ranks(side: str, value: float) -> None:
    query, candidate = QUERIES.copy(), CANDIDATES.copy()
    (query if side == "query" else candidate)[1, 1] = value
    for measured in (retrieval.ranks, retrieval.average_precision, retrieval.mean_ap):
        with pytest.raises(retrieval.NonFiniteError, match="scores are not finite, the first at"):
            measured(query, candidate, RELEVANT)
    assert issubclass(retrieval.NonFiniteError, ValueError)


def test_a_product_that_is_too_large_has_no_rank() -> None:
    with pytest.raises(retrieval.NonFiniteError, match="1 of 12 scores"):
        retrieval.ranks(np.diag([1e30, 1, 1]), np.diag([1e300, 1, 1, 1])[:, :3], RELEVANT)


def test_pairs_of_scores_that_are_no_numbers_are_refused() -> None:
    good, bad = np.array([1.0, 2.0]), np.array([1.0, np.nan])
    for both in ((good, bad), (bad, good)):
        with pytest.raises(retrieval.NonFiniteError, match="1 of 2 scores"):
            retrieval.pairwise_accuracy(*both)
