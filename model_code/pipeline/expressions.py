"""What a definition leaves open until a run: ``Get``, ``Std:Join``, ``Std:JsonGet``, and the conditions made of them."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_code.errors import OverreadError
from model_code.pipeline.literal import Json

COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_PART: Final = re.compile(r"""\.?([^.\[\]]+)|\[(\d+)\]|\[['"]([^'"]+)['"]\]""")
_NAMES: Final = ("OutputName", "InputName", "ChannelName")
"""A list's items can be named by these: ``Outputs['report']``."""


class ExpressionError(OverreadError):
    """Something that the definition asks for is not there."""


@dataclass(frozen=True)
class Scope:
    """What expressions can see at one moment of a run."""

    parameters: Json
    execution: Json
    steps: Mapping[str, Json]
    """Properties of the finished steps, as SageMaker's Describe calls would give them."""
    files: Mapping[str, Mapping[str, str]]
    """S3 addresses of their property files, by step and name."""
    read: Callable[[str], bytes]
    """The object at an S3 address."""

    def value(self, expression: Any) -> Any:
        """The expression with everything put in.

        Raises:
            ExpressionError: it names what is not there.
        """
        if isinstance(expression, list):
            return [self.value(item) for item in expression]
        if not isinstance(expression, Mapping):
            return expression
        if expression.keys() == {"Get"}:
            return self._get(expression["Get"])
        if expression.keys() == {"Std:Join"}:
            join = expression["Std:Join"]
            return str(join["On"]).join(str(self.value(part)) for part in join["Values"])
        if expression.keys() == {"Std:JsonGet"}:
            return self._json_get(expression["Std:JsonGet"])
        return {key: self.value(inner) for key, inner in expression.items()}

    def holds(self, condition: Json) -> bool:
        """Whether a condition is true.

        Raises:
            ExpressionError: it is of an unknown type, compares what cannot be compared, or names what is not there.
        """
        kind = condition["Type"]
        if kind == "Not":
            return not self.holds(condition["Expression"])
        if kind == "Or":
            return any(self.holds(inner) for inner in condition["Conditions"])
        if kind == "And":
            return all(self.holds(inner) for inner in condition["Conditions"])
        if kind == "In":
            return self.value(condition["QueryValue"]) in self.value(condition["Values"])
        if kind not in COMPARISONS:
            raise ExpressionError(f"unknown condition '{kind}'; known: {', '.join([*COMPARISONS, 'In', 'Not', 'Or', 'And'])}")
        left, right = self.value(condition["LeftValue"]), self.value(condition["RightValue"])
        try:
            return COMPARISONS[kind](left, right)
        except TypeError:
            raise ExpressionError(f"{kind} cannot compare {left!r} with {right!r}; both must be numbers") from None

    def _get(self, path: str) -> Any:
        root, _, rest = path.partition(".")
        if root == "Parameters":
            return follow(self.parameters, rest, f"the parameter '{rest}'")
        if root == "Execution":
            return follow(self.execution, rest, f"'{path}'")
        step, _, inner = rest.partition(".")
        if root != "Steps" or step not in self.steps:
            raise ExpressionError(f"'{path}' names no finished step; finished: {', '.join(self.steps) or 'none'}")
        return follow(self.steps[step], inner, f"'{path}'")

    def _json_get(self, argument: Json) -> Any:
        if "S3Uri" in argument:
            address = self.value(argument["S3Uri"])
        else:
            _, step, _, name = argument["PropertyFile"]["Get"].split(".", 3)
            address = self.files.get(step, {}).get(name)
            if address is None:
                raise ExpressionError(f"the step '{step}' has no property file '{name}'; add it to the step's PropertyFiles")
        path = argument["Path"]
        try:
            content = json.loads(self.read(address))
        except ValueError:
            raise ExpressionError(f"'{address}' is no JSON; '{path}' cannot be looked up in it") from None
        return follow(content, path, f"'{path}' of '{address}'")


def follow(value: Any, path: str, what: str) -> Any:
    """What stands at a path such as ``a.b[0]['name']``.

    Raises:
        ExpressionError: nothing does.
    """
    for name, index, key in _PART.findall(path):
        try:
            if index:
                value = value[int(index)]
            elif isinstance(value, list):
                value = next(item for item in value if (name or key) in (item.get(label) for label in _NAMES))
            else:
                value = value[name or key]
        except (KeyError, IndexError, TypeError, StopIteration):
            raise ExpressionError(f"{what} is not there: nothing at '{name or index or key}'") from None
    return value
