from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from stacks.diagram import main
from tests.cli import REPOSITORY


def test_the_picture_in_the_readme_is_of_these_stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "architecture.svg"
    monkeypatch.setattr("sys.argv", ["diagram", str(target)])
    main()
    drawn = target.read_text(encoding="utf-8")

    assert drawn == (REPOSITORY / "docs" / "architecture.svg").read_text(encoding="utf-8"), "it is old; draw it again"
    texts = {element.text for element in ElementTree.fromstring(drawn).iter() if element.tag.endswith("text")}
    assert any("training pipeline" in (text or "") for text in texts)
