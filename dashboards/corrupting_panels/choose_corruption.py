"""Which corruption, with which settings: any there is, a row of a suite, or several in a row."""

import json

import streamlit as st

from dashboards import links
from dashboards.markdown import literal
from perturbations.suites import Condition
from xaudio.trying import (
    ChosenCorruption,
    OwnSetting,
    corruptions_on_offer,
    level_texts,
    own_settings,
    suites_on_offer,
)
from xaudio.trying.settings import Value

NO_SUITE = "none"
FIRST = "white-noise"
SETTINGS = "corrupt.set"
CLEAN = "0"


def choose_corruption() -> ChosenCorruption:
    """The widgets for a corruption, what follows it, and its settings."""
    place, which, after = st.columns([1, 2, 2])
    with place:
        suite = _choose_suite()
    on_offer = corruptions_on_offer(suite)
    with which:
        name = _choose_name(suite, on_offer)
    with after:
        then = () if suite else _choose_then(on_offer)
    summary = literal(on_offer[name])
    st.caption(summary if not then else f"{summary} Then: {literal(', '.join(then))}.")
    return ChosenCorruption(name, suite, () if suite else _choose_settings(name), then)


def choose_severity(condition: Condition) -> int:
    """The slider, with what each severity means."""
    options = [CLEAN, *map(str, condition.severities)]
    links.adopt("severity", options)
    if st.session_state.get("severity") is None:
        st.session_state["severity"] = options[len(options) // 2]
    texts = level_texts(condition.corruption)

    def shown(option: str) -> str:
        if option == CLEAN:
            return "clean"
        return f"{option} · {texts[int(option) - 1]}" if texts else option

    severity = st.select_slider(
        "Severity", options, key="severity", format_func=shown, persist_state="session"
    )
    links.write("severity", severity)
    return int(severity)


def choose_repeat(condition: Condition) -> int:
    """Which draw of the random numbers, where there are any."""
    _adopt_number("repeat", 0)
    repeat = st.number_input(
        "Repeat",
        min_value=0,
        max_value=999,
        step=1,
        key="repeat",
        persist_state="session",
        disabled=not condition.corruption.random,
        help="Another number draws other random numbers for the same clip.",
    )
    links.write("repeat", *([str(repeat)] if repeat else []))
    return int(repeat) if condition.corruption.random else 0


def choose_threshold(*, is_detector: bool) -> float:
    """The score at which a detector's decision changes."""
    for said in links.news("threshold"):
        value = _read(said)
        if isinstance(value, int | float) and not isinstance(value, bool):
            st.session_state["threshold"] = float(value)
    st.session_state.setdefault("threshold", 0.0)
    threshold = st.number_input(
        "Threshold",
        step=0.1,
        format="%.2f",
        key="threshold",
        persist_state="session",
        disabled=not is_detector,
        help="A clip is bona fide at this score and above.",
    )
    links.write("threshold", *([f"{threshold:g}"] if threshold else []))
    return float(threshold) if is_detector else 0.0


def _choose_suite() -> str:
    suites = suites_on_offer()
    options = [NO_SUITE, *suites]
    links.adopt("suite", options)
    if st.session_state.get("suite") is None:
        st.session_state["suite"] = NO_SUITE
    suite = st.selectbox("Suite", options, key="suite", persist_state="session")
    links.write("suite", *([suite] if suite != NO_SUITE else []))
    return "" if suite == NO_SUITE else suite


def _choose_name(suite: str, on_offer: dict[str, str]) -> str:
    links.adopt("corruption", list(on_offer))
    if st.session_state.get("corruption") is None:
        st.session_state["corruption"] = FIRST if FIRST in on_offer else next(iter(on_offer))
    unmet = links.unmet("corruption")
    name = st.selectbox(
        "Condition" if suite else "Corruption",
        list(on_offer),
        key="corruption",
        persist_state="session",
        on_change=links.settle,
        args=("corruption",),
    )
    if unmet:
        st.warning(literal(f"The link asks for '{unmet}', which there is not."))
    else:
        links.write("corruption", name)
    return name


def _choose_then(on_offer: dict[str, str]) -> tuple[str, ...]:
    links.adopt_all("then", list(on_offer), ())
    then = st.multiselect(
        "Followed by",
        list(on_offer),
        key="then",
        persist_state="session",
        max_selections=4,
        placeholder="Nothing",
        help="Makes a chain: each hears what the one before left, at the same severity.",
    )
    links.write("then", *then)
    return tuple(then)


def _choose_settings(name: str) -> tuple[tuple[str, Value], ...]:
    """A form of the corruption's own settings; those that differ from their defaults."""
    settings = own_settings(name)
    said = dict(entry.partition("=")[::2] for entry in links.news(SETTINGS))
    for setting in settings:
        value = _fitting(setting, said.get(setting.name))
        if value is not None:
            st.session_state[_key(name, setting)] = value
    if not settings:
        links.write(SETTINGS)
        return ()
    with st.expander(f"Settings of {name}"):
        columns = st.columns(min(4, max(2, len(settings))))
        chosen = {}
        for number, setting in enumerate(settings):
            with columns[number % len(columns)]:
                chosen[setting.name] = _widget(name, setting)
    changed = tuple(
        (setting.name, chosen[setting.name])
        for setting in settings
        if chosen[setting.name] != setting.default
    )
    links.write(SETTINGS, *(f"{one}={_written(value)}" for one, value in changed))
    return changed


def _widget(name: str, setting: OwnSetting) -> Value:
    label = setting.name.replace("_", " ")
    key = _key(name, setting)
    st.session_state.setdefault(key, setting.default)
    if setting.choices:
        return st.selectbox(label, setting.choices, key=key, persist_state="session")
    if isinstance(setting.default, bool):
        return st.checkbox(label, key=key, persist_state="session")
    if isinstance(setting.default, int):
        return int(st.number_input(label, step=1, key=key, persist_state="session"))
    return float(st.number_input(label, format="%g", key=key, persist_state="session"))


def _fitting(setting: OwnSetting, said: str | None) -> Value | None:
    """What an address says of a setting, where that is a value for it."""
    if said is None:
        return None
    if setting.choices:
        return said if said in setting.choices else None
    value = _read(said)
    if isinstance(setting.default, bool) or isinstance(value, bool):
        return value if isinstance(value, bool) and isinstance(setting.default, bool) else None
    if isinstance(setting.default, float) and isinstance(value, int | float):
        return float(value)
    return value if isinstance(value, int) else None


def _adopt_number(name: str, otherwise: int) -> None:
    for said in links.news(name):
        if said.isdecimal() and int(said) <= 999:
            st.session_state[name] = int(said)
    st.session_state.setdefault(name, otherwise)


def _read(said: str) -> object:
    try:
        return json.loads(said, parse_constant=lambda _: None)
    except ValueError:
        return None


def _written(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _key(name: str, setting: OwnSetting) -> str:
    return f"corrupt.{name}.{setting.name}"
