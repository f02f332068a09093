"""Everything about an explanation as one file to keep: a case record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import streamlit as st

from dashboards.markdown import literal
from xaudio.believing import Belief
from xaudio.editing import Asked
from xaudio.explained import ExplainedClip
from xaudio.records import Case, case_zip
from xaudio.records.record import RecordedVerdict
from xaudio.reports.elements import Stretch


@dataclass(frozen=True, eq=False)
class Findings:
    """What a case record holds beside the explanation, as far as it is known.

    Attributes:
        original: Gives the bytes of the recording's file.
        asked: What was edited, and what the model said then.
        belief: Checks of the map.
        verdict: By a calibration.
        stretches: Known stretches of the clip.
    """

    original: Callable[[], bytes]
    asked: Sequence[Asked] = ()
    belief: Belief | None = None
    verdict: RecordedVerdict | None = None
    stretches: Sequence[Stretch] = ()


def show_export(explained: ExplainedClip, findings: Findings) -> None:
    """What the case record holds, and a button that makes it when it is pressed."""
    st.markdown(
        "A case record holds the recording, the explanation as report, picture, sounds, labels and "
        "numbers, and everything they were made from, each file with its SHA-256. "
        "`xaudio reproduce` makes it again and says what differs."
    )
    more = [
        *(["the edits and what the model said then"] if findings.asked else []),
        *(["the checks of the map"] if findings.belief else []),
        *(["the calibrated verdict"] if findings.verdict else []),
    ]
    if more:
        st.caption(f"With {' and '.join(more)}.")
    name = f"{PurePath(explained.clip.name).stem}-{explained.explanation.method}.zip"
    st.download_button(
        "Save the case record",
        lambda: case_zip(case_of(explained, findings)),
        file_name=name,
        mime="application/zip",
        icon=":material/archive:",
        on_click="ignore",
    )
    st.caption(literal(f"SHA-256 of the recording: {explained.clip.digest}"))


def case_of(explained: ExplainedClip, findings: Findings) -> Case:
    """The case.

    Raises:
        AudioError: The recording's file is gone, or no longer what was explained.
    """
    return Case(
        explained,
        original=findings.original(),
        asked=tuple(findings.asked),
        belief=findings.belief,
        verdict=findings.verdict,
        stretches=tuple(findings.stretches),
    )
