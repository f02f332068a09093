"""Suites by name, and from a user's file."""

import os
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from perturbations.errors import CorruptionError
from perturbations.suites.plain_yaml import LARGEST_BYTES, read_yaml, write_yaml
from perturbations.suites.suite import Suite
from perturbations.suites.written import from_document, to_document

SUFFIXES = (".yaml", ".yml")


def suite_names() -> tuple[str, ...]:
    """The suites that come with the package."""
    return tuple(sorted(file.name[:-5] for file in files(__package__).iterdir() if is_yaml(file)))


def is_yaml(file: Traversable) -> bool:
    """Whether a file beside this one is a suite."""
    return file.name.endswith(".yaml")


def load_suite(suite: str | os.PathLike[str]) -> Suite:
    """A suite by its name, or from a YAML file.

    Args:
        suite: One of `suite_names()`, or the path of a file that ends in ``.yaml`` or ``.yml``.

    Raises:
        CorruptionError: There is no such suite, or its file says what cannot be done: the message
            names the file, the condition and the field.

    >>> load_suite("deepfake-16").conditions[0].name
    'white-noise'
    """
    text, source, name = suite_source(suite)
    return from_document(read_yaml(text, source), name, source)


def suite_text(suite: str | os.PathLike[str]) -> str:
    """The YAML of a suite as its authors wrote it, comments and all; see `load_suite`."""
    text, source, _ = suite_source(suite)
    try:
        return text.decode()
    except UnicodeDecodeError as fault:
        raise CorruptionError(f"'{source}' cannot be read as YAML: {fault}.") from fault


def suite_source(suite: str | os.PathLike[str]) -> tuple[bytes, str, str]:
    """The bytes of a suite's file, what it is called in messages, and the suite's name."""
    name = os.fspath(suite)
    if name in suite_names():
        return (files(__package__) / f"{name}.yaml").read_bytes(), f"{name}.yaml", name
    path = Path(name)
    if path.suffix.lower() not in SUFFIXES:
        near = get_close_matches(name, suite_names(), n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise CorruptionError(
            f"There is no suite named '{name}'.{hint} There are: {', '.join(suite_names())}; or "
            "give the path of a .yaml file."
        )
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1), str(path), path.stem
    except (OSError, ValueError) as fault:
        told = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise CorruptionError(f"The suite '{path}' cannot be read: {told}.") from fault


def as_yaml(suite: Suite) -> str:
    """The suite as YAML, every level spelled out; what `load_suite` reads back as an equal suite.

    The suite's name is its file's name and not in the text. See `to_document`.
    """
    return write_yaml(to_document(suite))
