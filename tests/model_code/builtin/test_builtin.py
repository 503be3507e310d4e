"""The built-in algorithm's data, options and answers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score

from constructs_lib.training.builtin_classifier import BuiltinPlan
from constructs_lib.training.job_instance import JobInstance
from model_code.builtin.dataset import picture_name, write_dataset
from model_code.builtin.scores import read_back
from model_code.builtin.training import BuiltinTraining
from model_code.compare import compare
from model_code.data.films import read_film
from model_code.data.manifest import FILE_NAME, read_manifest
from model_code.data.transforms import to_model_input
from model_code.errors import ManifestError, OverreadError, UsageError
from model_code.judging.scores import read_scores
from model_code.tasks import CHEST14
from tests.model_code.data.test_recordio import records, unpacked


@pytest.fixture(scope="module")
def dataset(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("builtin") / "dataset"
    write_dataset(CHEST14, data=data, out=folder, image_size=32, epochs=3)
    return folder


@pytest.fixture
def answers(dataset: Path, data: Path, tmp_path: Path) -> Path:
    """What a batch transform would leave: probabilities that know something of the truth."""
    rows = read_manifest(data, CHEST14).split("test")
    noise = np.random.default_rng(0).random(rows.targets.shape)
    folder = tmp_path / "answers"
    folder.mkdir()
    for digest, said in zip(rows.frame["sha256"], 0.3 * rows.targets + 0.7 * noise, strict=True):
        (folder / f"{picture_name(digest)}.out").write_text(json.dumps({"prediction": said.tolist()}))
    return folder


def test_records_hold_the_manifests_labels_and_the_models_pixels(dataset: Path, data: Path) -> None:
    rows = read_manifest(data, CHEST14).split("train")
    stream = (dataset / "recordio/train/train.rec").read_bytes()
    found = [unpacked(content) for _, content in records(stream)]

    assert [number for number, _, _ in found] == list(range(len(rows)))
    assert np.array_equal(np.array([labels for _, labels, _ in found]), rows.targets)
    picture = np.asarray(Image.open(io.BytesIO(found[5][2])))
    assert np.array_equal(picture, to_model_input(read_film(rows.paths[5]).pixels, 32, 1)[0])
    index = (dataset / "lists/train.idx").read_text()
    assert index == "".join(f"{n}\t{position}\n" for n, (position, _) in enumerate(records(stream)))


def test_channels_hold_one_record_file_each_and_nothing_else(dataset: Path) -> None:
    assert [path.name for path in (dataset / "recordio/train").iterdir()] == ["train.rec"]
    assert [path.name for path in (dataset / "recordio/validation").iterdir()] == ["validation.rec"]


def test_lists_name_id_labels_and_file(dataset: Path, data: Path) -> None:
    rows = read_manifest(data, CHEST14).split("test")
    lines = [line.split("\t") for line in (dataset / "lists/test.lst").read_text().splitlines()]

    assert [[float(v) for v in line[1:-1]] for line in lines] == rows.targets.tolist()
    assert sorted(line[-1] for line in lines) == sorted(path.name for path in (dataset / "images/test").iterdir())
    assert not [name for name in (*lines[0],) if "P0" in name]  # names say nothing of patients


def test_the_options_are_those_of_the_stacks_pipeline(dataset: Path) -> None:
    about = json.loads((dataset / "builtin.json").read_text())
    films = about["films"]["train"]
    plan = BuiltinPlan(classes=14, training_films=films, instance=JobInstance.G5_XLARGE, image_size=32, epochs=3)

    assert about["hyperparameters"] == plan.hyperparameters
    assert BuiltinTraining(**about["training"]).hyperparameters == plan.hyperparameters
    channels = BuiltinTraining(**about["training"]).channels("s3://shards/chest14/")
    uris = [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in channels]
    assert uris == ["s3://shards/chest14/recordio/train", "s3://shards/chest14/recordio/validation"]


def test_films_with_an_unknown_label_are_left_out_and_counted(data: Path, tmp_path: Path) -> None:
    altered = tmp_path / "data"
    altered.mkdir()
    (altered / "films").symlink_to(data / "films")
    frame = read_manifest(data, CHEST14).frame.astype(dict.fromkeys(CHEST14.labels, "float32"))
    first = frame.index[frame["split"] == "train"][:3]
    frame.loc[first, "Hernia"] = np.nan
    frame.to_parquet(altered / FILE_NAME, index=False)

    about = write_dataset(CHEST14, data=altered, out=tmp_path / "out", image_size=32)
    assert about["left_out"] == {"train": 3, "validation": 0, "test": 0}
    frame.loc[frame["split"] == "train", "Hernia"] = np.nan
    frame.to_parquet(altered / FILE_NAME, index=False)
    with pytest.raises(ManifestError, match="no film of the split 'train' has all its labels"):
        write_dataset(CHEST14, data=altered, out=tmp_path / "none", image_size=32)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": 121}, "--layers is 121; allowed: 18, 34, 50, 101, 152, 200"),
        ({"batch_size": 11}, "--batch-size is 11; allowed: 1 to 10"),
        ({"image_size": 16}, "--image-size is 16; allowed: 32 to 1024"),
        ({"learning_rate": 0.0}, r"--learning-rate is 0\.0; allowed: above 0, at most 1"),
    ],
)
def test_what_the_algorithm_refuses_is_refused_here(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BuiltinTraining(**{"classes": 14, "training_films": 10, "batch_size": 10, **changes})


def test_an_exclusive_task_has_classes_instead_of_labels() -> None:
    hyperparameters = BuiltinTraining(classes=8, training_films=100, exclusive=True).hyperparameters
    plan = BuiltinPlan(classes=8, training_films=100, exclusive=True, instance=JobInstance.G5_XLARGE)

    assert (hyperparameters["multi_label"], hyperparameters["use_weighted_loss"]) == ("0", "0")
    assert hyperparameters == plan.hyperparameters


def test_answers_become_the_scores_and_figures_that_our_models_have(
    dataset: Path, answers: Path, data: Path, tmp_path: Path
) -> None:
    metrics = read_back(dataset=dataset, answers=answers, data=data, report=tmp_path / "report")
    scores = read_scores(tmp_path / "report")
    measured = list(metrics["labels"])

    for label in measured:
        figures = metrics["labels"][label]
        truth, said = (values[:, CHEST14.labels.index(label)] for values in (scores.targets, scores.probabilities))
        assert figures["auroc"]["value"] == pytest.approx(roc_auc_score(truth, said), abs=1e-4)
        assert figures["average_precision"]["value"] == pytest.approx(average_precision_score(truth, said), abs=1e-4)
    macro = metrics["macro_auroc"]
    assert macro["low"] < macro["value"] < macro["high"]
    assert np.isfinite(scores.logits).all()


def test_it_can_be_compared_with_a_model_of_ours(dataset: Path, answers: Path, data: Path, tmp_path: Path) -> None:
    read_back(dataset=dataset, answers=answers, data=data, report=tmp_path / "one")
    for path in answers.iterdir():
        path.write_text(json.dumps([1 - value for value in json.loads(path.read_text())["prediction"]]))
    read_back(dataset=dataset, answers=answers, data=data, report=tmp_path / "other")

    assert compare(tmp_path / "one", tmp_path / "other").macro.difference.value < -0.2


def test_answers_that_are_missing_or_of_another_form_are_refused(
    dataset: Path, answers: Path, data: Path, tmp_path: Path
) -> None:
    def back() -> None:
        read_back(dataset=dataset, answers=answers, data=data, report=tmp_path / "report")

    path = sorted(answers.iterdir())[0]
    for text in ('{"prediction": [0.1]}', '{"prediction": [' + "2," * 13 + "2]}", "not JSON", '"text"'):
        path.write_text(text)
        with pytest.raises(OverreadError, match=r"the answer for test film \d+ is not 14 probabilities"):
            back()
    path.unlink()
    with pytest.raises(OverreadError, match=r"no answer for test film \d+ in"):
        back()
    with pytest.raises(OverreadError, match=r"no builtin\.json in"):
        read_back(dataset=answers, answers=answers, data=data, report=tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_another_manifest_is_refused(dataset: Path, answers: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "films").symlink_to(data / "films")
    read_manifest(data, CHEST14).frame.iloc[::-1].to_parquet(tmp_path / FILE_NAME, index=False)
    with pytest.raises(OverreadError, match="is not the manifest that"):
        read_back(dataset=dataset, answers=answers, data=tmp_path, report=tmp_path / "report")
