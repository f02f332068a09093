"""A verdict in words that hold before people who are no engineers."""

import math

from xaudio.verdicts.calibration import Calibration
from xaudio.verdicts.verdict import Verdict

CAVEAT = (
    "This describes how one detector responds to one recording. It names neither a speaker nor a "
    "maker, and a synthesiser or a channel unlike those of the calibration set may mislead it."
)


def statement(verdict: Verdict, calibration: Calibration) -> str:
    """The verdict, what it rests on, and what it does not say, in a few sentences."""
    opening = f"{verdict.clip}: {verdict.verdict}."
    if verdict.verdict == "inconclusive":
        return f"{opening} {' '.join(reasons(verdict))}"
    sentences = (
        opening,
        _evidence(verdict, calibration),
        _posterior(verdict),
        f"The recording lies within the validated conditions ({verdict.condition}).",
        _errors(calibration),
        CAVEAT,
    )
    return " ".join(sentences)


def reasons(verdict: Verdict) -> list[str]:
    """Why there is no verdict, a sentence each; nothing where there is one."""
    found = []
    if verdict.departures:
        outside = "; ".join(departure.sentence for departure in verdict.departures)
        found.append(
            "The recording lies outside the conditions in which the detector was validated: "
            f"{outside}. What the detector says about it is no evidence either way."
        )
    elif verdict.near_threshold:
        found.append(
            f"The natural log-likelihood ratio of {verdict.llr} cannot be told from the "
            f"threshold of {verdict.threshold:.2f}: its 95 % interval holds it."
        )
    return found


def _evidence(verdict: Verdict, calibration: Calibration) -> str:
    more, less = ("human", "synthetic") if verdict.llr.value >= 0 else ("synthetic", "human")
    at_limit = verdict.llr.value in (calibration.lowest_llr, calibration.highest_llr)
    limit = ", the most that a calibration set of this size can support" if at_limit else ""
    times = _times(math.exp(abs(verdict.llr.value)))
    return (
        f"A score like this ({verdict.score:.2f}) is {times} as probable for {more} speech as for "
        f"{less} speech{limit}: natural log-likelihood ratio {verdict.llr}, threshold "
        f"{verdict.threshold:.2f}."
    )


def _posterior(verdict: Verdict) -> str:
    found = verdict.spoof_probability
    return (
        f"If synthesis was {_percent(verdict.spoof_prior)} probable before the recording was "
        f"heard, it is {_percent(found.value)} probable after ({_percent(found.low)} to "
        f"{_percent(found.high)}). That prior is an assumption, not a measurement."
    )


def _errors(calibration: Calibration) -> str:
    clips, found = calibration.made_from, calibration.figures
    return (
        f"On {clips.bonafide_clips} human recordings of {clips.bonafide_speakers} speakers and "
        f"{clips.spoof_clips} synthetic ones of {clips.spoof_speakers}, each judged without its "
        f"own speaker in the calibration, human speech was called synthetic in "
        f"{found.false_rejection} and synthetic speech human in {found.false_acceptance} "
        "(95 % intervals)."
    )


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio < 10 else f"{float(f'{ratio:.2g}'):,.0f} times"


def _percent(share: float) -> str:
    """As many digits as matter near 0 and 1.

    >>> _percent(0.5), _percent(0.9987)
    ('50 %', '99.87 %')
    """
    decimals = 0 if 0.1 <= share <= 0.9 else 1 if 0.01 <= share <= 0.99 else 2
    return f"{100 * share:.{decimals}f} %"
