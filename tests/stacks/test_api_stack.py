"""The API's stack, in a regional and in a private environment."""

from __future__ import annotations

import pytest

from tests.api_site import PRIVATE, PUBLIC, ApiSite
from tests.infra import Json, findings, of_type, text_of


@pytest.fixture(scope="module")
def site() -> ApiSite:
    return ApiSite(PUBLIC)


@pytest.fixture(scope="module")
def template(site: ApiSite) -> Json:
    return site.template()


@pytest.fixture(scope="module")
def private() -> Json:
    return ApiSite(PRIVATE).template()


def test_nothing_is_found(site: ApiSite) -> None:
    assert not [found for found in findings(site.stage) if found[1].startswith("api/")]


def test_the_firewall_stands_before_the_api_and_the_sign_in(template: Json) -> None:
    guarded = [text_of(one["ResourceArn"]) for one in of_type(template, "AWS::WAFv2::WebACLAssociation")]

    assert len(guarded) == 2
    assert any("/stages/" in arn for arn in guarded) and any("PeoplePool" in arn for arn in guarded)


def test_programs_find_the_address(template: Json) -> None:
    names = {parameter["Name"] for parameter in of_type(template, "AWS::SSM::Parameter")}

    assert names == {"/overread-dev/api-url", "/overread-dev/machine-key-id"}
    assert "ApiUrl" in template["Outputs"] and "UserPoolId" in template["Outputs"]


def test_production_keeps_people_and_records(private: Json, template: Json) -> None:
    for kind in ("AWS::Cognito::UserPool", "AWS::DynamoDB::Table"):
        (kept,) = [r for r in private["Resources"].values() if r["Type"] == kind]
        (dropped,) = [r for r in template["Resources"].values() if r["Type"] == kind]
        assert (kept["DeletionPolicy"], dropped["DeletionPolicy"]) == ("Retain", "Delete")
        assert kept["Properties"]["DeletionProtection" if "Pool" in kind else "DeletionProtectionEnabled"] in (True, "ACTIVE")
