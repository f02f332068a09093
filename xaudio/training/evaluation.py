"""How good a trained detector is on what was kept back, with intervals: the figures of its card."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from explainers.quality.localisation import evidence_values, localise
from explainers.targets import parse_target
from xaudio.datasets.channel import draw_channel, transmit
from xaudio.datasets.corpus_plan import item_seed
from xaudio.datasets.hybrids import Stretch, draw_stretches, splice
from xaudio.datasets.manifest import Manifest
from xaudio.metrics.eer import eer_interval, error_rates
from xaudio.models.lcnn import LABELS, LCNN, SAMPLE_RATE
from xaudio.training.examples import Utterance, load_material
from xaudio.training.recipe import Recipe

Samples = Float[np.ndarray, " time"]

CHANNELS_PER_CLIP = 2


@dataclass(frozen=True, eq=False)
class Trial:
    """One test clip and what the detector said.

    Attributes:
        kind: `bonafide`, an attack, or an attack with `-hybrid`.
        cluster: The speaker; for text-to-speech the sentence, since an engine has few voices.
        score: Higher for bona fide.
        stretches: Of a hybrid, in seconds.
        frames: Of a hybrid: the evidence for synthesis of every 20 ms.
    """

    kind: str
    cluster: str
    score: float
    stretches: tuple[Stretch, ...] = ()
    frames: Float[np.ndarray, " frames"] | None = None


def run_trials(model: LCNN, test: Manifest, recipe: Recipe) -> list[Trial]:
    """Every test clip and a hybrid of every copy, each through two drawn channels."""
    material = load_material(test)
    trials = []
    for number, utterance in enumerate(material.utterances):
        for repeat in range(CHANNELS_PER_CLIP):
            for kind, samples, stretches in _versions(utterance, repeat, recipe):
                seed = item_seed(recipe.seed, "test", str(number), kind, str(repeat))
                trials.append(_trial(model, kind, utterance.speaker, samples, stretches, seed))
    for engine, clips in material.spoken.items():
        for number, samples in enumerate(clips):
            cluster = f"{engine} {number}"
            seed = item_seed(recipe.seed, "test", cluster)
            trials.append(_trial(model, engine, cluster, samples, (), seed))
    return trials


def _versions(
    utterance: Utterance, repeat: int, recipe: Recipe
) -> Iterator[tuple[str, Samples, tuple[Stretch, ...]]]:
    yield "bonafide", utterance.human, ()
    for attack, copy in sorted(utterance.copies.items()):
        yield attack, copy, ()
        seed = item_seed(recipe.seed, "test stretches", utterance.speaker, attack, str(repeat))
        stretches = draw_stretches(len(copy) / SAMPLE_RATE, seed, 1 + repeat)
        yield f"{attack}-hybrid", splice(utterance.human, copy, SAMPLE_RATE, stretches), stretches


@torch.no_grad()
def _trial(
    model: LCNN,
    kind: str,
    cluster: str,
    samples: Samples,
    stretches: tuple[Stretch, ...],
    seed: int,
) -> Trial:
    heard = transmit(samples, SAMPLE_RATE, draw_channel(seed, SAMPLE_RATE))
    waveform = torch.from_numpy(heard)[None]
    spoof, bonafide = model(waveform)[0].tolist()
    if not stretches:
        return Trial(kind, cluster, bonafide - spoof)
    evidence, target = model.frame_logits(waveform), parse_target("spoof - bonafide", LABELS)
    (frames,) = evidence_values(evidence, target, len(heard) / SAMPLE_RATE)
    return Trial(kind, cluster, bonafide - spoof, stretches, frames)


def card_figures(trials: Sequence[Trial], recipe: Recipe) -> dict[str, dict[str, object]]:
    """Per kind of attack, and pooled: clips, EER in percent with its interval, error rates at 0.

    Pooled are the attacks that were trained on (`seen`), those never trained on (`unseen`) and the
    partly synthetic clips spliced from the former (`hybrids`).
    """
    bonafide = [trial for trial in trials if trial.kind == "bonafide"]
    kinds = sorted({trial.kind for trial in trials} - {"bonafide"})
    whole = [kind for kind in kinds if not kind.endswith("-hybrid")]
    pools = {
        "seen": [kind for kind in whole if kind not in recipe.held_out_attacks],
        "unseen": [kind for kind in whole if kind in recipe.held_out_attacks],
        "hybrids": [
            f"{kind}-hybrid"
            for kind in whole
            if f"{kind}-hybrid" in kinds and kind not in recipe.held_out_attacks
        ],
        **{kind: [kind] for kind in kinds},
    }
    return {
        name: _figures(bonafide, [trial for trial in trials if trial.kind in members])
        for name, members in pools.items()
        if members
    }


def _figures(bonafide: Sequence[Trial], spoof: Sequence[Trial]) -> dict[str, object]:
    human, synthetic = _scores(bonafide), _scores(spoof)
    rate = eer_interval(
        human,
        synthetic,
        bonafide_clusters=[trial.cluster for trial in bonafide],
        spoof_clusters=[trial.cluster for trial in spoof],
    )
    at_zero = error_rates(human, synthetic, 0.0)
    figures: dict[str, object] = {
        "clips": len(spoof),
        "eer_percent": round(100 * rate.value, 2),
        "eer_percent_low": round(100 * rate.low, 2),
        "eer_percent_high": round(100 * rate.high, 2),
        "false_rejection_percent_at_0": round(100 * at_zero.false_rejection, 2),
        "false_acceptance_percent_at_0": round(100 * at_zero.false_acceptance, 2),
    }
    framed = [trial for trial in spoof if trial.frames is not None]
    if framed and len(framed) == len(spoof):
        found = localise(
            [trial.frames for trial in framed if trial.frames is not None],
            [trial.stretches for trial in framed],
            clusters=[trial.cluster for trial in framed],
        )
        for name, area in (("frame_auc", found.raw), ("frame_auc_half_second", found.averaged)):
            figures |= {
                name: round(area.mean, 3),
                f"{name}_low": round(area.low, 3),
                f"{name}_high": round(area.high, 3),
            }
    return figures


def _scores(trials: Sequence[Trial]) -> Float[np.ndarray, " trials"]:
    return np.array([trial.score for trial in trials])
