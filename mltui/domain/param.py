"""Hyper-parameters of a profile: typed, bounded, and read from what a person types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from mltui.domain.schema import Kind
from mltui.domain.secret_names import is_secret_name
from mltui.domain.secret_text import has_shape
from mltui.domain.section import Number, Section, ShortForm, Text, as_text, describe, fault
from mltui.domain.units import number_text
from mltui.domain.value_range import looks_like_range, range_values

#: A value of a parameter.
ParamValue = int | float | bool | str

#: What a parameter, or a variable of an environment file, may be called.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: What no program can be given, and bytes of a command line that are not UTF-8.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
#: Names that mean a secret whatever the type.
_NO_DOUBT = re.compile("pass|secret|credential", re.IGNORECASE)
_RECORDED = "and parameters are recorded and shown"
_TYPES: dict[str, type[ParamValue]] = {"int": int, "float": float, "bool": bool, "str": str}
_WHAT = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}


class Param(Section):
    """One hyper-parameter. Short form: its default, from which its type follows."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (ShortForm(Kind.VALUE, ("10", "0.001", "adam")),)

    type: Literal["int", "float", "bool", "str"] = Field(
        default="str", title="Type", description="int, float, bool or str."
    )
    default: ParamValue | None = Field(
        default=None, title="Default", description="Without one, a launch has to set it."
    )
    min: Number | None = Field(default=None, title="Minimum", description="Smallest value allowed.")
    max: Number | None = Field(default=None, title="Maximum", description="Largest value allowed.")
    choices: tuple[ParamValue, ...] = Field(default=(), title="Choices", description="The only values allowed.")
    public: bool = Field(
        default=False, title="Public", description="No secret, though its name or its value looks like one."
    )
    help: Text = Field(default="", title="Help", description="One line for the person who launches.")

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: object) -> object:
        if data is None or isinstance(data, list):
            raise fault(f"expected a default or a mapping with type and default, found {describe(data)}")
        entry = dict(data) if isinstance(data, Mapping) else {"default": data}
        choices = entry.get("choices")
        example = entry.get("default", choices[0] if isinstance(choices, list) and choices else None)
        if "type" not in entry and example is not None:
            entry["type"] = _type_of(example)
        return entry

    @field_validator("default", mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return _plain_scalar(value)

    @field_validator("choices", mode="before")
    @classmethod
    def _plain_choices(cls, value: object) -> object:
        return [_plain_scalar(item) for item in value] if isinstance(value, list) else value

    @model_validator(mode="after")
    def _consistent(self) -> Param:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise fault(f"the minimum {number_text(self.min)} is above the maximum {number_text(self.max)}", "min")
        for index, choice in enumerate(self.choices):
            self._check_at(choice, "choices", index)
        if self.default is not None:
            self._check_at(self.default, "default")
        return self

    def _check_at(self, value: ParamValue, *at: str | int) -> None:
        try:
            self.parse(str(as_text(value)))
        except ValueError as error:
            raise fault(str(error), *at) from error

    def parse(self, text: str) -> ParamValue:
        """The value that ``text`` stands for. Raises ``ValueError`` with what was expected."""
        if _NO_TEXT.search(text):
            raise ValueError(f"expected text, found bytes that are none: {describe(text)}")
        if has_shape(text) and not self.public:
            # Neither here nor anywhere else is the value itself said.
            raise ValueError(f"this looks like a token, {_RECORDED}: take it from your environment, see secrets")
        value = self._convert(text)
        if self.choices and value not in [self._convert(str(as_text(choice))) for choice in self.choices]:
            raise ValueError(
                f"expected one of {', '.join(str(as_text(c)) for c in self.choices)}, found {describe(text)}"
            )
        if isinstance(value, int | float) and not isinstance(value, bool):
            self._check_bounds(value, text)
        return value

    def secret_by_name(self, name: str) -> str:
        """Why it cannot be a parameter under this name; empty where it can.

        Numbers count only where the name leaves no doubt: ``context_token`` is a count, ``password`` is none.
        """
        if self.public or self.choices or self.type == "bool" or not is_secret_name(name):
            return ""
        if self.type != "str" and not _NO_DOUBT.search(name):
            return ""
        variable = name.upper()
        return (
            f"{name} is a secret by its name, {_RECORDED}: take it from your environment with secrets: [{variable}], "
            f"or say public: true if it is none"
        )

    def _convert(self, text: str) -> ParamValue:
        try:
            if self.type == "bool":
                return {"true": True, "false": False}[text.lower()]
            return _TYPES[self.type](text)
        except (ValueError, KeyError) as error:
            if self.takes_ranges and looks_like_range(text):
                range_values(text, whole=self.type == "int")
                raise ValueError(f"expected one value, found the range {describe(text)}") from error
            raise ValueError(f"expected {_WHAT[self.type]}, found {describe(text)}") from error

    @property
    def takes_ranges(self) -> bool:
        """Its values are numbers, of which a range can be given."""
        return self.type in ("int", "float")

    def values(self, text: str) -> tuple[str, ...]:
        """The values that ``text`` stands for, as typed: parted by commas, ranges of numbers written out.

        A parameter of plain text has one value with whatever commas it has, and so is what already is one of the
        choices. Nothing is checked here: a range that is none stays as it is.
        """
        if (self.type == "str" and not self.choices) or text.strip() in map(str, self.choices):
            return (text,)
        parts = [part.strip() for part in text.split(",")] if "," in text else [text]
        return tuple(value for part in parts for value in self._range(part))

    def _range(self, text: str) -> tuple[str, ...]:
        if not (self.takes_ranges and looks_like_range(text)):
            return (text,)
        try:
            return range_values(text, whole=self.type == "int")
        except ValueError:
            return (text,)

    def _check_bounds(self, value: float, text: str) -> None:
        low, high = self.min, self.max
        if value != value or (low is not None and value < low) or (high is not None and value > high):
            between = f" {'from' if low is not None and high is not None else 'of'} {self._bounds()}"
            raise ValueError(f"expected {_WHAT[self.type]}{between if self._bounds() else ''}, found {describe(text)}")

    def _bounds(self) -> str:
        if self.min is not None and self.max is not None:
            return f"{number_text(self.min)} to {number_text(self.max)}"
        if self.min is not None:
            return f"at least {number_text(self.min)}"
        return "" if self.max is None else f"at most {number_text(self.max)}"

    @property
    def allowed(self) -> str:
        """Its choices or its bounds: ``one of adam, sgd``, ``1 to 100``; empty where there are none."""
        return f"one of {', '.join(map(str, self.choices))}" if self.choices else self._bounds()

    @property
    def value(self) -> ParamValue | None:
        """The default in the parameter's own type."""
        return None if self.default is None else self._convert(str(as_text(self.default)))


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "int" if isinstance(value, int) else "float" if isinstance(value, float) else "str"


def _plain_scalar(value: object) -> object:
    """Numbers stay numbers and keep their spelling; what is no scalar is refused."""
    if value is not None and not isinstance(value, str | int | float):
        raise fault(f"expected one value, found {describe(value)}")
    return value


def param_text(value: ParamValue) -> str:
    """A parameter's value as it goes into a command."""
    return str(as_text(value))
