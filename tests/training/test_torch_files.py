import io

import pytest

torch = pytest.importorskip("torch")

from omnisearch.training.towers import torch_files  # noqa: E402


def saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def test_tensors_are_read_as_torch_reads_them() -> None:
    torch.manual_seed(0)
    base = torch.randn(6, 4)
    tensors = {
        "plain": base,
        "view": base[1:4, ::2],
        "turned": base.T,
        "half": base.half(),
        "count": torch.tensor(7),
        "none": torch.empty(0, 3),
    }
    found = torch_files.read(saved(tensors))
    assert list(found) == list(tensors)
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    layer = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).state_dict()
    assert all(
        torch.equal(one, layer[name]) for name, one in torch_files.read(saved(layer)).items()
    )


class Hostile:
    ran = False

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return setattr, (Hostile, "ran", True)  # type: ignore[return-value]


@pytest.mark.parametrize("content", [Hostile(), {"a": Hostile()}, [1, 2], {"a": 1}, "text"])
def test_whatever_is_no_tensor_is_refused_and_never_run(content: object) -> None:
    with pytest.raises(torch_files.TorchFileError):
        torch_files.read(saved(content))
    assert not Hostile.ran


@pytest.mark.parametrize("cut", [0, 3, 40, -1, -12])
def test_damage_is_refused(cut: int) -> None:
    whole = saved({"a": torch.randn(5), "b": torch.randn(2, 3)})
    with pytest.raises(torch_files.TorchFileError):
        torch_files.read(whole[:cut])
