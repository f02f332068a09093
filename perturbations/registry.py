"""One decorator to add a corruption, an explainer or a model; packages join by entry point."""

import importlib
import warnings
from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from perturbations.errors import UserError

Registered = TypeVar("Registered", bound=type | Callable)


class Registry(Generic[Registered]):
    """Names and what they stand for; built-in modules are imported on the first look.

    A plug-in that cannot be loaded, or whose name is taken, is left out with a warning: it must not
    stop the others.

    Args:
        kind: What is registered, for messages: ``"corruption"``.
        group: The entry-point group through which other packages join.
        builtin: Modules whose import registers the built-in entries.
        error: What is raised for an unknown or a doubled name.
    """

    def __init__(self, kind: str, group: str, builtin: tuple[str, ...], error: type[UserError]):
        self.kind = kind
        self.group = group
        self._builtin = builtin
        self._error = error
        self._entries: dict[str, Registered] = {}
        self._complete = False

    def register(self, name: str) -> Callable[[Registered], Registered]:
        """Decorator that files what it decorates under `name`."""

        def file(entry: Registered) -> Registered:
            known = self._entries.get(name)
            if known is not None and known.__qualname__ != entry.__qualname__:
                raise self._error(f"There is already a {self.kind} named '{name}': {known!r}.")
            self._entries[name] = entry
            return entry

        return file

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        self._load()
        return tuple(sorted(self._entries))

    def get(self, name: str) -> Registered:
        """What `name` stands for; an unknown name is answered with the known ones."""
        self._load()
        if name in self._entries:
            return self._entries[name]
        near = get_close_matches(name, self._entries, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise self._error(
            f"There is no {self.kind} named '{name}'.{hint} There are: {', '.join(self.names())}."
        )

    def _load(self) -> None:
        if self._complete:
            return
        for module in self._builtin:
            importlib.import_module(module)
        for point in entry_points(group=self.group):
            self._join(point)
        self._complete = True

    def _join(self, point: EntryPoint) -> None:
        plug_in = f"The {self.kind} '{point.name}' of the plug-in '{point.value}'"
        try:
            entry = point.load()
        except Exception as error:  # whatever a stranger's module does when imported
            warnings.warn(f"{plug_in} cannot be loaded and is left out: {error!r}", stacklevel=4)
            return
        if self._entries.setdefault(point.name, entry) is not entry:
            warnings.warn(f"{plug_in} is left out: there is one of that name.", stacklevel=4)
