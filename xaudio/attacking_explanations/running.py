"""Attack the explanation of a clip, by any attack within a budget or by small delays."""

import time
from collections.abc import Callable

from perturbations.attacks import Attack, Budget
from perturbations.attacks.explanations import Shift, aim_named, moved_later, noise_within
from perturbations.attacks.explanations.noise import begin_from
from perturbations.corruption import Key, generator
from xaudio.attacking import check_attack
from xaudio.attacking_explanations.attacked_clip import AttackedExplanationClip
from xaudio.attacking_explanations.question import Question
from xaudio.attacking_explanations.relevance_cells import differentiable_cells
from xaudio.provenance import ModelSpec

NOISE_DRAWS = 3


def attack_explanation(
    question: Question,
    attack: Attack,
    budget: Budget,
    aim: str = "away",
    *,
    repeat: int = 0,
    noise_draws: int = NOISE_DRAWS,
    model: ModelSpec | None = None,
    progress: Callable[[float], None] | None = None,
) -> AttackedExplanationClip:
    """Move the explanation of a clip within a budget and keep the decision.

    Args:
        question: The clip, the model, the method; see `Question.about`.
        attack: From `perturbations.attacks.load_attack`. One that needs gradients needs those of
            the explanation as well: see `differentiable_cells`.
        budget: How much may change; the rounding to 16 bits comes on top.
        aim: One of `perturbations.attacks.explanations.AIMS`.
        repeat: Other random numbers for the same clip.
        noise_draws: How many random perturbations it is compared with; the attack begins at the
            first, or at as much of it as keeps the decision.
        model: What was said to load the classifier; its name when not given.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        ModelError: The attack needs gradients that the model does not give.
        ExplanationError: It needs gradients that the method does not give.
        CorruptionError: The aim or the attack does not fit.
    """
    check_attack(attack, question.classifier)
    relevance = differentiable_cells(question.cells) if attack.needs_gradients else question.cells
    objective = question.objective(relevance, aim)
    clip, waveform = question.clip, question.waveform
    keys = [Key(clip.digest, repeat * noise_draws + draw) for draw in range(noise_draws)]
    noisy = [noise_within(waveform, budget, clip.sample_rate, [key]) for key in keys]
    noise = tuple(question.judged(each[0]) for each in noisy)
    started = time.perf_counter()
    attacked = attack.pursue(
        objective,
        waveform,
        budget,
        clip.sample_rate,
        [Key(clip.digest, repeat)],
        progress=None if progress is None else lambda share, _: progress(share),
        earlier=begin_from(objective, waveform, noisy[0]),
    )
    seconds = time.perf_counter() - started
    judged = question.judged(attacked.waveform[0])
    evaluations = int(attacked.evaluations[0])
    spec = model or ModelSpec(question.classifier.name, is_object=True)
    return AttackedExplanationClip(
        question, judged, noise, aim, attack, budget, evaluations, seconds, repeat, spec
    )


def shift_explanation(
    question: Question,
    shift: Shift,
    aim: str = "away",
    *,
    repeat: int = 0,
    noise_draws: int = NOISE_DRAWS,
    model: ModelSpec | None = None,
    progress: Callable[[float], None] | None = None,
) -> AttackedExplanationClip:
    """Move the explanation of a clip by a small delay, compared with delays drawn at random.

    Arguments and errors as of `attack_explanation`.
    """
    started = time.perf_counter()
    waveform, rate = question.waveform, question.clip.sample_rate
    found = shift.run(
        question.classifier.logits,
        question.cells,
        waveform,
        question.kept,
        aim_named(aim, question.clean),
        rate,
        progress,
    )
    seconds = time.perf_counter() - started
    random = generator("shift", 1, Key(question.clip.digest, repeat))
    drawn = random.choice(found.delays, noise_draws)
    noise = tuple(
        question.judged(moved_later(waveform, delay * rate, shift.ends)[0], float(delay))
        for delay in drawn
    )
    judged = question.judged(found.waveform[0], found.delay)
    spec = model or ModelSpec(question.classifier.name, is_object=True)
    return AttackedExplanationClip(
        question, judged, noise, aim, shift, None, len(found.delays), seconds, repeat, spec
    )
