import pytest
import torch

from omnisearch.training.encoder import projectors
from omnisearch.training.encoder.heads import (
    InverseHead,
    LockedHead,
    Things,
    named,
    side_by_side,
    steered,
    summary,
)
from omnisearch.training.encoder.projectors import Bootstrapped, Projector, film
from omnisearch.training.losses import info_nce


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_a_head_gives_unit_vectors_whatever_the_scale_of_its_features() -> None:
    features = torch.randn(200, 10) * torch.logspace(-2, 3, 10) + 40
    head = LockedHead(10, 16, 8).eval()
    head.standardise(features)
    found = head(features)
    assert torch.allclose(found.norm(dim=1), torch.ones(200), atol=1e-6)
    standard = (features - head.mean) / head.deviation
    assert torch.allclose(standard.std(0), torch.ones(10), atol=1e-3)
    kept = LockedHead(10, 16, 8).eval()
    kept.load_state_dict(head.state_dict())
    assert torch.equal(kept(features), found)


def test_heads_side_by_side_say_what_they_say_together() -> None:
    features = torch.randn(200, 10)
    heads = [LockedHead(10, 16, 8).eval() for _ in range(3)]
    for head in heads:
        head.standardise(features)
        torch.nn.init.normal_(head.norm.weight)
        torch.nn.init.normal_(head.norm.bias)
    one = side_by_side([heads[1]], features)
    assert torch.allclose(one(features), heads[1](features), atol=1e-5)
    lengths = [head.said(features).norm(dim=1).mean() for head in heads]
    said = sum(head.said(features) / length for head, length in zip(heads, lengths, strict=True))
    expected = torch.nn.functional.normalize(said, dim=-1)
    assert torch.allclose(side_by_side(heads, features)(features), expected, atol=1e-5)


def test_steered_features_lead_by_a_margin_and_stay_in_range() -> None:
    random = torch.Generator().manual_seed(0)
    weight = torch.randn(6, 200, generator=random) / 10
    labels = torch.arange(6).repeat(5)
    start = 6 * torch.rand(30, 200, generator=random)
    moved = steered(start, weight, torch.zeros(6), labels, random)
    assert 0 <= float(moved.min())
    assert float(moved.max()) <= 6
    logits = moved @ weight.T
    assert float((logits.argmax(1) == labels).float().mean()) > 0.9
    assert not torch.allclose(moved[:6], moved[6:12])


def test_steering_adds_just_the_margin_where_nothing_is_clipped() -> None:
    weight = torch.eye(3)
    moved = steered(
        torch.zeros(3, 3),
        weight,
        torch.zeros(3),
        torch.tensor([0, 1, 2]),
        torch.Generator().manual_seed(3),
    )
    margins = moved.diagonal()
    assert torch.equal(moved, torch.diag(margins))
    assert 1 <= float(margins.min())
    assert float(margins.max()) <= 6


def test_names_of_the_likeliest_classes_are_mixed() -> None:
    names = torch.eye(4)
    sure, most = named(torch.tensor([[0.0, 50.0, 0.0, 0.0]]), names)
    assert torch.allclose(sure, names[1:2], atol=1e-6) and float(most) == 1
    torn, most = named(torch.tensor([[50.0, 50.0, 0.0, 0.0]]), names, top=2)
    assert torch.allclose(torn, torch.tensor([[0.5**0.5, 0.5**0.5, 0, 0]]), atol=1e-6)
    assert abs(float(most) - 0.5) < 1e-6


def test_things_are_as_long_as_the_tower_is_sure() -> None:
    classifier = torch.nn.Linear(4, 4, bias=False)
    torch.nn.init.eye_(classifier.weight)
    things = Things(classifier, torch.eye(4, 8), LockedHead(8, 16, 8)).eval()
    features = torch.zeros(2, 3, 4)
    features[0, 0, 2] = 50
    sure, unsure = things(features).norm(dim=1).tolist()
    assert abs(sure - 1) < 1e-5 and abs(unsure - 0.25) < 1e-5


def test_a_head_learns_pairs_it_has_not_seen() -> None:
    """Features are a hidden linear image of the targets; half of the pairs are held out."""
    targets = torch.nn.functional.normalize(torch.randn(400, 8), dim=1)
    features = targets @ torch.randn(8, 30) + 0.1 * torch.randn(400, 30)
    head = LockedHead(30, 64, 8, dropout=0.0)
    head.standardise(features)
    optimiser = torch.optim.AdamW(head.parameters(), 3e-3)
    for _ in range(150):
        rows = torch.randperm(200)[:64]
        loss = info_nce(head(features[rows]), targets[rows], 0.05)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    found = (head.eval()(features[200:]) @ targets[200:].T).argmax(1)
    assert float((found == torch.arange(200)).float().mean()) > 0.8


def test_summaries_are_two_rows_of_a_picture_and_two_statistics_of_a_sound() -> None:
    picture = torch.randn(2, 11, 5)
    assert torch.equal(summary(picture, "visual"), picture[:, :2].reshape(2, 10))
    sound = torch.randn(2, 13, 5)
    assert torch.equal(summary(sound, "audio")[:, :5], sound.mean(1))
    assert torch.equal(summary(sound, "audio")[:, 5:], sound.max(1).values)


def made(kind: str) -> Projector | Bootstrapped:
    if kind == "random":
        return Projector(20, 32, width=24).eval()
    head, inverse = LockedHead(40, 16, 24), InverseHead(24, 32)
    return Bootstrapped("visual", head, inverse, (11, 20)).eval()


def test_a_bootstrapped_projector_starts_as_head_and_inverse() -> None:
    projector = made("bootstrapped")
    assert isinstance(projector, Bootstrapped)
    features = torch.randn(3, 11, 20)
    expected = projector.inverse(projector.head(summary(features, "visual")))
    assert torch.allclose(projector(features), expected)


@pytest.mark.parametrize("kind", ["random", "bootstrapped"])
def test_projectors_come_back_from_their_tensors(kind: str) -> None:
    projector = made(kind)
    features = torch.randn(3, 11, 20)
    assert projector(features).shape == (3, 4, 24)
    again = projectors.from_tensors(projector.state_dict(), "visual").eval()
    assert torch.equal(again(features), projector(features))


@pytest.mark.parametrize("kind", ["random", "bootstrapped"])
def test_a_film_is_its_frames_in_order(kind: str) -> None:
    projector = made(kind)
    frames = torch.randn(2, 8, 11, 20)
    torch.nn.init.normal_(projector.frame)
    soft = film(projector, frames)
    assert soft.shape == (2, 32, 24)
    third = projector(frames[:, 2]) + projector.frame[2]
    assert torch.allclose(soft[:, 8:12], third, atol=1e-6)
    assert not torch.allclose(film(projector, frames.flip(1)), soft.flip(1), atol=1e-2)
