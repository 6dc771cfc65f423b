"""Communities of graphs whose communities are known."""

import numpy as np

from omnisearch.relations.communities import Edges, communities


def graph(count: int, pairs: list[tuple[int, int]]) -> Edges:
    one, other = np.array(pairs or np.zeros((0, 2), np.int64)).T
    sources, targets = np.concatenate([one, other]), np.concatenate([other, one])
    return Edges(count, sources, targets, np.ones(len(sources)))


def test_two_triangles_on_a_bridge_are_two() -> None:
    found = communities(graph(6, [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (2, 3)]))
    assert found.tolist() == [0, 0, 0, 1, 1, 1]


def test_lone_nodes_stay_alone() -> None:
    assert communities(graph(4, [(1, 3)])).tolist() == [0, 1, 2, 1]
    assert communities(graph(3, [])).tolist() == [0, 1, 2]
    assert communities(graph(0, [])).tolist() == []


def test_planted_groups_are_found_and_always_the_same() -> None:
    random = np.random.default_rng(2)
    of = random.integers(0, 10, 600)
    pairs = []
    for node in range(600):
        own = np.flatnonzero(of == of[node])
        pairs += [(node, int(other)) for other in random.choice(own, 6) if other != node]
        pairs.append((node, int((node + random.integers(1, 600)) % 600)))
    found = communities(graph(600, pairs))
    alike = sum(int(np.bincount(of[found == one]).max()) for one in range(found.max() + 1))
    assert alike / 600 >= 0.95
    assert 8 <= found.max() + 1 <= 12
    np.testing.assert_array_equal(found, communities(graph(600, pairs)))
