"""What the pages ask for: models loaded once, clips opened, explanations kept. All by xaudio."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import streamlit as st

from dashboards.given import Given, clips_in, parse_arguments
from explainers.explainer import explainers
from xaudio.audio import Clip, clip_from_bytes, read_clip, wav_bytes
from xaudio.classifiers import Classifier, load_classifier
from xaudio.datasets.manifest import Manifest, ManifestRow, load_manifest
from xaudio.errors import AudioError
from xaudio.explained import ExplainedClip
from xaudio.explaining import check_target, default_method, explain_clip, load_method
from xaudio.provenance import ModelSpec
from xaudio.reports.elements import WeighedStretch

MOST_BYTES = 20_000_000
MOST_SECONDS = 60.0
MANIFEST = "manifest.parquet"


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model in memory, shared by all sessions, which take turns.

    Attributes:
        classifier: The model.
        spec: What was said to load it.
        turn: Held while it explains: some methods hook into its layers.
    """

    classifier: Classifier
    spec: ModelSpec
    turn: Lock = field(default_factory=Lock)


@dataclass(frozen=True)
class Question:
    """What is asked about a clip.

    Attributes:
        digest: SHA-256 of the clip's bytes.
        clip: Its name.
        model: By the name the page shows.
        method: Name of the method.
        target: The number to explain.
    """

    digest: str
    clip: str
    model: str
    method: str
    target: str


def given() -> Given:
    """The folders and models this dashboard was started with."""
    return parse_arguments(sys.argv[1:])


@st.cache_data(ttl=30, show_spinner=False)
def clips_on_offer(folders: tuple[Path, ...]) -> dict[str, Path]:
    """The recordings in the folders, looked up again after half a minute."""
    return clips_in(folders)


@st.cache_resource(show_spinner="Loading the model")
def loaded(spec: ModelSpec) -> Loaded:
    """The model, loaded once per process.

    Raises:
        ModelError: It or its weights cannot be loaded.
    """
    classifier = load_classifier(
        spec.name, spec.weights, labels=spec.labels, sample_rate=spec.sample_rate
    )
    return Loaded(classifier, spec)


def methods_for(classifier: Classifier) -> dict[str, str]:
    """The methods this model allows and what each does, the default one first."""
    first = default_method(classifier)
    usable = {
        name: explainers.get(name).summary
        for name in explainers.names()
        if classifier.module is not None or not explainers.get(name).needs_gradients
    }
    return {first: usable[first], **usable}


def targets_for(classifier: Classifier) -> list[str]:
    """Numbers worth explaining, the model's default first."""
    return list(dict.fromkeys([classifier.default_target, *classifier.labels, "decided"]))


def opened(path: Path) -> Clip:
    """A clip of one of the folders.

    Raises:
        AudioError: It cannot be used, or is larger or longer than a page takes.
    """
    _check_size(path.stat().st_size if path.is_file() else 0, path.name)
    return read_clip(path, longest=MOST_SECONDS)


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def received(data: bytes, name: str) -> Clip:
    """A clip that was uploaded or recorded; forgotten when the session ends.

    Raises:
        AudioError: As for `opened`.
    """
    _check_size(len(data), name)
    return clip_from_bytes(data, name, longest=MOST_SECONDS)


def known_about(path: Path) -> ManifestRow | None:
    """What the manifest beside a clip, or in the folder above, says about it.

    Raises:
        CorpusError: There is a manifest that cannot be read.
    """
    for folder in path.parents[:2]:
        file = folder / MANIFEST
        if file.is_file():
            return _rows_by_path(file).get(path.resolve())
    return None


def answer(question: Question, clip: Clip, model: Loaded) -> ExplainedClip:
    """The explanation, kept for the session that asked.

    Raises:
        UserError: The question cannot be answered; the message says why.
    """
    return _answer(question, clip, model)


@st.cache_resource(max_entries=8, scope="session", show_spinner="Explaining")
def _answer(question: Question, _clip: Clip, _model: Loaded) -> ExplainedClip:
    check_target(question.target, _model.classifier)
    with _model.turn:
        return explain_clip(
            _clip,
            _model.classifier,
            load_method(question.method, {}),
            question.target,
            model=_model.spec,
        )


def sounds(explained: ExplainedClip) -> Mapping[str, bytes]:
    """What can be listened to, as WAV files by what each lets one hear."""
    return {
        "The clip": explained.sound,
        "Its relevant part": explained.relevant_sound,
        "The rest": explained.rest_sound,
    }


def stretch_sound(explained: ExplainedClip, stretch: WeighedStretch) -> bytes:
    """One stretch of the clip as a WAV file."""
    heard = explained.clip.cut(stretch.start, stretch.end)
    return wav_bytes(heard.samples, heard.sample_rate)


@st.cache_resource(ttl=30, max_entries=16, show_spinner=False)
def _rows_by_path(file: Path) -> dict[Path, ManifestRow]:
    manifest: Manifest = load_manifest(file)
    return {row.path.resolve(): row for row in manifest}


def _check_size(size: int, name: str) -> None:
    if size > MOST_BYTES:
        raise AudioError(
            f"'{name}' has {size / 1e6:.0f} MB; the page takes at most {MOST_BYTES / 1e6:.0f} MB. "
            "Cut it shorter, or use 'xaudio explain'."
        )
