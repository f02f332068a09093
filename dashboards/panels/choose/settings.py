"""A method's settings as widgets: one for each field of the method's own dataclass.

Settings that name a file, or that are about the machine, are left to the command line.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboards import links
from perturbations.errors import UserError

Value = bool | int | float | str
Chosen = tuple[tuple[str, Value], ...]

LEFT_OUT = {"alignment", "batch_size", "precision", "joint"}
FILELESS_SEGMENTS = (
    "windows:0.05",
    "windows:0.1",
    "windows:0.2",
    "windows:0.5",
    "words",
    "speech",
    "onsets",
    "bands:erb:16",
    "patches:0.25:8",
    "harmonic-percussive",
)


@dataclass(frozen=True)
class Setting:
    """One setting of a method, as a widget needs it.

    Attributes:
        name: Of the field.
        default: Its value when nobody changes it; its type is the setting's.
        options: What may be chosen; empty where any value of the type may be tried.
        told: What it means.
    """

    name: str
    default: Value
    options: tuple[str, ...]
    told: str

    @property
    def label(self) -> str:
        """Its name in words."""
        words = self.name.removesuffix("_name").replace("_", " ")
        return words[0].upper() + words[1:]

    def read(self, text: str) -> Value | None:
        """What an address says about it; None where that is no value for it.

        >>> Setting("steps", 32, (), "").read("64")
        64
        >>> Setting("steps", 32, (), "").read("many") is None
        True
        """
        if isinstance(self.default, str):
            return text if not self.options or text in self.options else None
        try:
            value = json.loads(text)
        except ValueError:
            return None
        if isinstance(self.default, float) and isinstance(value, int):
            value = float(value)
        return value if type(value) is type(self.default) else None


def settings_of(method: str) -> tuple[Setting, ...]:
    """The settings of a method that a page may change, its own before those it shares.

    Raises:
        ExplanationError: There is no such method.
    """
    from explainers.explainer import default_settings, explainers

    known = default_settings(method)
    kind = explainers.get(method)
    own = [name for name in kind.__annotations__ if name in known]
    told = _told(kind)
    return tuple(
        Setting(name, known[name], _options(kind, name, known[name]), told.get(name, ""))
        for name in dict.fromkeys([*own, *known])
        if name not in LEFT_OUT and isinstance(known[name], Value)
    )


def choose_settings(method: str) -> Chosen:
    """The widgets for a method's settings, folded away; those that differ from their defaults."""
    settings = settings_of(method)
    _adopt(method, settings)
    chosen: dict[str, Value] = {}
    if settings:
        with st.expander(f"Settings of {method}"):
            for setting in settings:
                chosen[setting.name] = _widget(method, setting)
    changed = tuple(
        (setting.name, chosen[setting.name])
        for setting in settings
        if chosen[setting.name] != setting.default
    )
    links.write(f"{method}.set", *(f"{name}={_written(value)}" for name, value in changed))
    return changed


def _adopt(method: str, settings: Sequence[Setting]) -> None:
    """Hand the widgets what the address says; what is no value for them is passed over."""
    said = dict(entry.partition("=")[::2] for entry in links.news(f"{method}.set"))
    for setting in settings:
        value = setting.read(said[setting.name]) if setting.name in said else None
        if value is not None:
            st.session_state[_key(method, setting)] = value


def _widget(method: str, setting: Setting) -> Value:
    kept: dict[str, Any] = {
        "key": _key(method, setting),
        "help": setting.told or None,
        "persist_state": "session",
    }
    if isinstance(setting.default, bool):
        return st.checkbox(setting.label, setting.default, **kept)
    if isinstance(setting.default, int | float):
        whole = isinstance(setting.default, int)
        return st.number_input(
            setting.label,
            min_value=0 if whole else 0.0,
            value=setting.default,
            step=1 if whole else None,
            format=None if whole else "%g",
            **kept,
        )
    if setting.options:
        place = setting.options.index(str(setting.default))
        return st.selectbox(setting.label, setting.options, place, format_func=_shown, **kept)
    return st.text_input(setting.label, setting.default, **kept)


def _options(kind: type, name: str, default: Value) -> tuple[str, ...]:
    """What may be chosen for a setting that is a word; empty where any word may stand."""
    named = _named(name) if isinstance(default, str) else ()
    options = dict.fromkeys([str(default), *named]) if named else ()
    return tuple(option for option in options if _is_taken(kind, name, option))


def _is_taken(kind: type, name: str, option: str) -> bool:
    """Whether the method takes it beside the defaults of all else."""
    try:
        kind(**{name: option})
    except UserError:
        return False
    return True


def _named(name: str) -> tuple[str, ...]:
    if name == "composite":
        from explainers.lrp.composites import composites

        return ("", *composites.names())
    if name == "fill":
        from perturbations.fills import fills

        return (*fills.names(), "all")
    if name == "design":
        from explainers.removal.designs import NAMED

        return tuple(NAMED)
    if name == "properties":
        from perturbations.voice.properties import voice_properties

        return ("all", *voice_properties.names())
    return _FEW.get(name, ())


_FEW: Mapping[str, tuple[str, ...]] = {
    "baseline": ("white-noise", "zeros"),
    "null": ("", "scrambled", "randomised"),
    "sampling": ("leverage", "kernel"),
    "estimator_name": ("leave-one-out", "lime", "shapley"),
    "segments": FILELESS_SEGMENTS,
}


def _told(kind: type) -> dict[str, str]:
    """What the docstrings of a method and its parents say about each setting."""
    told: dict[str, str] = {}
    for parent in reversed(kind.__mro__):
        told |= _attributes(parent.__doc__ or "")
    return told


def _attributes(text: str) -> dict[str, str]:
    """The entries of the section ``Attributes:`` of a docstring.

    >>> _attributes('''A method.
    ...
    ...     Attributes:
    ...         steps: Points on the path,
    ...             many of them.
    ...         seed: Of the noise.
    ... ''')
    {'steps': 'Points on the path, many of them.', 'seed': 'Of the noise.'}
    """
    _, found, section = text.partition("Attributes:\n")
    told: dict[str, str] = {}
    name = ""
    for line in section.splitlines() if found else ():
        if not line.strip():
            break
        head, colon, rest = line.strip().partition(": ")
        if colon and head.isidentifier():
            name = head
            told[name] = rest
        elif name:
            told[name] += f" {line.strip()}"
    return told


def _shown(option: str) -> str:
    return option or "as suits"


def _written(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _key(method: str, setting: Setting) -> str:
    return f"{method}.{setting.name}"
