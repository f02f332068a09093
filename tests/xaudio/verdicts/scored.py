"""Scored sets and calibrations without audio, whose truth is known."""

import hashlib

import numpy as np

from xaudio.verdicts.calibrate import fit_calibration
from xaudio.verdicts.calibration import CalibratedModel, Calibration
from xaudio.verdicts.conditions import Conditions
from xaudio.verdicts.rule import LeastCost, Rule
from xaudio.verdicts.scored_set import ScoredSet

MODEL = CalibratedModel("lcnn", None, None, "lcnn", "f" * 64, "float32", 16000)


def ordinary(random: np.random.Generator) -> Conditions:
    """Those of a clip like all others."""
    return Conditions(
        seconds=random.uniform(3.0, 6.0),
        sample_rate=16000,
        lowest_hz=random.uniform(0.0, 60.0),
        highest_hz=random.uniform(7000.0, 8000.0),
        loudness_lufs=random.uniform(-30.0, -20.0),
        snr_db=random.uniform(20.0, 40.0),
        clipped_share=0.0,
        silent_share=0.0,
        voiced_share=random.uniform(0.4, 0.7),
        dc_offset=random.uniform(0.0, 1e-3),
    )


def scored_set(
    speakers: int = 30, per_speaker: int = 4, distance: float = 4.0, seed: int = 0
) -> ScoredSet:
    """Half of each speaker's clips bona fide; scores of unit variance, classes `distance` apart."""
    random = np.random.default_rng(seed)
    clips = speakers * per_speaker
    human = np.arange(clips) % 2 == 0
    return ScoredSet(
        scores=random.normal(0, 1, clips) + np.where(human, distance / 2, -distance / 2),
        is_bonafide=human,
        clusters=tuple(f"speaker {number // per_speaker}" for number in range(clips)),
        attacks=tuple(None if one else "vocoder" for one in human),
        conditions=tuple(ordinary(random) for _ in range(clips)),
        digests=tuple(hashlib.sha256(str(number).encode()).hexdigest() for number in range(clips)),
    )


def calibration(rule: Rule | None = None, **settings: float) -> Calibration:
    """Made from `scored_set`."""
    return fit_calibration(scored_set(**settings), MODEL, rule or LeastCost(), samples=200)
