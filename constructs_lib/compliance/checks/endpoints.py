"""Models and the endpoints that serve them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from constructs_lib.compliance.checks.jobs import has_local_disk
from constructs_lib.compliance.checks.requests import Request, requests
from constructs_lib.compliance.checks.rule import Rule, literal
from constructs_lib.compliance.checks.synthesized import Assembly, Json, Resource, many

MODEL: Final = "AWS::SageMaker::Model"
CONFIG: Final = "AWS::SageMaker::EndpointConfig"
MACHINES: Final = ("AWS::StepFunctions::StateMachine", "AWS::SageMaker::Pipeline")
MEMORY_MB: Final = range(1024, 6145, 1024)


def _requested(resource: Resource, native: str) -> list[Request]:
    """The request for a model or a configuration: the resource itself, or steps of what it runs."""
    if resource.type == native:
        return [Request(resource.logical_id, native.rpartition(":")[2], resource.properties)]
    return [request for request in requests(resource) if request.kind == native.rpartition(":")[2]]


def variants(config: Json) -> list[Json]:
    """All variants of a configuration, shadows included."""
    return [*many(config.get("ProductionVariants")), *many(config.get("ShadowProductionVariants"))]


def _is_serverless(model: Resource, assembly: Assembly) -> bool:
    if model.type != MODEL:  # the same run makes the configuration
        return any("ServerlessConfig" in variant for r in _requested(model, CONFIG) for variant in variants(r.arguments))
    used = [(config, variant) for config in assembly.of_type(CONFIG) for variant in variants(config.properties)]
    serving = [variant for config, variant in used if assembly.target(variant.get("ModelName"), config.stack) is model]
    return bool(serving) and all("ServerlessConfig" in variant for variant in serving)


def _isolated(resource: Resource, assembly: Assembly) -> Iterator[str] | None:
    models = _requested(resource, MODEL)
    if not models or _is_serverless(resource, assembly):
        return None
    return (wrong for model in models for wrong in _holes(model))


def _holes(model: Request) -> Iterator[str]:
    vpc = model.arguments.get("VpcConfig") or {}
    if not vpc.get("Subnets") or not vpc.get("SecurityGroupIds"):
        yield f"{model.where} names no VpcConfig with subnets and security groups"
    if model.arguments.get("EnableNetworkIsolation") is not True:
        yield f"{model.where} does not set EnableNetworkIsolation"


def _serverless_possible(resource: Resource, assembly: Assembly) -> list[str] | None:
    wrong: list[str] = []
    configs = [r for r in _requested(resource, CONFIG) if any("ServerlessConfig" in v for v in variants(r.arguments))]
    for config in configs:
        wrong += _refused_sizes(config) + _refused_combinations(config)
        models = [assembly.target(v.get("ModelName"), resource.stack) for v in variants(config.arguments)]
        wrong += [
            f"model {model.logical_id} has {setting}, which serverless endpoints refuse"
            for model in models
            if model is not None
            for setting in ("VpcConfig", "EnableNetworkIsolation")
            if model.get(setting)
        ]
    return wrong if configs else None


def _refused_sizes(config: Request) -> list[str]:
    wrong = []
    for variant in variants(config.arguments):
        size = variant.get("ServerlessConfig") or {}
        memory, most, kept = (size.get(name) for name in ("MemorySizeInMB", "MaxConcurrency", "ProvisionedConcurrency"))
        if literal(memory) and memory not in MEMORY_MB:
            wrong.append(f"{config.where} asks for {memory} MB; allowed: 1024 to 6144 in steps of 1024")
        if isinstance(most, int) and not 1 <= most <= 200:
            wrong.append(f"{config.where} asks for MaxConcurrency {most}; allowed: 1 to 200")
        if isinstance(kept, int) and isinstance(most, int) and kept > most:
            wrong.append(f"{config.where} provisions {kept} of at most {most} concurrent invocations")
    return wrong


def _refused_combinations(config: Request) -> list[str]:
    settings = [name for name in ("DataCaptureConfig", "AsyncInferenceConfig", "VpcConfig") if config.arguments.get(name)]
    settings += ["EnableNetworkIsolation"] * bool(config.arguments.get("EnableNetworkIsolation"))
    settings += ["several variants"] * (len(variants(config.arguments)) > 1)
    settings += ["InstanceType"] * any("InstanceType" in variant for variant in variants(config.arguments))
    return [f"{config.where} is serverless with {name}, which SageMaker refuses" for name in settings]


def _no_capture(resource: Resource, _: Assembly) -> list[str] | None:
    configs = _requested(resource, CONFIG)
    wrong = []
    for config in configs:
        capture = config.arguments.get("DataCaptureConfig") or {}
        modes = [option.get("CaptureMode") for option in many(capture.get("CaptureOptions"))]
        if capture.get("EnableCapture") is not False and any(mode != "Output" for mode in modes):
            wrong.append(f"{config.where} captures what callers send: films, in base64")
    return wrong if configs else None


def _encrypted(resource: Resource, _: Assembly) -> list[str] | None:
    configs = _requested(resource, CONFIG)
    wrong: list[str] = []
    for config in configs:
        types = [variant.get("InstanceType") for variant in variants(config.arguments)]
        local = [kind for kind in types if has_local_disk(kind)]
        if local and config.arguments.get("KmsKeyId"):
            wrong.append(f"{config.where} gives {local[0]} a KmsKeyId, which SageMaker refuses for its local disk")
        elif not local and not config.arguments.get("KmsKeyId"):
            wrong.append(f"{config.where} has no KmsKeyId")
        output: Any = config.arguments.get("AsyncInferenceConfig")
        if isinstance(output, Mapping) and not (output.get("OutputConfig") or {}).get("KmsKeyId"):
            wrong.append(f"{config.where} writes asynchronous answers without KmsKeyId")
    return wrong if configs else None


RULES: Final = (
    Rule(
        "SageMakerModelIsolated",
        "Models on machines of their own run in the VPC, isolated (serverless endpoints allow neither).",
        ("164.312(a)(1)", "164.312(e)(1)"),
        (MODEL, *MACHINES),
        _isolated,
    ),
    Rule(
        "SageMakerServerlessPossible",
        "Serverless endpoints have sizes and settings that SageMaker accepts.",
        ("164.308(a)(7)(ii)(C)",),
        (CONFIG, *MACHINES),
        _serverless_possible,
    ),
    Rule(
        "SageMakerNoInputCapture",
        "No endpoint writes down what callers send.",
        ("164.312(a)(1)", "164.308(a)(1)(ii)(B)"),
        (CONFIG, *MACHINES),
        _no_capture,
    ),
    Rule(
        "SageMakerEndpointEncrypted",
        "Endpoints' disks and asynchronous answers are encrypted with customer keys.",
        ("164.312(a)(2)(iv)",),
        (CONFIG, *MACHINES),
        _encrypted,
    ),
)
