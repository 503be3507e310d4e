"""Overread's model line: everything that runs on images, on a laptop, in SageMaker and behind an API."""

__version__ = "0.1.0"

import os

# ONNX Runtime's wheels for Linux and macOS send usage data to Microsoft from a thread that starts when it is imported
# (telemetry_1ds.cc); nothing of ours calls home, and this must stand before that import, so it stands before all of them
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
