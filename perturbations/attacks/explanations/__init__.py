"""Attacks on an explanation: the decision is kept and the relevance moves.

An attack knows the classifier as a function from waveforms to logits and the explanation as a
function from waveforms to relevance on cells. It is pursued by the same attacks, within the same
budgets, as one on the decision.
"""

from perturbations.attacks.explanations.aims import (
    AIMS,
    Aim,
    AwayFromMap,
    AwayFromRanks,
    AwayFromStrongest,
    TowardsMap,
    aim_named,
    check_aim,
)
from perturbations.attacks.explanations.kept_decision import KeptDecision
from perturbations.attacks.explanations.measures import (
    AttackedExplanation,
    Criteria,
    Rate,
    success_rate,
)
from perturbations.attacks.explanations.noise import noise_within
from perturbations.attacks.explanations.objective import ExplanationObjective, Relevance
from perturbations.attacks.explanations.shifting import (
    Shift,
    Shifted,
    cells_inside,
    load_shift,
    moved_later,
)

__all__ = [
    "AIMS",
    "Aim",
    "AttackedExplanation",
    "AwayFromMap",
    "AwayFromRanks",
    "AwayFromStrongest",
    "Criteria",
    "ExplanationObjective",
    "KeptDecision",
    "Rate",
    "Relevance",
    "Shift",
    "Shifted",
    "TowardsMap",
    "aim_named",
    "cells_inside",
    "check_aim",
    "load_shift",
    "moved_later",
    "noise_within",
    "success_rate",
]
