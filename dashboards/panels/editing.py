"""Edit and ask again: what the model says once the drawn region is muted, kept, or replaced.

Edits pile up in the session until they are undone or another clip is chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf

import streamlit as st

from dashboards import links
from dashboards.evaluation import evaluation
from dashboards.evaluation.questions import content_of
from dashboards.markdown import literal
from dashboards.panels.linked_view import numbers, written_region
from dashboards.panels.questions import EditQuestion, ElsewhereQuestion
from dashboards.panels.waiting import answer_or_progress
from explainers.explainer import Progress
from perturbations.errors import UserError
from xaudio.audio import Clip
from xaudio.editing import Asked, Elsewhere, RegionEdit, ask_again, compared_elsewhere
from xaudio.regions import Region

EDITED = "Edited"
WAYS = {
    "mute": ("Mute", ":material/volume_off:", "Silence what was drawn"),
    "keep": ("Keep only this", ":material/crop:", "Silence everything else"),
    "noise": ("Noise", ":material/blur_on:", "Noise as loud as what was drawn"),
    "replace": ("Replace", ":material/healing:", "Noise with the spectrum of what lies around it"),
}
_EDITS, _OF, _DRAWN = "edits", "edits.of", "edits.drawn"


@dataclass(frozen=True)
class Editing:
    """A clip under edit and the model that is asked.

    Attributes:
        clip: At the model's rate.
        model: By the name the page shows.
        target: The number that is followed.
    """

    clip: Clip
    model: str
    target: str

    def question(self, edits: Sequence[RegionEdit]) -> EditQuestion:
        """What is asked about the clip with these edits."""
        content = content_of(self.clip)
        return EditQuestion(self.clip.digest, content, self.model, self.target, tuple(edits))


def edits_of(clip: Clip) -> tuple[RegionEdit, ...]:
    """The edits of this clip so far; those in a link, where it asks for some."""
    content = content_of(clip)
    if st.session_state.get(_OF) != content:
        first = _OF not in st.session_state
        st.session_state[_OF], st.session_state[_EDITS] = content, ()
        if not first:
            links.write("edit")
    said = links.news("edit")
    if said:
        st.session_state[_EDITS] = tuple(filter(None, map(read_edit, said)))
    edits: tuple[RegionEdit, ...] = st.session_state[_EDITS]
    links.write("edit", *map(written_edit, edits))
    return edits


def asked_again(editing: Editing, edits: Sequence[RegionEdit]) -> Asked | None:
    """The answer about the edited clip; None until it is known.

    Raises:
        UserError: A region cannot be edited so; the message says why.
    """

    def work(_: object) -> Asked:
        with evaluation().models.lease(editing.model) as classifier:
            return ask_again(editing.clip, classifier, edits, editing.target)

    return answer_or_progress(editing.question(edits), "Asking again", work)


def show_edit_buttons(region: Region | None, edits: Sequence[RegionEdit]) -> None:
    """One button for each thing that can be done to the drawn region, and the way back."""
    st.session_state[_DRAWN] = region
    st.markdown(f"**Edit and ask again** {_told(region)}")
    with st.container(horizontal=True, gap="small"):
        for how, (label, icon, told) in WAYS.items():
            st.button(
                label,
                key=f"edit.{how}",
                icon=icon,
                help=told,
                disabled=region is None,
                on_click=_edit,
                args=(how,),
            )
        if edits:
            st.button("Undo", key="edit.undo", icon=":material/undo:", on_click=_undo, args=(1,))
        if len(edits) > 1:
            st.button("Undo all", key="edit.undo all", on_click=_undo, args=(len(edits),))


def show_asked(asked: Asked) -> None:
    """The decision before and after, and how far the number that is followed moved."""
    st.caption(literal(" · ".join(map(edit_in_words, asked.edits))))
    before, after, moved = st.columns(3)
    before.metric("Before", asked.before.label, border=True, height="stretch")
    after.metric("After", asked.after.label, border=True, height="stretch")
    moved.metric(
        literal(asked.target),
        f"{asked.target_after:+.2f}",
        f"{asked.moved:+.2f}",
        border=True,
        height="stretch",
        delta_color="off",
    )
    st.markdown(literal(asked.sentence))


def show_elsewhere(editing: Editing, asked: Asked) -> None:
    """What the last edit does at places of the same size elsewhere, once that is known."""
    question = ElsewhereQuestion(editing.question(asked.edits))

    def work(progress: Progress) -> Elsewhere:
        with evaluation().models.lease(editing.model) as classifier:
            return compared_elsewhere(asked, classifier, progress=progress)

    elsewhere = answer_or_progress(question, "The same edit elsewhere", work)
    if elsewhere is not None:
        st.caption(literal(elsewhere.sentence))


def edit_in_words(edit: RegionEdit) -> str:
    """What was done where.

    >>> edit_in_words(RegionEdit(Region(0.5, 0.75, 300.0, 4000.0), "mute"))
    'Mute 0.50–0.75 s, 300–4000 Hz'
    """
    return f"{WAYS[edit.how][0]} {region_in_words(edit.region)}"


def region_in_words(region: Region) -> str:
    """Its extent in seconds and hertz.

    >>> region_in_words(Region(0.5, 0.75))
    '0.50–0.75 s, all frequencies'
    """
    when = f"{region.start:.2f}–{region.end:.2f} s"
    if region.low <= 0 and isinf(region.high):
        return f"{when}, all frequencies"
    above = "up" if isinf(region.high) else f"{region.high:.0f} Hz"
    return f"{when}, {region.low:.0f}–{above}"


def written_edit(edit: RegionEdit) -> str:
    """As it stands in an address.

    >>> written_edit(RegionEdit(Region(0.5, 0.75, 300.0, 4000.0), "mute"))
    'mute 0.5 0.75 300 4000'
    """
    return f"{edit.how} {written_region(edit.region)}"


def read_edit(text: str) -> RegionEdit | None:
    """What `written_edit` wrote; None where that is no edit.

    >>> read_edit("mute 0.5 0.75 300 4000").how
    'mute'
    >>> read_edit("shout 0.5 0.75 300 4000") is None
    True
    """
    how, _, where = text.partition(" ")
    match numbers(where):
        case (start, end, low, high):
            try:
                return RegionEdit(Region(start, end, low, high), how)
            except UserError:
                return None
    return None


def _told(region: Region | None) -> str:
    if region is None:
        return ":gray[draw a region in the spectrogram first]"
    return f":gray[{literal(region_in_words(region))}]"


def _edit(how: str) -> None:
    region = st.session_state.get(_DRAWN)
    if region is not None:
        st.session_state[_EDITS] = (*st.session_state[_EDITS], RegionEdit(region, how))


def _undo(count: int) -> None:
    st.session_state[_EDITS] = st.session_state[_EDITS][:-count]
