import pytest
import torch

from omnisearch.training.lab import Lab
from omnisearch.training.towers.backbone import Backbone, Sizes, bfloat16
from omnisearch.training.towers.frozen import Words, load_backbone

SMALL = Sizes(vocabulary=50, width=24, layers=2, heads=4, hidden=48, positions=16)
TEXTS = [
    "a red heart",
    "The quick brown fox jumps over the lazy dog.",
    "A thunderstorm approaches; rain on a tin roof, and far away a church bell.",
]
# the first numbers that transformers' BertModel gives these texts, mean pooled
REFERENCE = [
    [-0.01481804, 0.02768858, -0.05527052, 0.08108260, -0.04995982, 0.01690174],
    [0.04393354, 0.05893439, 0.04817841, 0.07754807, 0.02674443, -0.03762960],
    [0.01794510, 0.03470320, 0.05318115, 0.04368239, -0.00593589, 0.02561059],
]


@pytest.fixture
def backbone() -> Backbone:
    torch.manual_seed(0)
    return Backbone(SMALL).eval()


def text(*lengths: int) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.zeros(len(lengths), max(lengths), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.arange(3 + row, 3 + row + length)
        mask[row, :length] = 1
    return ids, mask


def test_vectors_have_length_one_and_ignore_padding(backbone: Backbone) -> None:
    ids, mask = text(4, 7)
    both = backbone(ids, mask)
    assert torch.allclose(both.norm(dim=1), torch.ones(2))
    alone = backbone(ids[:1, :4], mask[:1, :4])
    assert torch.allclose(both[0], alone[0], atol=1e-6)


def test_soft_tokens_stand_behind_the_first_token(backbone: Backbone) -> None:
    ids, mask = text(4)
    soft = torch.randn(1, 3, 24)
    states, counts = backbone.layer_states(ids, mask, soft)
    assert [tuple(layer.shape) for layer in states] == [(1, 7, 24)] * 3
    assert torch.equal(states[0][:, 1:4], soft)
    assert counts.all()
    assert torch.equal(backbone.token_states(ids, mask, soft)[0], states[-1])


def test_soft_tokens_that_do_not_count_change_nothing(backbone: Backbone) -> None:
    ids, mask = text(4, 6)
    soft = torch.randn(2, 3, 24)
    counts = torch.tensor([[0, 0, 0], [1, 1, 0]])
    found = backbone(ids, mask, soft, counts)
    assert torch.allclose(found[0], backbone(ids, mask)[0], atol=1e-6)
    two = backbone(ids[1:], mask[1:], soft[1:, :2])
    assert torch.allclose(found[1], two[0], atol=1e-6)
    assert not torch.allclose(found[1], backbone(ids, mask)[1], atol=1e-3)


def test_media_and_text_are_read_together(backbone: Backbone) -> None:
    """Text changes what media mean: the joint vector is no sum of two."""
    backbone.requires_grad_(False)
    soft = torch.randn(1, 3, 24)
    ids, mask = text(5)
    joint = backbone(ids, mask, soft)[0]
    parts = torch.stack((backbone(ids, mask)[0], backbone(*text(2), soft)[0]))
    rest = joint - torch.linalg.lstsq(parts.T, joint[:, None]).solution[:, 0] @ parts
    assert float(rest.norm()) > 0.01


def test_soft_tokens_get_gradients_through_a_frozen_backbone(backbone: Backbone) -> None:
    backbone.requires_grad_(False)
    soft = torch.randn(1, 3, 24, requires_grad=True)
    backbone(*text(2), soft)[0, 0].backward()
    assert soft.grad is not None
    assert float(soft.grad.abs().min(dim=1).values.max()) > 0


def test_keys_are_those_of_the_checkpoint(backbone: Backbone) -> None:
    keys = set(backbone.state_dict())
    assert {key for key in keys if "layer.0." in key} == {
        f"encoder.layer.0.{part}.{kind}"
        for part in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "attention.output.LayerNorm",
            "intermediate.dense",
            "output.dense",
            "output.LayerNorm",
        )
        for kind in ("weight", "bias")
    }
    assert {key for key in keys if not key.startswith("encoder.")} == {
        "embeddings.word_embeddings.weight",
        "embeddings.position_embeddings.weight",
        "embeddings.token_type_embeddings.weight",
        "embeddings.LayerNorm.weight",
        "embeddings.LayerNorm.bias",
    }


def test_half_precision_changes_little(backbone: Backbone) -> None:
    assert isinstance(bfloat16(), bool)
    ids, mask = text(4, 7)
    soft = torch.randn(2, 3, 24)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        half = backbone(ids, mask, soft).float()
    with torch.no_grad():
        assert float((half * backbone(ids, mask, soft)).sum(1).min()) > 0.999


def test_equals_the_reference(real_lab: Lab) -> None:
    with torch.no_grad():
        found = load_backbone(real_lab).eval()(*Words.load(real_lab).encode(TEXTS))
    assert torch.allclose(found[:, :6], torch.tensor(REFERENCE), atol=1e-5)
