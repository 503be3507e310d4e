"""Bundles of an untrained DenseNet-121, to measure time and memory: all that a reading needs, and answers that mean nothing."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from model_code.bundle import GRAPH, WEIGHTS, create_bundle, edit_bundle, open_bundle
from model_code.bundle_info import BundleInfo, DataRecord, GraphRecord, InputSpec, TrainingRecord
from model_code.calibrate import calibrate
from model_code.contract import Architecture, Precision, Runtime
from model_code.data.films import load_films
from model_code.data.manifest import read_manifest
from model_code.errors import UsageError
from model_code.export import some, write_graph
from model_code.models import build_model
from model_code.progress import console
from model_code.quantize import quantize
from model_code.runtimes import check_runtime
from model_code.synthesize import synthesize
from model_code.tasks import CHEST14
from model_code.train import TrainConfig

PATIENTS, SEED = 60, 123
"""The smallest draw found in which the validation split holds films with and without every finding."""
SIDE = 224


def untrained_bundles(folder: Path, variants: list[tuple[Runtime, Precision]]) -> dict[str, Path]:
    """A calibrated bundle for each variant that this machine can run, by name; all from one network and one calibration."""
    synthesize(CHEST14, patients=PATIENTS, seed=SEED, out=folder / "data")
    manifest = read_manifest(folder / "data", CHEST14)
    films = load_films(some(manifest.split("train"), 16), SIDE, "calibration films", channels=1)
    config = TrainConfig(CHEST14.task.value, Architecture.DENSENET121.value, image_size=SIDE, epochs=1)
    torch.manual_seed(SEED)
    model = build_model(config.architecture, len(CHEST14.labels), config.output_stride)
    model.normalise_by(torch.from_numpy(films))
    with torch.no_grad():  # batch norms need to have seen films, or activations vanish
        model(torch.from_numpy(films).float() / 255)
    model.eval()
    info = BundleInfo(
        schema="overread.bundle/1",
        name="untrained",
        version="0",
        code_version="0",
        task=CHEST14.task.value,
        labels=CHEST14.labels,
        input=InputSpec(side=SIDE),
        data=DataRecord(manifest_sha256=manifest.sha256, films={"train": 0}, phantoms=True),
        training=TrainingRecord(config=asdict(config), epochs=[], best_epoch=0, torch=str(torch.__version__)),
        graph=GraphRecord(precision=Precision.FLOAT32, runtime=Runtime.ONNXRUNTIME, parity=0.0, parity_films=0),
    )
    first = folder / "untrained"
    with create_bundle(first, info) as draft:
        save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, draft.folder / WEIGHTS)
        write_graph(model, SIDE, draft.folder / GRAPH)
    quantize(first / GRAPH, folder / "int8.onnx", films)
    bundle = calibrate(first, data=folder / "data")
    made: dict[str, Path] = {}
    for runtime, precision in variants:
        try:
            check_runtime(runtime, precision)
        except UsageError as error:
            console.print(f"left out: {runtime} {precision}: {error}")
            continue
        name = f"{runtime}-{precision}"
        with edit_bundle(bundle, folder / name) as draft:
            assert draft.info.graph is not None
            record = draft.info.graph.model_copy(update={"precision": precision, "runtime": runtime})
            draft.info = draft.info.model_copy(update={"graph": record})
            if precision is Precision.INT8:
                shutil.copy(folder / "int8.onnx", draft.folder / GRAPH)
        made[name] = open_bundle(folder / name).folder
    return made
