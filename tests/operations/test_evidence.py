from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sns as sns

from constructs_lib.compliance.accepted import ACCEPTED
from constructs_lib.compliance.findings import examine
from operations import evidence
from operations.safeguards import SAFEGUARDS
from stacks.environments import Environment
from tests.infra import Scope


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evidence of the development environment."""
    out = tmp_path_factory.mktemp("evidence")
    assert evidence.main(["--out", str(out), "--env", "dev"]) == 0
    return out


def records(folder: Path, environment: str = "dev") -> list[dict[str, str]]:
    with (folder / f"overread-{environment}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_table_has_every_safeguard_and_no_finding(made: Path) -> None:
    rows = records(made)

    assert {row["safeguard"] for row in rows} == {safeguard.id for safeguard in SAFEGUARDS}
    assert {row["result"] for row in rows} <= {"complies", "acknowledged", "present", "operator"}
    assert all(row["aws_covers"] and row["operator_does"] for row in rows)


def test_what_is_acknowledged_is_what_was_accepted(made: Path) -> None:
    rows = [row for row in records(made) if row["result"] == "acknowledged" and row["construct"].startswith("overread-dev/")]

    assert {(row["rule"], row["construct"], row["reason"], row["control"], row["owner"], row["expires"]) for row in rows} == {
        (entry.id, f"overread-dev/{entry.construct}", entry.reason, entry.control, entry.owner, entry.expires)
        for entry in ACCEPTED
    }


def test_results_name_resources_that_can_be_found_again(made: Path) -> None:
    for row in records(made):
        if row["result"] in ("complies", "acknowledged"):
            assert row["stack"]
            assert row["logical_id"]
            assert row["type"].startswith("AWS::")
            assert "/" in row["construct"]


class Links(HTMLParser):
    """Ids and what links to them; and everything that a page would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if identity := given.get("id"):
            self.ids.add(identity)
        if link := given.get("href"):
            self.links.add(link)
        if tag in ("script", "link", "img", "iframe") or "src" in given:
            self.fetched.append(tag)


def test_the_page_stands_alone_and_its_links_lead_somewhere(made: Path) -> None:
    page = Links()
    page.feed((made / "overread-dev.html").read_text(encoding="utf-8"))

    assert page.fetched == []
    assert {safeguard.id for safeguard in SAFEGUARDS} <= page.ids
    assert page.links == {link for link in page.links if link.removeprefix("#") in page.ids}


def test_the_summary_comes_first(made: Path) -> None:
    text = re.sub(r"<[^>]+>", " ", (made / "overread-dev.html").read_text(encoding="utf-8").split("<body>")[1])

    assert text.index("No finding is open") < text.index("At a glance") < text.index("Acknowledged findings (")


def broken(environment: Environment, outdir: Path) -> tuple[App, list[object]]:
    app = App(outdir=str(outdir))
    sns.Topic(Stack(app, "stack"), "Topic")
    return app, []


def test_an_open_finding_is_shown_and_is_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evidence, "synthesize", broken)

    assert evidence.main(["--out", str(tmp_path), "--env", "dev"]) == 1
    assert "2 finding" in capsys.readouterr().out
    assert "2 findings are open: this must not be deployed." in (tmp_path / "overread-dev.html").read_text(encoding="utf-8")
    assert {row["reason"] for row in records(tmp_path) if row["result"] == "finding"} >= {
        "names no customer key (KmsMasterKeyId)"
    }


def test_an_unknown_environment_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evidence.main(["--out", str(tmp_path), "--env", "nope"]) == 2
    assert capsys.readouterr().err.startswith("evidence: error: unknown environment 'nope'; allowed: dev, staging, prod")


def test_half_a_page_is_never_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> str:
        raise ValueError("no page")

    monkeypatch.setattr(evidence, "page", fails)
    with pytest.raises(ValueError, match="no page"):
        evidence.write(tmp_path, "dev", examine(Scope().stage), datetime(2026, 11, 30, tzinfo=UTC))

    assert list(tmp_path.iterdir()) == []
