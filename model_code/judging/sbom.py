"""Software bill of materials: the packages that made and judged a model, as CycloneDX 1.6 JSON.

Written by hand from the installed packages' own metadata: the format's own library would bring a dozen packages more into the
image for some forty lines. The same packages give the same bytes: no clock, no random serial number.
"""

from __future__ import annotations

import json
import platform
import re
import uuid
from importlib.metadata import Distribution, distributions
from typing import Any, Final
from urllib.parse import quote

from model_code import __version__

FILE_NAME: Final = "sbom.cdx.json"


def sbom() -> dict[str, Any]:
    """The packages of this environment; the component that they serve is Overread itself."""
    found = {_normal(each.name): each for each in distributions() if each.name}
    own = {"type": "application", "name": "overread", "version": __version__, "bom-ref": f"pkg:pypi/overread@{__version__}"}
    components = [_component(name, each) for name, each in sorted(found.items()) if name != "overread"]
    components.append({"type": "platform", "name": "python", "version": platform.python_version(), "bom-ref": "python"})
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([own, components], sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
    }


def _component(name: str, each: Distribution) -> dict[str, Any]:
    address = f"pkg:pypi/{name}@{quote(each.version)}"
    component = {"type": "library", "name": name, "version": each.version, "bom-ref": address, "purl": address}
    terms = _license(each)
    return {**component, "licenses": [terms]} if terms else component


def _license(each: Distribution) -> dict[str, Any] | None:
    """The SPDX expression where the package gives one (PEP 639), else the name that it gives itself."""
    said = {name: each.metadata[name] for name in ("License-Expression", "License") if name in each.metadata}
    if expression := said.get("License-Expression"):
        return {"expression": expression}
    lines = each.metadata.get_all("Classifier") or []
    names = [line.rpartition(" :: ")[2] for line in lines if line.startswith("License ::")]
    name = (names or [said.get("License", "")])[0].strip().partition("\n")[0]
    return {"license": {"name": name[:100]}} if name and name != "UNKNOWN" else None


def _normal(name: str) -> str:
    """As the index writes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
