"""Paths, names and spellings."""

from __future__ import annotations

import pytest

from operations.rehearse.types.kind import Kind, as_text, deep_small, lowered, resolve, same

MADE = {"request": {"Name": "films"}, "answer": {"Pool": {"Id": "p-1"}}, "place": {"region": "us-east-1", "account": "1"}}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("answer.Pool.Id", "p-1"),
        ("arn:aws:s3:{place.region}:{place.account}:{request.Name}", "arn:aws:s3:us-east-1:1:films"),
        ("account", "account"),
        ("api.example.com", "api.example.com"),
    ],
)
def test_paths_are_followed_and_other_texts_stand_for_themselves(path: str, text: str) -> None:
    assert resolve(path, MADE) == text


def test_what_was_not_answered_is_an_error() -> None:
    with pytest.raises(KeyError):
        resolve("answer.Arn", MADE)


def test_a_name_is_generated_only_where_the_template_gives_none() -> None:
    kind = Kind("sns", "CreateTopic", same(TopicName="Name"), "answer.TopicArn", name="TopicName")

    assert kind.first({}, "generated").parameters == {"Name": "generated"}
    assert kind.first({"TopicName": "films"}, "generated").parameters == {"Name": "films"}


def test_spellings() -> None:
    assert lowered("Mode", ApiId="restApiId")({"Mode": 1, "ApiId": "a", "Tags": [{"Key": "k", "Value": "v"}]}) == {
        "restApiId": "a",
        "tags": {"k": "v"},
    }
    assert deep_small([{"Quota": {"Limit": 1}}]) == [{"quota": {"limit": 1}}]
    assert [as_text(value) for value in (True, 7, "seven", {"a": 1})] == ["true", "7", "seven", '{"a": 1}']
