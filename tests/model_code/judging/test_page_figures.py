"""Sections of figures say what was not measured, and show a confusion where labels exclude each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_code.bundle import open_bundle
from model_code.bundle_info import BundleInfo, Exclusive, Interval
from model_code.judging.page_figures import by_subgroup, labels, reliabilities, shortcut_probes


@pytest.fixture(scope="module")
def info(bundle: Path) -> BundleInfo:
    return open_bundle(bundle).info


def with_metrics(info: BundleInfo, **changed: object) -> BundleInfo:
    assert info.metrics is not None
    return info.model_copy(update={"metrics": info.metrics.model_copy(update=changed)})


def test_every_label_has_its_figures(info: BundleInfo) -> None:
    assert info.metrics is not None
    shown = "".join(labels(info)) + "".join(reliabilities(info))
    for label, figures in info.metrics.labels.items():
        assert shown.count(f'<th scope="row">{label.replace("_", " ")}</th>') == 3
        assert figures.auroc is not None and f"{figures.auroc.value:.3f} (" in shown
    assert "Confusion" not in shown


def test_labels_that_exclude_each_other_have_a_confusion(info: BundleInfo) -> None:
    count = len(info.labels)
    confusion = tuple(tuple(100 * row + column for column in range(count)) for row in range(count))
    figure = Interval(value=0.81, low=0.7, high=0.9)
    exclusive = Exclusive(accuracy=figure, balanced_accuracy=figure, confusion=confusion)
    shown = "".join(labels(with_metrics(info, exclusive=exclusive)))
    assert "Confusion" in shown and "Accuracy 0.810" in shown and '<td class="n">1312</td>' in shown


def test_what_was_not_measured_is_said(info: BundleInfo) -> None:
    bare = with_metrics(info, subgroups={}, probes=None)
    assert "names no attributes" in "".join(by_subgroup(bare))
    assert "No probes were recorded" in "".join(shortcut_probes(bare))
    assert "without the middle" in "".join(shortcut_probes(info))
