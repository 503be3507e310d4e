"""Overread's model line: everything that runs on images, on a laptop, in SageMaker and behind an API."""

__version__ = "0.1.0"
