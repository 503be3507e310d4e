"""The table and the exit code: nothing open, nothing skipped, nothing stale."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from operations.judge.__main__ import Hearing, main, outcome, table
from operations.judge.findings import Finding, Judgement
from operations.judge.scene import JudgeFailedError, Opinion

FOUND = Finding("checkov", "CKV_AWS_18", "data/Open", "no access logs", "dev")
ENTRY = Judgement("checkov", "CKV_AWS_18", "data/Open", "There is a reason for this one.")


def heard(*findings: Finding) -> Hearing:
    hearing = Hearing("checkov")
    hearing.add(Opinion("checkov", "3.3.30", 7, findings), 1.5)
    return hearing


def test_an_open_finding_is_a_reason_to_fail() -> None:
    _, reasons = outcome([heard(FOUND)], [], everywhere=True)

    assert reasons == ["checkov  CKV_AWS_18  data/Open (dev): no access logs"]


def test_an_accepted_finding_is_none() -> None:
    assert outcome([heard(FOUND)], [ENTRY], everywhere=True)[1] == []


def test_a_judge_that_did_not_run_is_one_and_its_entries_are_not_called_stale() -> None:
    hearing = heard(FOUND)
    hearing.add(JudgeFailedError("checkov ended with code 2: no"), 0.1)

    _, reasons = outcome([hearing], [Judgement("checkov", "CKV_AWS_99", "x/y", "r")], everywhere=True)

    assert reasons[0] == "checkov  did not run: checkov ended with code 2: no"
    assert not [reason for reason in reasons if "any more" in reason]


def test_an_entry_that_covers_nothing_is_one_when_all_environments_were_judged() -> None:
    assert "nobody finds any more" in outcome([heard()], [ENTRY], everywhere=True)[1][0]
    assert outcome([heard()], [ENTRY], everywhere=False)[1] == []


def test_the_table_says_what_each_judge_checked_and_found() -> None:
    silent = Hearing("cfn-guard")
    silent.add(JudgeFailedError("no such file"), 0.0)
    hearings = [heard(FOUND), silent]
    console = Console(width=110)

    with console.capture() as shown:
        console.print(table(hearings, outcome(hearings, [ENTRY], everywhere=True)[0]))

    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.get().splitlines() if line.startswith("│")]
    assert cells[0] == ["checkov", "3.3.30", "7", "0", "1", "0", "1.5"]
    assert cells[1] == ["cfn-guard", "-", "did not run", "?", "?", "?", "0.0"]


def test_an_unknown_environment_is_wrong_use() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--env", "moon"])

    assert ended.value.code == 2


def test_entries_that_cannot_be_read_are_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "judgements.toml"
    broken.write_text("[[accepted]]\n", encoding="utf-8")
    monkeypatch.setattr("operations.judge.__main__.JUDGEMENTS", broken)

    assert main([]) == 2
    assert capsys.readouterr().err.startswith("overread: error: judgements.toml: the entry")
