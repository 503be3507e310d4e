"""The card says what was done."""

from __future__ import annotations

import pytest

from model_code.bundle import open_bundle
from model_code.model_card import model_card
from tests.conftest import Line


@pytest.mark.parametrize(("select", "said"), [("auroc", "by validation AUROC"), ("accuracy", "by validation accuracy")])
def test_it_says_by_which_figure_the_epoch_was_kept(line: Line, select: str, said: str) -> None:
    info = open_bundle(line.trained).info
    training = info.training.model_copy(update={"config": {**info.training.config, "select": select}})
    assert said in model_card(info.model_copy(update={"training": training}))
