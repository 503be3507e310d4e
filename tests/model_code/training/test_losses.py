"""Each loss is what its definition says, unknown labels count nothing, and parts of a batch make a whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from model_code.errors import UsageError
from model_code.models import one_against_the_rest
from model_code.training.losses import (
    CrossEntropy,
    Loss,
    WeightedBce,
    asymmetric,
    class_weight,
    make_loss,
    positive_weight,
)

ONES = torch.ones(2)
MULTI: list[Loss] = [WeightedBce(ONES), WeightedBce(torch.tensor([3.0, 1.5])), asymmetric]


@pytest.mark.parametrize("loss", MULTI)
def test_an_unknown_label_counts_nothing(loss: Loss) -> None:
    targets = torch.tensor([[1.0, torch.nan], [0.0, 1.0]])
    logits = torch.full((2, 2), 0.3, requires_grad=True)
    changed = torch.tensor([[0.0, 37.0], [0.0, 0.0]])
    with torch.no_grad():
        assert float(loss(logits + changed, targets).mean) == float(loss(logits, targets).mean)
    loss(logits, targets).mean.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad == 0).tolist() == [[False, True], [False, False]]


def test_the_loss_is_the_mean_over_known_labels() -> None:
    targets = torch.tensor([[1.0, torch.nan, torch.nan]])
    assert float(WeightedBce(torch.ones(3))(torch.zeros(1, 3), targets).mean) == pytest.approx(float(np.log(2)))


@pytest.mark.parametrize("loss", [*MULTI, CrossEntropy(ONES)])
def test_a_batch_without_any_known_label_has_no_loss(loss: Loss) -> None:
    assert float(loss(torch.ones(2, 2), torch.full((2, 2), torch.nan)).mean) == 0


@pytest.mark.parametrize("loss", [*MULTI, CrossEntropy(torch.tensor([2.0, 0.5]))])
def test_parts_of_a_batch_make_a_whole(loss: Loss) -> None:
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 2, generator=draw)
    targets = functional.one_hot(torch.randint(0, 2, (7,), generator=draw), 2).float()
    targets[2] = torch.nan
    parts = [loss(logits[rows], targets[rows]) for rows in (slice(0, 3), slice(3, 7))]
    whole = loss(logits, targets)
    assert float(sum(part.total for part in parts)) == pytest.approx(float(whole.total), rel=1e-6)
    assert float(sum(part.weight for part in parts)) == pytest.approx(float(whole.weight), rel=1e-6)


def test_cross_entropy_is_torchs() -> None:
    draw = torch.Generator().manual_seed(0)
    evidence = torch.randn(9, 5, generator=draw) * 3
    truth = torch.randint(0, 5, (9,), generator=draw)
    weight = torch.rand(5, generator=draw) + 0.5
    ours = CrossEntropy(weight)(one_against_the_rest(evidence), functional.one_hot(truth, 5).float()).mean
    assert float(ours) == pytest.approx(float(functional.cross_entropy(evidence, truth, weight)), rel=1e-5)


def test_the_asymmetric_loss_is_its_papers() -> None:
    probability = torch.tensor([[0.9, 0.6, 0.04]])
    truth = torch.tensor([[1.0, 0.0, 0.0]])
    positive = -(1 - 0.9) * np.log(0.9)
    shifted = 0.6 - 0.05
    negative = -(shifted**4) * np.log(1 - shifted)
    summed = asymmetric(torch.logit(probability), truth)
    assert float(summed.total) == pytest.approx(positive + negative, rel=1e-5)  # 0.04 lies below the clip
    assert float(summed.weight) == 3


@pytest.mark.parametrize("logit", [-200.0, 200.0])
def test_certain_answers_keep_finite_gradients(logit: float) -> None:
    losses: list[Loss] = [*MULTI, CrossEntropy(ONES)]
    for loss in losses:
        logits = torch.full((1, 2), logit, requires_grad=True)
        loss(logits, torch.tensor([[1.0, 0.0]])).mean.backward()  # type: ignore[no-untyped-call]
        assert logits.grad is not None and bool(logits.grad.isfinite().all())


def test_rare_findings_weigh_more_up_to_a_bound() -> None:
    targets = torch.zeros(1000, 4)
    targets[:500, 0] = targets[:100, 1] = 1
    targets[:, 3] = torch.nan
    assert positive_weight(targets).tolist() == pytest.approx([1, 3, 10, 1])


def test_rare_classes_weigh_more_up_to_a_bound() -> None:
    targets = torch.zeros(1002, 3)
    targets[:800, 0] = targets[800:1000, 1] = targets[1000:1001, 2] = 1
    assert class_weight(targets).tolist() == pytest.approx([(1001 / 3 / 800) ** 0.5, (1001 / 3 / 200) ** 0.5, 10])


def _multi() -> Tensor:
    return torch.tensor([[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize(("name", "exclusive"), [("cross_entropy", False), ("weighted_bce", True), ("asymmetric", True)])
def test_a_loss_for_the_other_kind_of_labels_is_refused(name: str, exclusive: bool) -> None:
    with pytest.raises(UsageError, match=f"the loss '{name}' is not for labels that"):
        make_loss(name, _multi(), exclusive=exclusive)


def test_a_tasks_own_loss_fits_its_labels() -> None:
    assert isinstance(make_loss("task", _multi(), exclusive=False), WeightedBce)
    assert isinstance(make_loss("task", _multi(), exclusive=True), CrossEntropy)
    plain = make_loss("cross_entropy", _multi(), exclusive=True)
    assert isinstance(plain, CrossEntropy) and plain.weight.tolist() == [1, 1]
