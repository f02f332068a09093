"""Attacks on a decision: what is optimised, within which ball, by which stepping rule.

An attack knows a classifier as a function from waveforms to logits, or only from its scores.
"""

from perturbations.attacks.attack import Attack, attacks, load_attack, register_attack
from perturbations.attacks.attacked import Attacked
from perturbations.attacks.budgets import Ball, Budget, EnergyBudget, PeakBudget, SnrBudget
from perturbations.attacks.gradient_masking import MaskingReport, check_gradient_masking
from perturbations.attacks.masking_budget import MaskingBudget
from perturbations.attacks.objectives import AwayFrom, Goal, Objective, Towards
from perturbations.attacks.randomised_smoothing import Certified, Smoothing, certify_smoothed

__all__ = [
    "Attack",
    "Attacked",
    "AwayFrom",
    "Ball",
    "Budget",
    "Certified",
    "EnergyBudget",
    "Goal",
    "MaskingBudget",
    "MaskingReport",
    "Objective",
    "PeakBudget",
    "Smoothing",
    "SnrBudget",
    "Towards",
    "attacks",
    "certify_smoothed",
    "check_gradient_masking",
    "load_attack",
    "register_attack",
]
