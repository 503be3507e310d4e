"""Readers that ``bench.latency`` compares, each behind the same small HTTP server: ``python -m bench.contenders NAME BUNDLE``.

None has trained weights: a forward pass takes as long whatever the weights are. What only one contender needs is imported where
it is used, for what a contender has to load is part of what is measured.
"""

from __future__ import annotations

import base64
import io
import socket
import sys
import time
from asyncio import get_running_loop
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from fastapi import FastAPI, Request
from uvicorn import Config, Server

SIDE = 224


class Contender(Protocol):
    def read(self, data: bytes, *, with_map: bool) -> dict[str, Any]:
        """The answer for one file, with the map of its likeliest finding as a PNG of the model's input size, or without."""

    def model_pass(self) -> None:
        """The network alone, on an input that is ready, without its map."""


class SeedRecipe:
    """PyTorch eager, three colours, PIL and torchvision transforms, Grad-CAM by a backward pass."""

    def __init__(self, _: Path) -> None:
        import torch

        from model_code.cpus import usable_cpus
        from model_code.torchvision_shim import torchvision

        torch.set_num_threads(usable_cpus())
        self.torch, transforms = torch, torchvision.transforms
        self.model = torchvision.models.densenet121(weights=None)
        self.model.classifier = torch.nn.Linear(1024, 14)
        self.model.eval()
        self.transform = transforms.Compose(
            [
                transforms.Resize((SIDE, SIDE)),
                transforms.ToTensor(),
                transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            ]
        )
        self.ready = torch.rand(1, 3, SIDE, SIDE)

    def read(self, data: bytes, *, with_map: bool) -> dict[str, Any]:
        from PIL import Image

        torch = self.torch
        picture = Image.fromarray(dicom_bytes(data)) if is_dicom(data) else Image.open(io.BytesIO(data))
        film = self.transform(picture.convert("RGB"))[None]
        if not with_map:
            with torch.no_grad():
                return {"probabilities": torch.sigmoid(self.model(film))[0].tolist()}
        kept: list[Any] = []

        def keep(_: Any, __: Any, output: Any) -> None:
            output.retain_grad()
            kept.append(output)

        hook = self.model.features.register_forward_hook(keep)
        logits = self.model(film)
        hook.remove()
        self.model.zero_grad()
        logits[0, logits[0].argmax()].backward()  # as recipes do: through the whole network
        (features,) = kept
        evidence = torch.relu((features.grad.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1))[0]
        return {"probabilities": torch.sigmoid(logits)[0].tolist(), "map": map_png(evidence.detach().numpy())}

    def model_pass(self) -> None:
        with self.torch.no_grad():
            self.model(self.ready)


class TorchXRayVision:
    """Its documented path: scikit-image, ``normalize``, ``XRayCenterCrop``, ``XRayResizer``, its DenseNet-121 in eager mode."""

    def __init__(self, _: Path) -> None:
        import torch

        import model_code.torchvision_shim  # noqa: F401  (before torchxrayvision imports torchvision)
        from model_code.cpus import usable_cpus

        with quiet():
            import torchxrayvision

        torch.set_num_threads(usable_cpus())
        self.torch, self.xrv = torch, torchxrayvision
        self.model = torchxrayvision.models.DenseNet(num_classes=18, in_channels=1).eval()
        crop, resize = torchxrayvision.datasets.XRayCenterCrop(), torchxrayvision.datasets.XRayResizer(SIDE)
        self.transform: Callable[[Any], Any] = lambda film: resize(crop(film))
        self.ready = torch.rand(1, 1, SIDE, SIDE) * 2048 - 1024

    def read(self, data: bytes, *, with_map: bool) -> dict[str, Any]:
        import skimage.io

        assert not with_map  # its documents show none
        picture = dicom_bytes(data) if is_dicom(data) else skimage.io.imread(io.BytesIO(data))
        film = self.xrv.datasets.normalize(picture, 255)
        with quiet():
            film = self.transform((film.mean(2) if film.ndim == 3 else film)[None])
        with self.torch.no_grad():
            return {"probabilities": self.model(self.torch.from_numpy(film)[None].float())[0].tolist()}

    def model_pass(self) -> None:
        with self.torch.no_grad():
            self.model.features2(self.ready)


class Overread:
    """This project: the predictor that every host calls, over an opened bundle."""

    def __init__(self, folder: Path) -> None:
        import numpy as np

        from model_code.bundle import open_bundle
        from model_code.graph import Graph
        from model_code.predictor import Predictor

        bundle = open_bundle(folder, needs=("graph", "calibration", "film_gate"))
        self.predictor = Predictor.of(bundle)
        self.graph: Graph = self.predictor._graph
        self.ready = np.random.default_rng(0).integers(0, 256, (1, 1, SIDE, SIDE), np.uint8)

    def read(self, data: bytes, *, with_map: bool) -> dict[str, Any]:
        if not with_map:
            return {"reading": self.predictor.read(data).to_json()}
        image = self.predictor.decode(data)
        scores = self.predictor.predict(image)
        reading = self.predictor.encode(image, scores)
        return {"reading": reading.to_json(), "map": map_png(scores.maps[0, scores.logits[0].argmax()])}

    def model_pass(self) -> None:
        self.graph.run(self.ready)


def contender(name: str, bundle: Path) -> Contender:
    """By its name on the command line; every other name is one of this project's bundles."""
    known: dict[str, Callable[[Path], Contender]] = {"seed": SeedRecipe, "torchxrayvision": TorchXRayVision}
    return known.get(name, Overread)(bundle)


def is_dicom(data: bytes) -> bool:
    return data[128:132] == b"DICM"


def dicom_bytes(data: bytes) -> Any:
    """As recipes do it: the stored values between their lowest and highest, in 8 bits."""
    import numpy as np
    import pydicom

    stored = pydicom.dcmread(io.BytesIO(data)).pixel_array.astype(np.float32)
    return np.uint8(255 * (stored - stored.min()) / (stored.max() - stored.min()))


def map_png(evidence: Any) -> str:
    """A map enlarged to the model's input, as PNG in base64."""
    import numpy as np
    from PIL import Image

    large = Image.fromarray(np.asarray(evidence, np.float32)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    values = np.asarray(large)
    grey = Image.fromarray(np.uint8(255 * (values - values.min()) / max(float(np.ptp(values)), 1e-6)))
    buffer = io.BytesIO()
    grey.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def quiet() -> Any:
    """What a library prints for people stays out of the protocol on standard output."""
    import contextlib

    return contextlib.redirect_stdout(io.StringIO())


def main() -> None:
    """Loads, listens, prints the port, serves until ended."""
    name, bundle = sys.argv[1:]
    reader = contender(name, Path(bundle))
    # torch keeps threads of its own for every thread that calls it, and they get into each other's way
    workers = ThreadPoolExecutor(2 if isinstance(reader, Overread) else 1)
    app = FastAPI()

    @app.post("/read")
    async def read(request: Request, with_map: bool = False) -> dict[str, Any]:
        data = await request.body()
        return await get_running_loop().run_in_executor(workers, lambda: reader.read(data, with_map=with_map))

    def timed() -> float:
        started = time.perf_counter()
        reader.model_pass()
        return time.perf_counter() - started

    @app.post("/pass")
    async def model_pass() -> float:
        return await get_running_loop().run_in_executor(workers, timed)

    # named as TCP, or asyncio does not send small packets at once
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    Server(Config(app, log_level="error", access_log=False, timeout_keep_alive=600)).run(sockets=[listener])


if __name__ == "__main__":
    main()
