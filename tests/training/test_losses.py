import math

import pytest
import torch

from omnisearch.training.losses import CODES, info_nce, mamcl, prototype_loss, twin_loss

X, Y = [1.0, 0.0], [0.0, 1.0]


def rows(*vectors: list[float]) -> torch.Tensor:
    return torch.tensor(vectors)


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (1.0, 0.313262),  # log(1 + e^-1)
        (0.5, 0.126928),  # log(1 + e^-2)
        (0.05, 2.061154e-9),  # log(1 + e^-20)
    ],
)
def test_two_pairs_at_right_angles(temperature: float, expected: float) -> None:
    loss = info_nce(rows(X, Y).double(), rows(X, Y).double(), temperature)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_rows_behind_the_positives_are_negatives_of_queries_only() -> None:
    q, c = rows(X, Y), rows(X, Y, X)
    # row 0 scores 1 0 1, row 1 scores 0 1 0
    one_way = (math.log(2 + math.exp(-1)) + math.log(1 + 2 * math.exp(-1))) / 2
    assert float(info_nce(q, c, 1.0, both=False)) == pytest.approx(one_way, rel=1e-5)
    back = math.log(1 + math.exp(-1))
    assert float(info_nce(q, c, 1.0)) == pytest.approx((one_way + back) / 2, rel=1e-5)


def test_a_mask_takes_negatives_away_but_never_the_positive() -> None:
    q, c = rows(X, Y), rows(X, Y, X)
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    assert float(info_nce(q, c, 1.0, nothing)) == 0
    first = torch.tensor([[False, True, False], [True, False, True]])
    expected = (math.log(1 + math.exp(-1)) + math.log(1 + 2 * math.exp(-1))) / 2
    assert float(info_nce(q, c, 1.0, first, both=False)) == pytest.approx(expected, rel=1e-5)


def test_mamcl_compares_within_one_modality() -> None:
    q = rows(X, Y, X, Y)
    codes = torch.tensor([CODES[name] for name in ("text", "text", "image", "image")])
    # each row has itself (1) and one other of its modality (0)
    assert float(mamcl(q, q, codes, 1.0)) == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-5)
    # plain InfoNCE has rows 0 and 2, 1 and 3 collide: two of score 1, two of score 0
    plain = math.log(2 + 2 * math.exp(-1))
    assert float(info_nce(q, q, 1.0, both=False)) == pytest.approx(plain, rel=1e-5)


def test_mamcl_with_one_modality_is_info_nce_one_way() -> None:
    random = torch.Generator().manual_seed(0)
    q, c = (torch.randn(6, 4, generator=random) for _ in range(2))
    codes = torch.full((6,), CODES["audio"])
    assert torch.equal(mamcl(q, c, codes, 0.1), info_nce(q, c, 0.1, both=False))


def test_a_joint_row_is_a_class_of_its_own() -> None:
    q = rows(X, Y, X)
    codes = torch.tensor([1, 2, 3])  # text, image, text and image
    assert float(mamcl(q, q, codes, 1.0)) == 0


def test_mamcl_has_no_gradient_from_other_modalities() -> None:
    q = rows(X, X)
    c = rows([0.6, 0.8], [0.8, 0.6]).requires_grad_()
    mamcl(q, c, torch.tensor([1, 2]), 1.0).backward()  # type: ignore[no-untyped-call]
    assert c.grad is not None
    assert torch.equal(c.grad, torch.zeros(2, 2))


def test_prototype_loss_is_cross_entropy_over_all_classes() -> None:
    classes = rows(X, Y, [-1.0, 0.0])
    # the vector scores 1 0 -1, its class is the second
    expected = math.log(math.e + 1 + math.exp(-1))
    loss = prototype_loss(rows(X), torch.tensor([1]), classes, 1.0)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_twin_loss_is_cross_entropy_between_two() -> None:
    q, right, wrong = rows(X, X), rows([0.6, 0.8], X), rows(X, [0.6, 0.8])
    # row 0 scores 0.6 against 1, row 1 scores 1 against 0.6
    expected = (math.log(1 + math.exp(0.8)) + math.log(1 + math.exp(-0.8))) / 2
    assert float(twin_loss(q, right, wrong, 0.5)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((3, 2), (2, 2)), ((0, 2), (0, 2))])
def test_what_does_not_pair_up_is_refused(shapes: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="do not pair up"):
        info_nce(torch.zeros(shapes[0]), torch.zeros(shapes[1]), 1.0)


def test_codes_go_with_candidates() -> None:
    with pytest.raises(ValueError, match="2 candidates need as many codes"):
        mamcl(rows(X, Y), rows(X, Y), torch.tensor([1]), 1.0)
