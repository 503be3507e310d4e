"""A step lowers the loss, parts of a batch give the whole's gradient, and a device is asked only for what it can do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from model_code.errors import UsageError
from model_code.training.batches import Part, parts_of, plan
from model_code.training.learner import Learner, precision_on
from tests.model_code.training.tiny import ALONE, Rows, learner, network, targets

CPU = torch.device("cpu")
PLACE = {"place": (1, 0), "progress": 0.25}


def one_step(learning: Learner, parts: int = 1) -> float:
    rows = plan(targets(), batch_size=16, parts=4, balance=0, seed=0, epoch=1)[0]
    batch = next(parts_of(Rows(), targets(), [rows], parts=parts, mine=slice(None), device=CPU))
    return float(learning.step(batch, targets()[torch.from_numpy(rows)], place=(1, 0), progress=0.25))


def state(learning: Learner) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in learning.model.state_dict().items()}


def test_steps_lower_the_loss() -> None:
    learning = learner(learning_rate=0.01)
    losses = [one_step(learning) for _ in range(40)]
    assert losses[-1] < losses[0]


def test_the_same_step_gives_the_same_weights_to_the_bit() -> None:
    first, second = learner(average=0.9), learner(average=0.9)
    torch.manual_seed(77)  # what came before must not matter
    assert one_step(first) == one_step(second)
    assert all(torch.equal(a, b) for a, b in zip(state(first).values(), state(second).values(), strict=True))


def test_parts_add_up_to_the_whole_batchs_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without batch norm, dropout and augmentation, which see one part each."""
    gradients = []
    for parts in (1, 4):
        learning = learner(augmentation="none", image_size=36)
        learning.model.features.eval()
        monkeypatch.setattr(learning.network, "train", lambda mode=True: None)
        loss = one_step(learning, parts)
        gradients.append([loss, *(parameter.grad for parameter in learning.model.parameters())])
    for whole, summed in zip(*gradients, strict=True):
        assert torch.allclose(torch.as_tensor(whole), torch.as_tensor(summed), rtol=1e-4, atol=1e-7)


def test_what_is_validated_is_the_average_where_there_is_one() -> None:
    plain, averaged = learner(), learner(average=0.99)
    one_step(averaged)
    assert plain.best_guess is plain.model
    assert averaged.best_guess is not averaged.model
    assert not torch.equal(averaged.best_guess.head.weight, averaged.model.head.weight)


def test_all_processes_share_running_values_in_one_order() -> None:
    """Else one's network would be added to another's moving average; a set's order is each process's own."""
    for average in (0.0, 0.9):
        learning = learner(average=average)
        shared: list[Any] = []
        learning.crew = SimpleNamespace(share_buffers=shared.append)  # type: ignore[assignment]
        learning.share_buffers()
        assert shared == [learning.model, learning.best_guess][: 2 if average else 1]


def test_compiling_is_asked_for_once_and_leaves_the_weights_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []

    def compiles(model: Any) -> Any:
        compiled.append(model)
        return model

    monkeypatch.setattr(torch, "compile", compiles)
    learning = learner(compile=True)
    assert compiled == [learning.model]
    assert state(learning).keys() == network().state_dict().keys()


def test_a_processor_computes_in_float32_unless_told_otherwise() -> None:
    assert precision_on(CPU, "auto") is None
    assert precision_on(CPU, "float32") is None


def test_bf16_needs_a_processor_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    assert precision_on(CPU, "bf16") is torch.bfloat16
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    with pytest.raises(UsageError, match="this processor does not compute in bf16"):
        precision_on(CPU, "bf16")
    with pytest.raises(UsageError, match="fp16 needs a GPU"):
        precision_on(CPU, "fp16")


def test_a_gpu_computes_in_bf16_or_else_in_fp16(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    assert (precision_on(gpu, "auto"), precision_on(gpu, "fp16")) == (torch.bfloat16, torch.float16)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert precision_on(gpu, "auto") is torch.float16
    with pytest.raises(UsageError, match="this GPU does not compute in bf16"):
        precision_on(gpu, "bf16")


def test_bf16_learns_about_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)  # autocast itself works on any
    exact, reduced = (one_step(learner(precision=precision)) for precision in ("float32", "bf16"))
    assert reduced == pytest.approx(exact, rel=0.02)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("precision", ["float32", "bf16", "fp16"])
def test_a_gpu_learns_about_the_same(precision: str) -> None:
    from model_code.training.distributed import Crew

    crew = Crew(0, 1, torch.device("cuda", 0))
    learning = learner(crew, precision=precision, augmentation="none", image_size=36)
    films = torch.from_numpy(Rows().pixels).to(crew.device)
    loss = learning.step([Part(films, targets().to(crew.device), 0)], targets(), place=(1, 0), progress=0.25)
    assert float(loss) == pytest.approx(
        float(
            learner(augmentation="none", image_size=36).step(
                [Part(films.cpu(), targets(), 0)], targets(), place=(1, 0), progress=0.25
            )
        ),
        rel=0.2,
    )  # dropout differs
    assert ALONE.size == 1
