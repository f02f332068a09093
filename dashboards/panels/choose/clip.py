"""The clip a page is about: one of the folders', an upload, or what the microphone heard."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboards import links
from dashboards.evaluation import evaluation, this_session
from dashboards.markdown import literal
from dashboards.panels.choose.contents import content_id, with_content
from dashboards.panels.choose.known import known_about
from xaudio.errors import AudioError

if TYPE_CHECKING:
    from xaudio.audio import Clip
    from xaudio.datasets.manifest import ManifestRow

FOLDER, UPLOAD, RECORD = "Folder", "Upload", "Record"
MOST_MEGABYTES = 20  # dashboards.evaluation.clips.MOST_UPLOADED says the same


@dataclass(frozen=True)
class Brought:
    """A file as it was uploaded or recorded."""

    name: str
    data: bytes


@dataclass(frozen=True)
class ChosenClip:
    """A clip that was chosen: how to open it, and where it lies if it is one of a folder's.

    Attributes:
        name: Of its file.
        read: Opens it.
        data: Gives the bytes of its file; AudioError where it is gone.
        path: Its file in one of the folders; None for an upload and a recording.
    """

    name: str
    read: Callable[[], "Clip"]
    data: Callable[[], bytes]
    path: Path | None = None

    def open(self) -> "Clip":
        """The clip; from then on the address names it by its content.

        Raises:
            AudioError: It cannot be used, or is larger or longer than a page takes.
        """
        clip = self.read()
        links.write("clip", content_id(clip.digest))
        return clip

    def known(self) -> "ManifestRow | None":
        """What the manifest beside it says about it.

        Raises:
            CorpusError: There is a manifest that cannot be read.
        """
        return known_about(self.path) if self.path else None


def choose_clip() -> ChosenClip | None:
    """The widgets for a clip; None while none is chosen."""
    on_offer = evaluation().clips.offered()
    _adopt(on_offer)
    sources = [FOLDER, UPLOAD, RECORD] if on_offer else [UPLOAD, RECORD]
    if st.session_state.get("source") not in sources:
        st.session_state["source"] = sources[0]
    source = st.segmented_control(
        "Clip", sources, required=True, key="source", width="stretch", persist_state="session"
    )
    chosen = _of_folder(on_offer) if source == FOLDER else _of_visitor(str(source))
    if chosen is None:
        _tell_unmet()
    return chosen


def _of_folder(on_offer: dict[str, Path]) -> ChosenClip | None:
    name = st.selectbox(
        "Clip of the folder",
        list(on_offer),
        index=None,
        key="clip",
        persist_state="session",
        on_change=links.settle,
        args=("clip",),
        placeholder="Choose a recording",
        label_visibility="collapsed",
    )
    if name is None:
        return None
    path = on_offer[name]
    return ChosenClip(
        path.name, partial(evaluation().clips.opened, path), partial(_bytes_of, path), path
    )


def _of_visitor(source: str) -> ChosenClip | None:
    """A clip that came with the visitor, who need not bring it again on another page."""
    key, kept = f"new.{source}", f"kept.{source}"
    if source == UPLOAD:
        st.file_uploader(
            "A recording in any format",
            key=key,
            max_upload_size=MOST_MEGABYTES,
            label_visibility="collapsed",
            on_change=_keep,
            args=(key, kept),
        )
    else:
        st.audio_input(
            "Record with the microphone",
            key=key,
            label_visibility="collapsed",
            on_change=_keep,
            args=(key, kept),
        )
    brought: Brought | None = st.session_state.get(kept)
    if brought is None:
        return None
    if st.session_state.get(key) is None:
        st.caption(f"Still here: {literal(brought.name)}")
    return ChosenClip(
        brought.name,
        partial(this_session().received, brought.data, brought.name),
        lambda: brought.data,
    )


def _keep(key: str, kept: str) -> None:
    """What a visitor brought stays with the session until something else is brought."""
    file = st.session_state[key]
    name = "recording.wav" if key.endswith(RECORD) else getattr(file, "name", "")
    st.session_state[kept] = None if file is None else Brought(name, file.getvalue())
    links.settle("clip")


def _bytes_of(path: Path) -> bytes:
    try:
        return evaluation().clips.confined(path).read_bytes()
    except OSError as error:
        raise AudioError(f"'{path.name}' cannot be read: {error.strerror}.") from None


def _adopt(on_offer: dict[str, Path]) -> None:
    """Hand the widgets the clip the address newly asks for, which it names by its content."""
    for wanted in links.news("clip"):
        path = with_content(wanted, on_offer.values())
        names = [name for name, offered in on_offer.items() if offered == path]
        st.session_state["source"] = FOLDER
        st.session_state["clip"] = names[0] if names else None
        links.miss("clip", "" if names else wanted)
    if st.session_state.get("clip") not in (None, *on_offer):
        del st.session_state["clip"]


def _tell_unmet() -> None:
    wanted = links.unmet("clip")
    if wanted:
        st.warning(
            literal(f"The link asks for the recording with the content id {wanted}, which is in ")
            + "no folder of this dashboard. If you have the file, upload it.",
            icon=":material/link_off:",
        )
