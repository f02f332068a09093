"""Sequences of spoken digits, drawn from recordings of single ones, every word known to the sample.

A sequence is four seconds of one speaker: six to eight digits (fewer where they would not fit),
pauses of 0 to 250 ms, every word about as loud, coloured noise 20 to 40 dB below all of it. Half of
the sequences hold no seven; of the others every fourth holds two, where one alone would do.

The recordings are those of the Free Spoken Digit Dataset, a folder with audio at 8 kHz and
metadata.csv (file, digit, speaker, take). Takes 0 to 4 are its test part, never trained on.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from tests.benchmarks.digit_network import SAMPLE_RATE
from xaudio.audio import read_clip, write_audio

SEVEN = 7
TEST_TAKES = range(5)
SECONDS = 4.0
WORDS = (6, 8)
PAUSE = 0.25
FADE = 0.005
LONGEST_WORD = 1.0  # three recordings hold more than their digit
QUIET_DB = 40  # below the loudest frame: silence at a recording's ends, cut off
LEVEL = 0.05
LEVEL_SPREAD_DB = 2.0
SNR_DB = (20.0, 40.0)

Samples = Float[np.ndarray, " time"]
Voices = Mapping[str, Sequence["Recording"]]


@dataclass(frozen=True, eq=False)
class Recording:
    """One digit, said once, without silence around it."""

    digit: int
    take: int
    samples: Samples


@dataclass(frozen=True)
class Word:
    """One digit of a sequence, start and end in seconds."""

    digit: int
    take: int
    start: float
    end: float


@dataclass(frozen=True)
class DigitSequence:
    """What is said in a clip, and when.

    Attributes:
        clip: Its name; the audio is ``<clip>.flac`` beside the manifest.
        speaker: Who says all of it.
        words: In order.
        snr_db: Of the speech, pauses left aside, against the noise.
    """

    clip: str
    speaker: str
    words: tuple[Word, ...]
    snr_db: float

    @property
    def segments(self) -> tuple[tuple[float, float], ...]:
        """Every seven, (start, end) in seconds."""
        return tuple((word.start, word.end) for word in self.words if word.digit == SEVEN)

    @property
    def cluster(self) -> str:
        """Sequences share recordings: by the first seven, or each by itself where there is none."""
        takes = [word.take for word in self.words if word.digit == SEVEN]
        return f"{self.speaker} {takes[0]}" if takes else self.clip


def read_voices(folder: Path, test: bool) -> Voices:
    """Per speaker the recordings to test with, or all the others."""
    import librosa

    voices: dict[str, list[Recording]] = defaultdict(list)
    for row in csv.DictReader((folder / "metadata.csv").open(encoding="utf-8")):
        if (int(row["take"]) in TEST_TAKES) != test:
            continue
        clip = read_clip(folder / "audio" / row["file"]).resampled(SAMPLE_RATE)
        samples, _ = librosa.effects.trim(
            clip.samples, top_db=QUIET_DB, frame_length=200, hop_length=40
        )
        if len(samples) <= LONGEST_WORD * SAMPLE_RATE:
            voices[row["speaker"]].append(Recording(int(row["digit"]), int(row["take"]), samples))
    return voices


def draw_sequence(
    voices: Voices, sevens: int, clip: str, random: np.random.Generator
) -> tuple[DigitSequence, Samples]:
    """A clip with so many sevens, no recording twice."""
    speaker = str(random.choice(sorted(voices)))
    wanted = [one for one in voices[speaker] if one.digit == SEVEN]
    others = [one for one in voices[speaker] if one.digit != SEVEN]
    count = int(random.integers(WORDS[0], WORDS[1] + 1))
    said = drawn(wanted, sevens, random) + drawn(others, count - sevens, random)
    pauses = np.round(random.uniform(0, PAUSE, count) * SAMPLE_RATE).astype(int).tolist()
    length = round(SECONDS * SAMPLE_RATE)
    while (spare := length - sum(len(one.samples) for one in said) - sum(pauses[: len(said)])) < 0:
        said.pop()  # the sevens stand in front
    order = random.permutation(len(said))
    place = int(random.integers(spare + 1))
    speech, words = np.zeros(length), []
    for recording, pause in zip([said[index] for index in order], pauses, strict=False):
        start, place = place + pause, place + pause + len(recording.samples)
        speech[start:place] = levelled(recording.samples, random)
        words.append(
            Word(recording.digit, recording.take, start / SAMPLE_RATE, place / SAMPLE_RATE)
        )
    snr_db = float(random.uniform(*SNR_DB))
    noise = LEVEL * 10 ** (-snr_db / 20) * coloured_noise(length, random)
    samples = (speech + noise) * 10 ** (random.uniform(-3, 3) / 20)
    samples = samples / max(1.0, np.abs(samples).max() / 0.99)
    return DigitSequence(clip, speaker, tuple(words), snr_db), samples.astype(np.float32)


def drawn(
    recordings: Sequence[Recording], count: int, random: np.random.Generator
) -> list[Recording]:
    return [recordings[index] for index in random.permutation(len(recordings))[:count]]


def levelled(samples: Samples, random: np.random.Generator) -> Samples:
    """At the common level or a little off it, faded at both ends."""
    level = LEVEL * 10 ** (random.uniform(-LEVEL_SPREAD_DB, LEVEL_SPREAD_DB) / 20)
    fade = round(FADE * SAMPLE_RATE)
    ramp = np.minimum((np.arange(len(samples)) + 0.5) / fade, 1.0)
    return samples * np.minimum(ramp, ramp[::-1]) * level / np.sqrt(np.mean(samples**2))


def coloured_noise(length: int, random: np.random.Generator) -> Samples:
    """Gaussian noise of RMS one, between white and red (power falling as 1/f^2)."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 50.0)
    noise = np.fft.irfft(spectrum * hertz ** -random.uniform(0, 1), length)
    return noise / np.sqrt(np.mean(noise**2))


def sevens_in(number: int) -> int:
    """How many sevens the sequence of this number holds: none, one, none, one, ..., none, two."""
    return 0 if number % 2 == 0 else 2 if number % 8 == 7 else 1


def build(folder: Path, out: Path, count: int, seed: int) -> None:
    """Write `count` sequences of the test takes, and what is said in them."""
    voices = read_voices(folder, test=True)
    out.mkdir(parents=True, exist_ok=True)
    sequences = []
    for number in range(count):
        random = np.random.default_rng((seed, number))
        clip = f"digits-{number:04d}"
        sequence, samples = draw_sequence(voices, sevens_in(number), clip, random)
        write_audio(out / f"{clip}.flac", samples, SAMPLE_RATE)
        sequences.append(sequence)
    document = {
        "sample_rate": SAMPLE_RATE,
        "seed": seed,
        "sequences": [
            {**asdict(sequence), "segments": sequence.segments} for sequence in sequences
        ],
    }
    (out / "manifest.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def load_sequences(folder: Path) -> list[DigitSequence]:
    """What is said in the clips of a folder that was built."""
    document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return [
        DigitSequence(
            one["clip"],
            one["speaker"],
            tuple(Word(**word) for word in one["words"]),
            one["snr_db"],
        )
        for one in document["sequences"]
    ]


def read_waveform(folder: Path, sequence: DigitSequence) -> Float[Tensor, "1 time"]:
    return read_clip(folder / f"{sequence.clip}.flac").waveform
