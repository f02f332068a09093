"""Which looks are compared: models and methods on one clip, or one model on several clips."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboards import links
from dashboards.evaluation import ModelCard, evaluation
from dashboards.markdown import literal
from dashboards.panels.choose import ChosenMethod, choose_method, choose_model, choose_models
from dashboards.panels.choose.contents import content_id, with_content
from xaudio.audio import Clip

METHODS, CLIPS = "Methods", "Clips"
KINDS = {"methods": METHODS, "clips": CLIPS}
MOST_METHODS, MOST_CLIPS = 8, 8
SECOND_METHODS = ("integrated-gradients", "smoothgrad", "occlusion", "two-sided-occlusion")


@dataclass(frozen=True, eq=False)
class WantedLook:
    """A look to be made.

    Attributes:
        row: What its row of the grid is called: a model or a clip.
        clip: The clip.
        model: What is explained.
        method: How.
    """

    row: str
    clip: Clip
    model: ModelCard
    method: ChosenMethod


def choose_kind() -> str:
    """`METHODS` or `CLIPS`."""
    links.adopt("by", list(KINDS))
    said = st.session_state.pop("by", None)
    if said is not None:
        st.session_state["compared"] = KINDS[said]
    st.session_state.setdefault("compared", METHODS)
    kept = st.session_state["compared"]
    kind = st.segmented_control(
        "Compare",
        list(KINDS.values()),
        required=True,
        key="compared",
        width="stretch",
        persist_state="session",
        help="Models and methods on one clip, or one model and method on several clips.",
    )
    kind = kind or kept
    links.write("by", *(name for name, shown in KINDS.items() if shown == kind))
    return kind


def choose_models_and_methods(clip: Clip | None) -> list[WantedLook]:
    """The widgets for several models and methods; the looks they make of the clip."""
    models = choose_models()
    if not models:
        return []
    methods = _choose_methods(models)
    if clip is None:
        return []
    return [
        WantedLook(model.name, clip, model, method)
        for model in models
        for method in methods
        if method.name in model.methods
    ]


def choose_clips() -> list[WantedLook]:
    """The widgets for several clips, a model and a method; the looks they make."""
    clips = _choose_clips()
    model = choose_model()
    if model is None:
        return []
    method = choose_method(model)
    return [WantedLook(name, clip, model, method) for name, clip in clips.items()]


def _choose_methods(models: Sequence[ModelCard]) -> list[ChosenMethod]:
    on_offer = {name: told for model in models for name, told in model.methods.items()}
    first = models[0].default_method
    second = [name for name in SECOND_METHODS if name in on_offer and name != first]
    links.adopt_all("looks", list(on_offer), [first, *second[:2]])
    names = st.multiselect(
        "Methods",
        list(on_offer),
        key="looks",
        persist_state="session",
        max_selections=MOST_METHODS,
        help="Each with its default settings; Inspect has them all.",
    )
    links.write("looks", *names)
    return [ChosenMethod(name) for name in names]


def _shortly_named(clips: dict[str, Clip]) -> dict[str, Clip]:
    """By the names of their files, where these tell the clips apart."""
    files = [clip.name for clip in clips.values()]
    return {
        clip.name if files.count(clip.name) == 1 else name: clip for name, clip in clips.items()
    }


def _choose_clips() -> dict[str, Clip]:
    """The clips by the names that the folders give them."""
    on_offer = evaluation().clips.offered()
    for_address = links.news("clips")
    if for_address:
        found = [with_content(wanted, on_offer.values()) for wanted in for_address]
        names = [name for name, path in on_offer.items() if path in found]
        st.session_state["clips"] = names[:MOST_CLIPS]
        if len(names) < len(for_address):
            st.warning("Some clips of the link are not in the folders given.")
    kept = st.session_state.get("clips", ())
    st.session_state["clips"] = [name for name in kept if name in on_offer]
    names = st.multiselect(
        "Clips of the folders",
        list(on_offer),
        key="clips",
        persist_state="session",
        max_selections=MOST_CLIPS,
        placeholder="Choose two or more" if on_offer else "Start with --folder to offer some",
    )
    opened = {name: evaluation().clips.opened(on_offer[name]) for name in names}
    links.write("clips", *(content_id(clip.digest) for clip in opened.values()))
    if not on_offer:
        st.caption(literal("No folder was given: xaudio dashboard --folder DIR."))
    return _shortly_named(opened)
