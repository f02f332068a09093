"""The viewer in a page: what goes to the browser, and what comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import runtime

from dashboards.components.audio_viewer.message import layer_message, message
from dashboards.components.audio_viewer.source import script, style
from perturbations.errors import UserError
from xaudio.regions import Region

if TYPE_CHECKING:
    from xaudio.viewing import Scene, Sound

NAME = "xaudio_audio_viewer"
HEIGHT = 280
TILE_COLUMNS = 2048  # the browser asks for no more


@dataclass(frozen=True)
class ViewerState:
    """What somebody did in a viewer.

    Attributes:
        cursor: Where it stands, in seconds.
        region: What is drawn; None while nothing is.
        visible: From when to when the clip is seen, in seconds.
        sound: Name of the sound that is chosen.
    """

    cursor: float
    region: Region | None
    visible: tuple[float, float]
    sound: str


def audio_viewer(
    scene: "Scene",
    *,
    key: str,
    height: int = HEIGHT,
    jump: float | None = None,
    visible: tuple[float, float] | None = None,
    region: Region | None = None,
) -> ViewerState:
    """Show a scene, play its sounds, and say what was chosen in it.

    Zoom, cursor, region and the playing sound stay as they are when a later call under the same key
    shows another scene of the same clip. The page (or fragment) runs again when a region, a move of
    the cursor or a zoom is finished.

    Args:
        scene: What is shown; made once for what it shows and kept, not anew in every run.
        key: Name of this viewer in the page.
        height: Of the spectrogram, in pixels.
        jump: Moves the cursor to so many seconds when it differs from the last call's.
        visible: What is seen of a clip when it is shown for the first time; all of it by default.
        region: What is drawn then.
    """
    told = _told(key, scene)
    content = message(scene, lambda *file: _served(key, *file))
    content |= {
        "key": key,
        "height": height,
        "jump": jump,
        "visible": visible,
        "region": _as_list(region, scene),
        "tile": _tile(told.get("wanted"), scene, key),
    }
    _component()(key=key, data=content, on_view_change=_ignore)
    all_of_it = (0.0, scene.seconds)
    first = ViewerState(0.0, region, visible or all_of_it, scene.sounds[0].name)
    return _state(told, scene, first)


@cache
def _component() -> Callable[..., object]:
    return st.components.v2.component(NAME, css=style(), js=script())


def _ignore() -> None:
    """The page runs again when the view changes; nothing else is to be done."""


def _told(key: str, scene: "Scene") -> Mapping[str, Any]:
    """What the browser last said about this clip; nothing where it spoke of another."""
    state = st.session_state.get(key)
    view = state.get("view") if isinstance(state, Mapping) else None
    if not isinstance(view, Mapping) or view.get("identity") != scene.identity:
        return {}
    return view


def _served(key: str, item: str, data: bytes, media_type: str) -> str:
    """Keep bytes for the browser as long as this session shows them, as `st.audio` does."""
    if not runtime.exists():
        return ""
    place = f"audio_viewer {key} {item}"
    address = runtime.get_instance().media_file_mgr.add(data, media_type, place)
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}{address}" if base else address


def _tile(wanted: object, scene: "Scene", key: str) -> dict[str, Any] | None:
    """The finer spectrogram the browser asked for; None where it asked for none that there is."""
    if not isinstance(wanted, Mapping):
        return None
    from xaudio.viewing import tile

    try:
        sound = _sound(scene, wanted["sound"])
        start, end = float(wanted["start"]), float(wanted["end"])
        found = tile(sound.clip, start, end, TILE_COLUMNS)
    except (KeyError, TypeError, ValueError, OverflowError, UserError):
        return None
    layer = layer_message(found, "tile", lambda *file: _served(key, *file))
    return {**layer, "sound": sound.name, "asked": [start, end]}


def _sound(scene: "Scene", name: object) -> "Sound":
    """A sound by name; KeyError where there is none."""
    return {sound.name: sound for sound in scene.sounds}[str(name)]


def _state(told: Mapping[str, Any], scene: "Scene", first: ViewerState) -> ViewerState:
    """What the browser said; `first` where it said nothing, or nothing that makes sense."""
    try:
        start, end = map(float, told["visible"])
        region = told["region"]
        return ViewerState(
            cursor=float(told["cursor"]),
            region=None if region is None else Region(*map(float, region)),
            visible=(start, end),
            sound=_sound(scene, told["sound"]).name,
        )
    except (KeyError, TypeError, ValueError, UserError):
        return first


def _as_list(region: Region | None, scene: "Scene") -> list[float] | None:
    """The region's edges as JSON can hold them: a browser knows no infinity."""
    if region is None:
        return None
    return [region.start, region.end, region.low, min(region.high, scene.sample_rate / 2)]
