"""What shall be run: the widgets of a sweep and of a batch of explanations."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from dashboards.evaluation import evaluation
from dashboards.panels.waiting import model_card
from xaudio.jobs.clip_sources import clip_folders_in, manifests_in
from xaudio.jobs.commands import BatchRequest, Machine, SweepRequest
from xaudio.jobs.preparing import has_classes
from xaudio.provenance import ModelSpec

SWEEP, EXPLANATIONS = "Sweep", "Batch of explanations"
A_SUITE, ONE_BY_ONE = "A suite", "One by one"
SEVERITIES = (1, 2, 3, 4, 5)
FIRST_SUITE = "deepfake-16"

Request = SweepRequest | BatchRequest


def choose_request() -> Request | None:
    """The widgets; None while something is missing."""
    kind = st.segmented_control(
        "What", [SWEEP, EXPLANATIONS], default=SWEEP, required=True, key="run-kind",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    return _sweep() if kind == SWEEP else _batch()


def _sweep() -> SweepRequest | None:
    folders = evaluation().given.folders
    by_class = {name: path for name, path in _folders(folders).items() if has_classes(path)}
    left, right = st.columns(2, gap="large")
    with left:
        clips = _choose_clips("run-sweep-clips", {**_manifests(folders), **by_class})
        models = _choose_models()
    with right:
        suite, corruptions = _choose_corruptions()
        severities = st.multiselect(
            "Severities", SEVERITIES, key="run-severities", persist_state="session",
            placeholder="All",
        )  # fmt: skip
    with st.expander("More"):
        one, two, three = st.columns(3, gap="large", vertical_alignment="bottom")
        repeats = one.number_input("Draws of each random corruption", 1, 100, 1, key="run-repeats")
        quality = two.number_input(
            "Clips per condition whose sound is measured", 0, 1000, 8, key="run-quality"
        )
        explain = three.toggle(
            "Compare explanations, too", key="run-explain",
            help="How far relevance moves under corruption, on 16 clips per condition. It takes "
            "much longer than scoring.",
        )  # fmt: skip
    if clips is None or not models or not (suite or corruptions):
        return None
    return SweepRequest(
        clips, models, suite, corruptions, tuple(sorted(severities)), int(repeats),
        quality_clips=int(quality), explain=explain, machine=_machine(),
    )  # fmt: skip


def _batch() -> BatchRequest | None:
    folders = evaluation().given.folders
    left, right = st.columns(2, gap="large")
    with left:
        clips = _choose_clips("run-batch-clips", {**_manifests(folders), **_folders(folders)})
        most = st.number_input(
            "Most clips", 0, 1_000_000, 0, key="run-most", help="The first of them; 0 is all."
        )
    with right:
        on_offer = evaluation().given.models
        name = st.selectbox("Model", list(on_offer), key="run-model", persist_state="session")
        card = model_card(name)
        methods = st.multiselect(
            "Methods", list(card.methods), default=[card.default_method], key="run-methods"
        )
    if clips is None or not methods:
        return None
    return BatchRequest(
        clips, on_offer[name], tuple(methods), most=int(most), machine=_machine(batch=True)
    )


def _choose_clips(key: str, on_offer: Mapping[str, Path]) -> Path | None:
    name = st.selectbox(
        "Clips",
        list(on_offer),
        key=key,
        persist_state="session",
        placeholder="No manifest in the folders" if not on_offer else "Choose",
        disabled=not on_offer,
        help="A manifest in the dashboard's folders, or a folder of clips. For a sweep the folder "
        "has two folders named bonafide and spoof. 'xaudio dataset' writes manifests.",
    )
    return None if name is None else on_offer[name]


def _choose_models() -> tuple[ModelSpec, ...]:
    on_offer = evaluation().given.models
    names = st.multiselect(
        "Models", list(on_offer), default=list(on_offer)[:1], key="run-models",
    )  # fmt: skip
    return tuple(on_offer[name] for name in names)


def _choose_corruptions() -> tuple[str, tuple[str, ...]]:
    """A suite, or corruptions."""
    from perturbations.corruption import corruptions
    from perturbations.suites import suite_names

    how = st.segmented_control(
        "Corruptions", [A_SUITE, ONE_BY_ONE], default=A_SUITE, required=True, key="run-corruptions",
        persist_state="session",
    )  # fmt: skip
    if how == ONE_BY_ONE:
        chosen = st.multiselect(
            "Which", corruptions.names(), key="run-which", persist_state="session",
            label_visibility="collapsed",
        )  # fmt: skip
        return "", tuple(chosen)
    names = list(suite_names())
    suite = st.selectbox(
        "Suite", names, index=names.index(FIRST_SUITE), key="run-suite", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    return suite, ()


def _machine(batch: bool = False) -> Machine:
    given = evaluation().given
    return Machine(given.device or "cpu", None if batch else given.address)


@st.cache_data(ttl=30, show_spinner=False)
def _manifests(folders: Sequence[Path]) -> dict[str, Path]:
    return manifests_in(folders)


@st.cache_data(ttl=30, show_spinner=False)
def _folders(folders: Sequence[Path]) -> dict[str, Path]:
    return clip_folders_in(folders)
