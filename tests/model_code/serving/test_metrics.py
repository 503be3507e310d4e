"""What is counted, that it stays small and names nobody, and that a real Prometheus reads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import get_args

import httpx
import pytest

from constructs_lib.monitoring.alarm_board import Thresholds
from constructs_lib.monitoring.prometheus import alert_rules
from model_code.predictor import Predictor
from model_code.reading import Code, Reading, Timing
from model_code.serving.metrics import ROUTES, Metrics
from tests.cli import serving
from tests.films import PLANTED, dicom, planted_in, png, ramp
from tests.judges import program
from tests.prometheus import prometheus


def told(metrics: Metrics) -> dict[str, float]:
    """Value by series."""
    lines = [line for line in metrics.exposition().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.fixture
def metrics(predictor: Predictor) -> Metrics:
    made = Metrics()
    made.loaded(predictor)
    return made


def test_every_series_is_there_before_the_first_film(metrics: Metrics, predictor: Predictor) -> None:
    """Else a rate misses the first event."""
    found = told(metrics)
    info = predictor.bundle.info
    assert all(found[f'overread_reasons_total{{reason="{code}"}}'] == 0 for code in get_args(Code))
    assert all(found[f'overread_positives_total{{label="{label}"}}'] == 0 for label in info.labels)
    assert found['overread_readings_total{status="read"}'] == found['overread_readings_total{status="not_assessed"}'] == 0
    (model,) = (name for name in found if name.startswith("overread_model_info"))
    assert f'name="{info.name}"' in model and f'version="{info.version}"' in model and predictor.bundle.sha256 in model


def test_readings_are_counted_by_status_reason_and_positive_label(metrics: Metrics, predictor: Predictor, film: bytes) -> None:
    read, refused = predictor.read(film), predictor.read(b"")
    positive = read.findings[0].model_copy(deep=True)
    points = positive.operating_points
    marked = points.model_copy(update={"rule_in": points.rule_in.model_copy(update={"positive": True})})
    cleared = points.model_copy(update={"rule_in": points.rule_in.model_copy(update={"positive": False})})
    findings = (
        positive.model_copy(update={"operating_points": marked}),
        *(finding.model_copy(update={"operating_points": cleared}) for finding in read.findings[1:]),
    )
    before = told(metrics)
    timing = Timing(decode=20, model=70, total=1400)
    metrics.answered(read.model_copy(update={"findings": findings}), timing)
    metrics.answered(refused, Timing(decode=2, model=0, total=2))
    changed = {name: value - before[name] for name, value in told(metrics).items() if name.startswith("overread_")}
    counted = {name: value for name, value in changed.items() if value and "latency" not in name}
    assert counted == {
        'overread_readings_total{status="read"}': 1,
        'overread_readings_total{status="not_assessed"}': 1,
        'overread_reasons_total{reason="unreadable"}': 1,
        f'overread_positives_total{{label="{positive.label}"}}': 1,
    }
    stages = {stage: changed[f'overread_latency_seconds_count{{stage="{stage}"}}'] for stage in Timing.model_fields}
    assert stages == {"decode": 2, "model": 1, "total": 2}  # a file that cannot be read did not come to the model
    assert changed['overread_latency_seconds_bucket{le="1.0",stage="total"}'] == 1
    assert changed['overread_latency_seconds_bucket{le="1.5",stage="total"}'] == 2


def test_whatever_is_asked_the_series_stay_few(metrics: Metrics) -> None:
    for index in range(500):
        metrics.requested(f"/{PLANTED['PatientName']}/{index}", 404)
        metrics.requested("/predict", 10_000 + index)
    for route in ROUTES:
        metrics.requested(route, 200)
    requests = {name: value for name, value in told(metrics).items() if name.startswith("overread_requests_total")}
    assert len(requests) == 2 + len(ROUTES)
    assert requests['overread_requests_total{route="other",status="404"}'] == 500
    assert not planted_in(metrics.exposition())


def test_promtool_finds_the_exposition_right(metrics: Metrics) -> None:
    command = [program("promtool"), "check", "metrics"]
    # the process's own metrics have names of old that promtool's style guide would change
    ours = b"".join(line for line in metrics.exposition().splitlines(True) if b"overread_" in line)
    done = subprocess.run(command, input=ours, capture_output=True, timeout=60)
    assert done.returncode == 0 and not done.stdout + done.stderr, done.stderr.decode()


def test_a_real_prometheus_scrapes_a_real_server(bundle: Path, film: bytes, tmp_path: Path) -> None:
    named = dicom(ramp(12), BitsStored=12)
    headers = {"content-type": "application/dicom", "x-name": PLANTED["PatientName"]}
    rules = alert_rules(Thresholds())
    with (
        serving(bundle, tmp_path / "serve.log") as address,
        prometheus(tmp_path, scrapes=address, rules=rules) as watching,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
    ):
        statuses = [
            Reading.model_validate_json(client.post("/invocations", content=content, headers=headers).content).status
            for content in (film, named, b"", png(ramp(8)))
        ]
        client.post("/predict", files={"file": (f"{PLANTED['PatientID']}.dcm", named)})
        client.post("/invocations", content=film, headers={"content-type": "text/csv"})
        client.get(f"/{PLANTED['PatientID']}")
        watching.wait_for('overread_requests_total{route="/invocations",status="200"}', len(statuses))
        watching.wait_for('overread_requests_total{route="/predict",status="200"}', 1)
        watching.wait_for('overread_requests_total{route="/invocations",status="415"}', 1)
        watching.wait_for('overread_requests_total{route="other",status="404"}', 1)
        watching.wait_for("sum(overread_readings_total)", len(statuses) + 1)
        watching.wait_for('overread_readings_total{status="read"}', statuses.count("read") + (statuses[1] == "read"))
        watching.wait_for("overread_model_loaded", 1)
        watching.wait_for("overread_queue_length", 0)
        watching.wait_for('count(ALERTS{alertstate="firing"}) or vector(0)', 0)
        target = watching.target()
        assert target["health"] == "up" and target["lastError"] == ""
        exposition = client.get("/metrics")
    assert re.match(r"text/plain; version=0\.0\.4", exposition.headers["content-type"])
    assert not planted_in(exposition.text)
