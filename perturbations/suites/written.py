"""Suites as people write them, to suites and back."""

import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from perturbations.chain import Chain, Step
from perturbations.corruption import Corruption, corruptions, load_corruption
from perturbations.errors import CorruptionError
from perturbations.suites.suite import Condition, Suite

Setting = bool | int | float | str
WANTED = {
    "model_type": "fields with their values",
    "dict_type": "names with their values",
    "list_type": "a list, in [brackets]",
    "too_short": "at least one",
    "string_type": "words",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
}
SETTING = "a number, a word, or true or false"
NAME = re.compile(r"\w[\w .+-]{0,79}")


class Written(BaseModel):
    """What is common: no field but those named, no value of a similar kind, no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class WrittenStep(Written):
    """A corruption, its levels and settings; in a chain, whether it follows the severity.

    Attributes:
        corruption: Its name.
        level: One level only; in a chain the step stays at it.
        levels: Severity 1, 2 and so on in place of the published ones.
        severity: In a chain: stay at this one of the levels.
        settings: By name.
    """

    corruption: str
    level: float | None = None
    levels: list[float] | None = Field(None, min_length=1)
    severity: int | None = None
    settings: dict[str, Setting] = {}

    def load(self) -> Corruption:
        """The corruption."""
        settings: dict[str, Any] = dict(self.settings)
        if "levels" in settings:
            raise CorruptionError("'levels' stands beside 'settings', not in it.")
        if self.level is not None and self.levels is not None:
            raise CorruptionError("Give 'level' or 'levels', not both.")
        if self.level is not None:
            settings["levels"] = [self.level]
        if self.levels is not None:
            settings["levels"] = self.levels
        return load_corruption(self.corruption, **settings)

    def step(self) -> Step:
        """The step of a chain."""
        if self.level is not None and self.severity is not None:
            raise CorruptionError("Give 'level' or 'severity', not both.")
        return Step(self.load(), self.severity if self.level is None else 1)


class WrittenCondition(Written):
    """A row of a suite: one corruption, or a chain of several.

    Attributes:
        name: What the row is called; a corruption's own name unless told otherwise.
        corruption: See `WrittenStep`, as are `level`, `levels` and `settings`.
        chain: The steps, one after another; none is the clip as it is.
        severities: Some of those there are; all of them if None.
    """

    name: str | None = None
    corruption: str | None = None
    level: float | None = None
    levels: list[float] | None = Field(None, min_length=1)
    settings: dict[str, Setting] = {}
    chain: list[WrittenStep] | None = None
    severities: list[int] | None = Field(None, min_length=1)


class WrittenSuite(Written):
    """A suite: what it is for, and its rows."""

    summary: str
    conditions: list[WrittenCondition] = Field(min_length=1)


def from_document(document: Any, name: str, source: str) -> Suite:
    """The suite that a YAML document describes.

    Args:
        document: What the YAML holds.
        name: What the suite is called.
        source: What the document is called in messages.

    Raises:
        CorruptionError: Something in it is not as it must be: which condition, which field.
    """
    try:
        written = WrittenSuite.model_validate(document)
    except ValidationError as fault:
        raise CorruptionError(f"'{source}', {first_fault(fault, document)}") from fault
    conditions = []
    for number, each in enumerate(written.conditions):
        try:
            conditions.append(load_condition(each))
        except CorruptionError as fault:
            place = condition_place(document, number)
            raise CorruptionError(f"'{source}', {place}: {fault}") from fault
    return Suite(name, written.summary, tuple(conditions))


def load_condition(written: WrittenCondition) -> Condition:
    """A row as a condition."""
    corruption = load_row(written)
    name = corruption.name if written.name is None else written.name
    if not NAME.fullmatch(name):
        raise CorruptionError(
            f"The name is {name!r}; a name has up to 80 letters, digits, spaces or . _ + - and "
            "begins with a letter or a digit."
        )
    severities = corruption.severities if written.severities is None else written.severities
    return Condition(name, corruption, tuple(severities))


def load_row(written: WrittenCondition) -> Corruption:
    """The corruption of a row, or its chain."""
    if written.chain is None:
        if written.corruption is None:
            raise CorruptionError("Give a 'corruption', or a 'chain' of them.")
        row = written.model_dump(include={"corruption", "level", "levels", "settings"})
        return WrittenStep(**row).load()
    given = written.model_fields_set & {"corruption", "level", "levels", "settings"}
    if given:
        raise CorruptionError(f"There is a 'chain'; '{min(given)}' belongs into its steps.")
    if written.name is None:
        raise CorruptionError("A chain needs a 'name'.")
    steps = [load_step(step, number) for number, step in enumerate(written.chain, 1)]
    return Chain(name=written.name, steps=tuple(steps))


def load_step(written: WrittenStep, number: int) -> Step:
    """A step of a chain; what is wrong with it is told with its number."""
    try:
        return written.step()
    except CorruptionError as fault:
        raise CorruptionError(f"Step {number}: {fault}") from fault


def first_fault(fault: ValidationError, document: Any) -> str:
    """Where the first thing that is wrong stands, what it is and what is allowed."""
    error = fault.errors(include_url=False)[0]
    place: Sequence[int | str] = error["loc"]
    where, field = "at the top", place[0] if place else None
    model: type[Written] = WrittenSuite
    if len(place) > 1 and place[0] == "conditions":
        where, model = condition_place(document, int(place[1])), WrittenCondition
        field = place[2] if len(place) > 2 else None
        if field == "chain" and len(place) > 3:
            where, model = f"{where}, step {int(place[3]) + 1}", WrittenStep
            field = place[4] if len(place) > 4 else None
    if error["type"] == "extra_forbidden":
        return f"{where}: there is no field '{field}'. There are: {', '.join(model.model_fields)}."
    if error["type"] == "missing":
        return f"{where}: the field '{field}' is missing."
    of_setting = field == "settings" and place[-1] != "settings"
    wanted = SETTING if of_setting else WANTED.get(error["type"], error["msg"])
    what = "it" if field is None else f"the field '{field}'"
    return f"{where}: {what} takes {wanted}; {reprlib.repr(error['input'])} was given."


def condition_place(document: Any, number: int) -> str:
    """How a condition is called in messages: its number and, where it has one, its name."""
    row = document["conditions"][number]
    told = row.get("name") or row.get("corruption") if isinstance(row, Mapping) else None
    return f"condition {number + 1}" + (f" ('{told}')" if isinstance(told, str) else "")


def to_document(suite: Suite) -> dict[str, Any]:
    """The suite as a YAML document, with every level; settings at their defaults are left out.

    Raises:
        CorruptionError: A corruption is not registered, so that no name stands for it.
    """
    return {
        "summary": suite.summary,
        "conditions": [condition_document(condition) for condition in suite.conditions],
    }


def condition_document(condition: Condition) -> dict[str, Any]:
    """A condition as it would be written."""
    corruption = condition.corruption
    row: dict[str, Any] = {"name": condition.name}
    if isinstance(corruption, Chain):
        row["chain"] = [step_document(step) for step in corruption.steps]
    else:
        row |= corruption_document(corruption)
    if condition.severities != corruption.severities:
        row["severities"] = list(condition.severities)
    return row


def step_document(step: Step) -> dict[str, Any]:
    """A step of a chain as it would be written."""
    row = corruption_document(step.corruption)
    return row if step.severity is None else row | {"severity": step.severity}


def corruption_document(corruption: Corruption) -> dict[str, Any]:
    """A corruption's name, levels and settings as they would be written."""
    name = corruption.name
    if name not in corruptions.names() or corruptions.get(name) is not type(corruption):
        raise CorruptionError(
            f"The corruption '{name}' is not registered, so a file cannot name it. Decorate its "
            "class with register_corruption."
        )
    settings = {
        field.name: plain(getattr(corruption, field.name))
        for field in fields(corruption)
        if field.name != "levels" and getattr(corruption, field.name) != field.default
    }
    row: dict[str, Any] = {"corruption": name, "levels": list(corruption.levels)}
    return row | ({"settings": settings} if settings else {})


def plain(value: Any) -> Any:
    """A setting as YAML has it; a path is its text."""
    return str(value) if isinstance(value, Path) else value
