"""What of a clip is seen and what is drawn on it, in the address bar."""

from dataclasses import dataclass

import streamlit as st

from dashboards import links
from dashboards.components.audio_viewer import ViewerState
from dashboards.evaluation import content_of
from perturbations.errors import UserError
from xaudio.audio import Clip
from xaudio.regions import Region

_LINKED = "linked view"
WHOLE = 0.001  # seconds a view may lack of the clip and still be all of it


@dataclass(frozen=True)
class LinkedView:
    """How a link shows a clip.

    Attributes:
        content: Of the clip it is about, see `content_of`.
        visible: From when to when, in seconds; None for all of it.
        region: What is drawn.
    """

    content: str
    visible: tuple[float, float] | None
    region: Region | None


def linked_view(clip: Clip) -> LinkedView:
    """What the address asked for about this clip when the page was opened."""
    content = content_of(clip)
    said = links.news("view"), links.news("region")
    if any(said):
        visible, region = (numbers(texts[0]) if texts else () for texts in said)
        seen = _visible(visible, clip.seconds)
        st.session_state[_LINKED] = LinkedView(content, seen, _region(region))
    linked: LinkedView | None = st.session_state.get(_LINKED)
    if linked is None or linked.content != content:
        return LinkedView(content, None, None)
    return linked


def write_view(clip: Clip, state: ViewerState) -> None:
    """All of the clip, and no region, need no words."""
    start, end = state.visible
    whole = start <= WHOLE and end >= clip.seconds - WHOLE
    links.write("view", *(() if whole else (f"{start:.3f} {end:.3f}",)))
    links.write("region", *(() if state.region is None else (written_region(state.region),)))


def written_region(region: Region) -> str:
    """As it stands in an address.

    >>> written_region(Region(0.5, 0.75, 300.0, 4000.0))
    '0.5 0.75 300 4000'
    """
    return f"{region.start:.6g} {region.end:.6g} {region.low:.6g} {region.high:.6g}"


def numbers(text: str) -> tuple[float, ...]:
    """The numbers in it; none where something else stands there.

    >>> numbers("0.5 1"), numbers("half")
    ((0.5, 1.0), ())
    """
    try:
        return tuple(map(float, text.split()))
    except ValueError:
        return ()


def _visible(said: tuple[float, ...], seconds: float) -> tuple[float, float] | None:
    match said:
        case (start, end) if 0 <= start < end <= seconds + WHOLE:
            return start, min(end, seconds)
    return None


def _region(said: tuple[float, ...]) -> Region | None:
    match said:
        case (start, end, low, high):
            try:
                return Region(start, end, low, high)
            except UserError:
                return None
    return None
