"""Two real films' headers."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from model_code.dicom.study import header_of
from tests.films import real_film


@pytest.fixture(params=["RG1_UNCR", "RG3_J2KI"])
def header(request: pytest.FixtureRequest) -> Dataset:
    return header_of(real_film(f"{request.param}.dcm"))
