"""Does noise that nobody hears change the map?"""

import numpy as np
import torch

from explainers.quality.similarity import spearman
from perturbations.waveform import rms
from xaudio.believing.checks import Check
from xaudio.believing.question import Question, Tell, steps_told

NAME = "stability"
CLAIM = "noise that nobody hears leaves it as it is"


def check_stability(question: Question, tell: Tell) -> Check:
    """Whether maps of the clip with faint noise are alike to this one."""
    settings = question.settings
    clip = question.waveform
    own = question.over_time(question.explanation)
    gain = 10 ** (-settings.noise_db / 20)
    alike = []
    for number, step in enumerate(steps_told(tell, settings.noises)):
        white = question.random(f"noise {number}").standard_normal(clip.shape[1])
        noise = torch.from_numpy(white.astype(np.float32))[None]
        noise = noise * (gain * rms(clip) / rms(noise))[:, None]
        (found,) = question.explained_again(question.classifier, clip + noise, step)
        alike.append(float(spearman(own, found)))
    value, low, high = float(np.mean(alike)), min(alike), max(alike)
    passed = low >= settings.alike
    meaning = "it hardly changes" if passed else "it changes: details of it are not to be trusted"
    return Check(
        NAME,
        CLAIM,
        value,
        low,
        high,
        0.0,
        f"rank correlation with the map under noise {settings.noise_db:g} dB below the clip; least "
        f"and most of {len(alike)} draws",
        passed,
        f"Under noise {settings.noise_db:g} dB below the clip the map is alike by {value:.2f} "
        f"[{low:.2f}, {high:.2f}], where 1 is the same map: {meaning}.",
    )
