from __future__ import annotations

import json

from aws_cdk import RemovalPolicy

from constructs_lib.delivery.build_network import BuildNetwork
from constructs_lib.delivery.build_projects import QUALIFIER, login_to, narrow_build_permissions
from tests.infra import Scope, text_of


def test_images_of_another_registry_are_pulled_with_the_builds_own_role() -> None:
    spec = login_to("111122223333.dkr.ecr.us-east-1.amazonaws.com").partial_build_spec
    assert spec is not None

    resolved = json.loads(Scope().stack.resolve(spec.to_build_spec()))
    (_, written) = resolved["phases"]["pre_build"]["commands"]
    assert json.loads(written.removeprefix("echo '").partition("' >")[0]) == {
        "version": "1.0",
        "domainCredentials": {"111122223333.dkr.ecr.us-east-1.amazonaws.com": {"ecrRepository": True}},
    }


def test_permissions_are_narrowed_to_names_of_this_stack_and_of_its_bootstrapping() -> None:
    scope = Scope()
    network = BuildNetwork(scope.stack, "Network", logs_key=scope.keys().audit, removal_policy=RemovalPolicy.RETAIN)

    narrow = narrow_build_permissions(scope.stack, network)
    resolved = {action: [text_of(scope.stack.resolve(name)) for name in names] for action, names in narrow.items()}

    assert all(f"role/cdk-{QUALIFIER}-" in name for name in resolved["sts:AssumeRole"])
    assert [name.partition(":stack/")[2] for name in resolved["cloudformation:DescribeStacks"]] == [
        "overread-test-stack/*",
        "CDKToolkit/*",
    ]
    assert "*" not in {name for names in resolved.values() for name in names}
    assert not resolved["codebuild:StartBuild"]
