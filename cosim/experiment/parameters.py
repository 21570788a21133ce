"""Read what a user may set into frozen dataclasses: names, types, units and defaults come from the dataclass itself.

A quantity is a field ``Annotated[float, Unit('mm/ms')]``; the mark also holds for all numbers inside ``Annotated[tuple[float, ...],
Unit('mV')]``. A field called as a word of Python ends in an underscore in the dataclass (``from_``), not in the file.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from pydantic import PlainValidator, TypeAdapter, ValidationError, ValidationInfo

from cosim.errors import InputError, Problem
from cosim.experiment.annotations import PURE, in_words, is_union, unmarked
from cosim.experiment.docstrings import meanings
from cosim.experiment.faults import Faults, Refused, faults_of
from cosim.experiment.quantities import read_quantity, shown
from cosim.interfaces import Unit
from cosim.registry import did_you_mean

Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class Setting:
    """Describe one key that a user may set.

    Parameters
    ----------
    name, key : str
        Name of the field in the dataclass, and of the key in a file.
    annotation : object
        Type of the field with its marks.
    adapter : TypeAdapter
        What reads it.
    meaning : str
        What the docstring says of it.
    default : object
        Its default, or `dataclasses.MISSING`.
    """

    name: str
    key: str
    annotation: Any
    adapter: TypeAdapter[Any]
    meaning: str
    default: Any

    @property
    def expected(self) -> str:
        """What is to be written, and what it means."""
        return in_words(self.annotation) + (f" ({self.meaning})" if self.meaning else "")


@cache
def settings(cls: type) -> dict[str, Setting]:
    """Return what a user may set in a dataclass, by key, in the order of its fields."""
    hints, says = get_type_hints(cls, include_extras=True), meanings(cls)
    found = {}
    for f in fields(cls):
        if f.init:
            default = f.default_factory() if f.default_factory is not MISSING else f.default
            key = f.name.removesuffix("_")
            found[key] = Setting(f.name, key, hints[f.name], _adapter(hints[f.name], PURE), says.get(f.name, ""), default)
    return found


def read_dataclass(cls: type[Data], data: Any, folder: Path) -> Data:
    """Return an instance of a dataclass from plain data.

    Parameters
    ----------
    cls : type
        A frozen dataclass.
    data : object
        What the file holds; nothing stands for an empty mapping.
    folder : Path
        Folder of the file, for a field called ``folder``.

    Raises
    ------
    Refused
        With everything that is wrong.
    """
    values, faults = read_fields(cls, data, folder)
    if faults:
        raise Refused(faults)
    try:
        return cls(**values)
    except InputError as error:
        raise Refused([((), problem) for problem in error.problems]) from None
    except ValueError as error:
        raise Refused([((), Problem(str(error)))]) from None


def read_fields(cls: type, data: Any, folder: Path) -> tuple[dict[str, Any], Faults]:
    """Return the values that are right, by name of the field, and everything that is wrong; see `read_dataclass`."""
    known = settings(cls)
    if data is None:
        data = {}
    if not isinstance(data, Mapping):
        return {}, [((), Problem(f"{shown(data)} is not a mapping", expected="keys " + ", ".join(known)))]
    faults: Faults = [((key,), Problem(f"there is no key '{key}' here", remedy=did_you_mean(str(key), list(known))))
                      for key in data if key not in known]
    values: dict[str, Any] = {}
    for key, setting in known.items():
        if key in data:
            try:
                values[setting.name] = setting.adapter.validate_python(data[key], context=folder)
            except ValidationError as error:
                wrong = faults_of(error, data[key], in_words(setting.annotation), setting.meaning)
                faults += [((key, *keys), problem) for keys, problem in wrong]
        elif key == "folder":
            values[setting.name] = setting.adapter.validate_python(str(folder.absolute()), context=folder)
        elif setting.default is MISSING:
            faults.append(((), Problem(f"the key '{key}' is missing", expected=f"{key}: {setting.expected}")))
        else:
            values[setting.name] = setting.default
    if isinstance(data.get("folder"), str) and "folder" in values:
        setting = known["folder"]
        values[setting.name] = setting.adapter.validate_python(str(folder.absolute() / data["folder"]), context=folder)
    return values, faults


def read_value(annotation: Any, unit: str, data: Any, folder: Path = Path()) -> Any:
    """Return what plain data mean where a type stands; raise pydantic's `ValidationError` when they do not fit."""
    return _adapter(annotation, unit).validate_python(data, context=folder)


