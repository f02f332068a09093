"""Small maps beside each other on one time axis: a row per model or clip, a column per method."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from dashboards.comparing_panels.asking import Questions
from dashboards.comparing_panels.choose_looks import WantedLook
from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.panels.theme import theme
from xaudio.comparing import Look, small_map
from xaudio.explained import ExplainedClip
from xaudio.reports.elements import Theme

STYLE = """<style>
.looks {width: 100%; border-collapse: collapse; table-layout: fixed;}
.looks th, .looks td {border: none; padding: 3px 6px; text-align: left; vertical-align: top;}
.looks th {font-weight: 600; overflow-wrap: anywhere;}
.looks th:first-child {width: 11rem;}
.looks img {width: 100%; height: 76px; display: block; border-radius: 3px;}
.looks small {opacity: 0.75; overflow-wrap: anywhere; display: block;}
.looks .clock {display: flex; justify-content: space-between; font-variant-numeric: tabular-nums;}
</style>"""


def show_grid(
    wanted: Sequence[WantedLook], questions: Questions, looks: Mapping[str, Look]
) -> None:
    """The maps that are there; dots for those on their way.

    Args:
        wanted: All looks.
        questions: By the names of the looks, in the same order.
        looks: Those that are there, by name.
    """
    seconds = max(look.clip.seconds for look in wanted)
    cells = {
        (look.row, look.method.name): _cell(looks.get(name), question, seconds)
        for look, (name, question) in zip(wanted, questions.items(), strict=True)
    }
    decisions = {
        look.row: decision
        for look, name in zip(wanted, questions, strict=True)
        if (decision := _decision(looks.get(name)))
    }
    methods = list(dict.fromkeys(look.method.name for look in wanted))
    head = "".join(f"<th scope='col'>{escape(method)}</th>" for method in methods)
    rows = []
    for row in dict.fromkeys(look.row for look in wanted):
        maps = "".join(f"<td>{cells.get((row, method), '')}</td>" for method in methods)
        told = f"{escape(row)}{decisions.get(row, '')}"
        rows.append(f"<tr><th scope='row'>{told}</th>{maps}</tr>")
    clock = f"<td>{_clock(seconds)}</td>" * len(methods)
    st.html(
        f"{STYLE}<table class='looks'><thead><tr><th></th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}<tr><td></td>{clock}</tr></tbody></table>"
    )


def _decision(look: Look | None) -> str:
    """What the model says of the clip: the same whatever the method."""
    if look is None or look.explained is None:
        return ""
    decision = look.explained.decision
    return f"<small>{escape(decision.label)}, score {decision.score:.2f}</small>"


def _cell(look: Look | None, question: ExplanationQuestion, seconds: float) -> str:
    if look is None:
        return "<small>…</small>"
    if look.explained is None:
        return f"<small>{escape(str(look.problem))}</small>"
    if look.explained.is_of_the_voice:
        return "<small>Explains the whole voice, by curves; see Inspect.</small>"
    source = _picture(question, seconds, theme(), look.explained)
    return f"<img src='{source}' alt='Relevance over time: {escape(look.name, quote=True)}'>"


def _clock(seconds: float) -> str:
    return f"<small class='clock'><span>0 s</span><span>{seconds:.2f} s</span></small>"


@st.cache_data(max_entries=64, scope="session", show_spinner=False)
def _picture(
    question: ExplanationQuestion,  # noqa: ARG001 - what decides the explanation
    seconds: float,
    theme: Theme,
    _explained: ExplainedClip,
) -> str:
    """A small map as an address that holds the whole file."""
    file = small_map(_explained, seconds, theme)
    return f"data:image/png;base64,{base64.b64encode(file).decode('ascii')}"
