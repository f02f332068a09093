"""A page with nothing but the viewer, on a clip made here: what the browser tests look at."""

import json

import numpy as np
import streamlit as st

from dashboards.components.audio_viewer import audio_viewer
from explainers.explanation import Explanation
from xaudio.audio import Clip, clip_from_samples
from xaudio.regions import Region
from xaudio.reports.elements import Curve, Stretch
from xaudio.viewing import Lane, Scene, scene_of

RATE = 16000
WORDS = ("we", "saw", "it", "on", "the", "hill", "at", "dawn")


def speech_like(seconds: float) -> np.ndarray:
    """Gliding harmonics in syllables, noise between them: as rich as a voice, always alike."""
    times = np.arange(int(seconds * RATE)) / RATE
    random = np.random.default_rng(7)
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * times) + 15 * np.sin(2 * np.pi * 2.3 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = 700 + 300 * np.sin(2 * np.pi * 1.1 * times)
    voice = sum(
        np.sin(k * phase) / k**0.6 * np.exp(-(((k * pitch - formants) / 900) ** 2))
        for k in range(1, 40)
    )
    syllables = np.clip(np.sin(2 * np.pi * 1.9 * times) + 0.4, 0, 1)
    noise = random.normal(0, 1, times.size)
    hiss = np.diff(noise, prepend=0.0) * np.clip(-np.sin(2 * np.pi * 1.9 * times) - 0.3, 0, 1)
    return (0.28 * voice * syllables + 0.05 * hiss + 0.002 * noise).clip(-0.95, 0.95)


def made(seconds: float) -> Clip:
    samples = np.resize(speech_like(min(seconds, 10.0)), int(seconds * RATE)).astype(np.float32)
    return clip_from_samples(samples, RATE, f"made-{seconds:g}.wav")


def explained(clip: Clip, method: str) -> Explanation:
    """Relevance on a grid: for the target around 2.5 kHz, against it below 1 kHz."""
    times = np.linspace(0, clip.seconds, round(clip.seconds / 0.02) + 1)
    bands = np.linspace(0, RATE / 2, 65)
    middle = (times[:-1] + times[1:]) / 2
    hertz = (bands[:-1] + bands[1:]) / 2
    high = np.exp(-(((hertz[:, None] - 2500) / 700) ** 2)) * np.clip(np.sin(4 * middle), 0, 1)
    low = np.exp(-(((hertz[:, None] - 500) / 350) ** 2)) * np.clip(np.cos(3 * middle), 0, 1)
    grain = np.random.default_rng(1).gamma(1.0, 1.0, high.shape)
    return Explanation(
        relevance=(high - 0.7 * low) * grain / 100,
        domain="stft",
        sample_rate=RATE,
        seconds=clip.seconds,
        target="spoof - bonafide",
        score=1.0,
        method=method,
        signed=True,
        time_edges=times,
        frequency_edges=bands,
    )


@st.cache_resource
def scene(seconds: float, methods: tuple[str, ...]) -> Scene:
    clip = made(seconds)
    half = clip_from_samples(clip.samples * 0.5, RATE, "half")
    quiet = np.random.default_rng(3).normal(0, 0.05, clip.samples.size).astype(np.float32)
    noisy = clip_from_samples((clip.samples + quiet).clip(-1, 1), RATE, "noisy")
    words = tuple(
        Stretch(start, start + 0.4, word)
        for start, word in zip(np.arange(0.1, seconds, 0.53), WORDS, strict=False)
    )
    swinging = np.sin(np.arange(0, seconds, 0.02) * 5)
    evidence = Curve(0.0, 0.02, swinging, "The model's own evidence")
    return scene_of(
        clip,
        {method: explained(clip, method) for method in methods},
        sounds={"Relevant part": half, "The rest": half, "Noise at 10 dB": noisy}
        if seconds < 60
        else {"Half as loud": half},
        lanes=(
            Lane("Known from the manifest", (Stretch(0.5, 1.3, "synthetic"),)),
            Lane("Words", words),
        )
        if seconds < 60
        else (),
        curves=(evidence,) if seconds < 60 else (),
    )


def page() -> None:
    st.set_page_config(layout="wide")
    seconds = float(st.query_params.get("seconds", "4"))
    with st.container(horizontal=True):
        more = st.checkbox("A second method", key="more")
        hidden = st.checkbox("Hide the viewer", key="hidden")
        jump = st.selectbox("Jump to", [None, 1.0, 2.0], key="jump")
    if hidden:
        st.stop()
    methods = ("lrp", "The rest, by occlusion") if more else ("lrp",)
    if st.query_params.get("plain"):
        methods = ()
    opened = {"visible": (1.0, 3.0), "region": Region(1.5, 2.0, 500.0)}
    if not st.query_params.get("opened"):
        opened = {}
    found = audio_viewer(scene(seconds, methods), key="viewer", jump=jump, **opened)
    region = found.region
    told = {
        "cursor": found.cursor,
        "visible": found.visible,
        "sound": found.sound,
        "region": region and [region.start, region.end, region.low, min(region.high, RATE / 2)],
    }
    st.code(json.dumps(told), language=None)
    if st.query_params.get("two"):
        audio_viewer(scene(seconds, ()), key="another", height=120)


if __name__ == "__main__":
    page()