@cache
def _adapter(annotation: Hashable, unit: str) -> TypeAdapter[Any]:
    return TypeAdapter(_adapted(annotation, unit))


def _adapted(annotation: Any, unit: str = PURE) -> Any:  # noqa: PLR0911 - one return for each sort of type
    """Return the annotation that pydantic is to follow for one of ours."""
    if get_origin(annotation) is Annotated:
        base, *marks = get_args(annotation)
        _, unit = unmarked(annotation, unit)
        others = tuple(m for m in marks if not isinstance(m, Unit))
        return Annotated[(_adapted(base, unit), *others)] if others else _adapted(base, unit)
    origin, args = get_origin(annotation) or annotation, get_args(annotation)
    if annotation in {float, int, Fraction}:
        return Annotated[annotation, PlainValidator(partial(_number, annotation, unit))]
    if annotation in {str, bool, type(None)}:
        return Annotated[annotation, PlainValidator(partial(_exactly, annotation))]
    if annotation is Path:
        return Annotated[Path, PlainValidator(lambda value: Path(_exactly(str, value)))]
    if is_union(annotation):
        return Annotated[Any, PlainValidator(partial(_first_that_fits, args, unit))]
    if is_dataclass(annotation):
        return Annotated[Any, PlainValidator(partial(_nested, cast("type", annotation)))]
    if annotation is Any or origin is Literal or (isinstance(origin, type) and issubclass(origin, Enum)):
        return annotation
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return dict[(str, _adapted(args[1], unit) if args else Any)]  # type: ignore[misc]
    if origin in {tuple, list, Sequence}:
        inner = [a if a is Ellipsis else _adapted(a, unit) for a in args] or [Any, ...]
        return tuple[tuple(inner if origin is tuple else (inner[0], ...))]  # type: ignore[misc]
    raise TypeError(f"a parameter cannot have the type {annotation!r}")


def _number(kind: type, unit: str, value: Any) -> Any:
    try:
        exact = read_quantity(value, unit)
        if kind is not int:
            return kind(exact)
    except InputError as error:
        raise Refused([((), p) for p in error.problems]) from None
    except OverflowError:
        raise Refused([((), Problem(f"{shown(value)} is too large for a number"))]) from None
    if exact.denominator != 1:
        raise Refused([((), Problem(f"{shown(value)} is not a whole number", expected=in_words(kind, unit)))])
    return exact.numerator


def _exactly(kind: type, value: Any) -> Any:
    if isinstance(value, kind):
        return value
    remedy = f"put it into quotes: '{shown(value)}'" if kind is str and isinstance(value, int | float) else ""
    raise Refused([((), Problem(f"{shown(value)} is not {in_words(kind)}", expected=in_words(kind), remedy=remedy))])


def _nested(cls: type, value: Any, info: ValidationInfo[Path]) -> Any:
    return read_dataclass(cls, value, info.context)


def _first_that_fits(members: Sequence[Any], unit: str, value: Any, info: ValidationInfo[Path]) -> Any:
    """Return the value read as the first member of a union that takes it; else say what is wrong with the nearest."""
    refusals = []
    for member in members:
        try:
            return read_value(member, unit, value, info.context)
        except ValidationError as error:
            refusals.append((member, faults_of(error, value, in_words(member, unit))))
    inside = [faults for _, faults in refusals if any(keys for keys, _ in faults)]
    wanted = [m for m in members if m is not type(None)]
    if inside:
        raise Refused(min(inside, key=len))
    if len(wanted) == 1:
        raise Refused(next(faults for member, faults in refusals if member is wanted[0]))
    raise Refused([((), Problem(f"{shown(value)} does not fit here", expected=" or ".join(in_words(m, unit) for m in wanted)))])

