"""Inspect: a clip, the decision about it, where that comes from, and how it sounds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from dashboards import service
from dashboards.figures import clip_figure, explanation_figure
from dashboards.markdown import literal
from perturbations.errors import UserError
from xaudio.audio import Clip, wav_bytes
from xaudio.datasets.manifest import ManifestRow
from xaudio.explained import VOICE_READING, ExplainedClip
from xaudio.provenance import command_line, python_lines
from xaudio.reports.elements import DARK, LIGHT, Stretch, Theme, WeighedPart

FOLDER, UPLOAD, RECORD = "Folder", "Upload", "Record"
INTRODUCTION = (
    "Choose a clip on the left, press **Explain**, and see what the model decided and which parts "
    "of the sound that decision rests on. Nothing leaves this machine."
)
CHART = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


@dataclass(frozen=True)
class Choice:
    """A clip that was chosen: how to open it, and where it lies if it is one of a folder's."""

    open: Callable[[], Clip]
    path: Path | None = None


@contextmanager
def told() -> Iterator[None]:
    """Show a user's error as its own sentence."""
    try:
        yield
    except UserError as error:
        st.error(literal(str(error)), icon=":material/error:")


def choose_clip() -> Choice | None:
    """The widgets for a clip; None while none is chosen."""
    on_offer = service.clips_on_offer(service.given().folders)
    sources = [FOLDER, UPLOAD, RECORD] if on_offer else [UPLOAD, RECORD]
    source = st.segmented_control(
        "Clip", sources, default=sources[0], required=True, key="source", width="stretch"
    )
    if source == FOLDER:
        name = st.selectbox(
            "Clip of the folder", list(on_offer), key="clip", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        return Choice(partial(service.opened, on_offer[name]), on_offer[name]) if name else None
    if source == UPLOAD:
        file = st.file_uploader(
            "A recording in any format", max_upload_size=20, label_visibility="collapsed"
        )
    else:
        file = st.audio_input("Record with the microphone", label_visibility="collapsed")
    if file is None:
        return None
    name = file.name if source == UPLOAD else "recording.wav"
    return Choice(partial(service.received, file.getvalue(), name))


def choose_model() -> tuple[str, service.Loaded]:
    """The widget for a model, and the model."""
    on_offer = service.given().models
    name = st.selectbox("Model", list(on_offer), key="model", bind="query-params")
    return name, service.loaded(on_offer[name])


def choose_method(model: service.Loaded) -> str:
    """The widget for a method that this model allows."""
    methods = service.methods_for(model.classifier)
    name = st.selectbox("Method", list(methods), key="method", bind="query-params")
    st.caption(methods[name])
    return name


def choose_target(model: service.Loaded) -> str:
    """The widget for the number that is explained."""
    return st.selectbox(
        "Target",
        service.targets_for(model.classifier),
        key="target",
        bind="query-params",
        accept_new_options=True,
        help="The number that is explained: a label, 'one - other', 'log-odds:label', or "
        "'decided' for whatever the model says.",
    )


def show_clip(clip: Clip, stretches: Sequence[Stretch]) -> None:
    """A clip about which nothing was asked yet."""
    figure = clip_figure(clip, theme(), stretches)
    st.plotly_chart(
        figure, config=CHART, key="clip-figure", alt=f"Waveform and spectrogram of {clip.name}"
    )
    st.audio(wav_bytes(clip.samples, clip.sample_rate), format="audio/wav")
    st.info("Press **Explain** to see what the model decides and why.", icon=":material/info:")


def show_answer(explained: ExplainedClip, stretches: Sequence[Stretch]) -> None:
    """Decision, figure, sounds, strongest stretches, and how it was made."""
    show_decision(explained)
    if explained.is_of_the_voice:
        st.image(explained.picture(theme()), width="stretch")
        st.caption(VOICE_READING)
        show_parts(explained)
        st.audio(explained.sound, format="audio/wav")
    else:
        show_relevance(explained, stretches)
    show_making(explained)


def show_relevance(explained: ExplainedClip, stretches: Sequence[Stretch]) -> None:
    """Where in the clip it comes from, to see and to hear."""
    st.plotly_chart(
        explanation_figure(explained, theme(), stretches),
        config=CHART,
        key="explanation-figure",
        alt=f"Waveform, spectrogram and relevance of {explained.clip.name}",
    )
    st.caption(literal(how_to_read(explained)))
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_strongest(explained)
    with right:
        show_sounds(explained)
    if explained.explanation.segment_names:
        with st.expander("Part by part"):
            show_parts(explained)


def show_parts(explained: ExplainedClip) -> None:
    """Every named part, the heaviest first, and how sure its relevance is."""
    parts = explained.parts()
    st.dataframe(
        [vars(part) for part in parts],
        hide_index=True,
        column_order=telling_columns(parts, explained.clip.seconds),
        column_config={
            "name": st.column_config.TextColumn("Part"),
            "start": st.column_config.NumberColumn("From (s)", format="%.2f"),
            "end": st.column_config.NumberColumn("To (s)", format="%.2f"),
            "relevance": st.column_config.NumberColumn("Relevance", format="%.4g"),
            "standard_error": st.column_config.NumberColumn("Standard error", format="%.2g"),
            "chance": st.column_config.NumberColumn("p", format="%.3f"),
        },
    )


def telling_columns(parts: Sequence[WeighedPart], seconds: float) -> list[str]:
    """The columns that say something about these parts of a clip of so many seconds."""
    whole = all(part.end - part.start >= seconds for part in parts)
    times = [] if whole else ["start", "end"]
    known = [
        column
        for column in ("standard_error", "chance")
        if any(getattr(part, column) is not None for part in parts)
    ]
    return ["name", *times, "relevance", *known]


def show_decision(explained: ExplainedClip) -> None:
    """The label first, then the numbers behind it and what they mean."""
    decision = explained.decision
    label, score, threshold = st.columns([2, 1, 1])
    label.metric("Decision", decision.label, border=True)
    score.metric("Score", f"{decision.score:.2f}", border=True)
    threshold.metric(
        "Threshold", "none" if decision.threshold is None else f"{decision.threshold:.2f}",
        border=True,
    )  # fmt: skip
    sentence = literal(decision.sentence)
    st.caption(f"{sentence[0].upper()}{sentence[1:]}. {meaning(explained)}")


def meaning(explained: ExplainedClip) -> str:
    """What a score says."""
    if explained.decision.threshold is None:
        return "The score is the winner's logit minus the next one's."
    return (
        "The score is the logit of bonafide minus that of spoof: the higher, the more like human "
        "speech; at the threshold and above the model says bonafide."
    )


def how_to_read(explained: ExplainedClip) -> str:
    """What the colours say."""
    target = explained.explanation.target
    if explained.explanation.signed:
        return f"Red speaks for “{target}”, blue against it; the paler, the weaker."
    return f"The stronger the colour, the more “{target}” hangs on that part; it has no direction."


@st.fragment
def show_sounds(explained: ExplainedClip) -> None:
    """One player for the clip, its relevant part and the rest."""
    st.subheader("Listen", anchor=False)
    heard = service.sounds(explained)
    chosen = st.segmented_control(
        "Listen to", list(heard), default="The clip", required=True, key="heard",
        label_visibility="collapsed",
    )  # fmt: skip
    st.audio(heard[chosen], format="audio/wav")
    st.caption("The relevant part is the little that holds half of all relevance.")


@st.fragment
def show_strongest(explained: ExplainedClip) -> None:
    """The table of stretches; the one that is picked can be listened to."""
    st.subheader("Strongest stretches", anchor=False)
    rows = explained.strongest(8)
    event = st.dataframe(
        [vars(row) for row in rows],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="stretches",
        column_config={
            "start": st.column_config.NumberColumn("From (s)", format="%.2f"),
            "end": st.column_config.NumberColumn("To (s)", format="%.2f"),
            "relevance": st.column_config.NumberColumn("Relevance", format="%.4g"),
            "share": st.column_config.ProgressColumn(
                "Share of all", format="percent", min_value=0.0, max_value=rows[0].share or 1.0
            ),
        },
    )
    picked = event.selection.rows
    if picked and picked[0] < len(rows):
        row = rows[picked[0]]
        st.caption(f"From {row.start:.2f} to {row.end:.2f} s:")
        st.audio(service.stretch_sound(explained, row), format="audio/wav", autoplay=True)
    else:
        st.caption("Pick a row to listen to just that stretch.")


def show_making(explained: ExplainedClip) -> None:
    """What it was made from, and the ways to make it again."""
    record, settings = explained.provenance, explained.chosen_settings
    with st.expander("How it was made, and how to make it again"):
        st.markdown(f"**{record.method}**: {explained.method_summary}")
        st.code(command_line(record, explained.clip.name, settings), language="bash")
        st.code(python_lines(record, explained.clip.name, settings), language="python")
        st.json(record.as_dict(), expanded=1)


def facts(clip: Clip, known: ManifestRow | None) -> list[str]:
    """What there is to know about a clip before anything is asked."""
    told = [f"{clip.seconds:.2f} s", " → ".join(clip.decode_chain)]
    if known is not None:
        made_by = f", made by {known.attack}" if known.attack else ""
        told.append(f"known from the manifest: {known.label}{made_by}")
    return told


def theme() -> Theme:
    """Colours for the page as the browser shows it."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def show() -> None:
    """The page."""
    with told():
        with st.sidebar:
            choice = choose_clip()
            name, model = choose_model()
            method = choose_method(model)
            target = choose_target(model)
            pressed = st.button("Explain", type="primary", disabled=choice is None, width="stretch")
        if choice is None:
            st.header("Inspect", anchor=False)
            st.markdown(INTRODUCTION)
            return
        clip = choice.open()
        st.header(literal(clip.name), anchor=False)
        known = None
        with told():
            known = service.known_about(choice.path) if choice.path else None
        st.caption(literal(" · ".join(facts(clip, known))))
        stretches = [Stretch(*times, "synthetic") for times in known.segments] if known else []
        question = service.Question(clip.digest, clip.name, name, method, target)
        if pressed:
            st.session_state["asked"] = question
        if st.session_state.get("asked") != question:
            show_clip(clip, stretches)
            return
        show_answer(service.answer(question, clip, model), stretches)


show()
