"""Relevance-guided manipulation: change what an explanation points at, and see what it does."""

from explainers.manipulation.actions import Action, Keep, Move, Noise, Remove, Scale
from explainers.manipulation.chance import Comparison, compare_with_chance
from explainers.manipulation.guided import count_of_share, manipulate
from explainers.manipulation.ranking import MAGNITUDE, RANKINGS, SUPPORT, Ranking
from explainers.manipulation.units import Bands, Samples, Stretches, Units

__all__ = [
    "MAGNITUDE",
    "RANKINGS",
    "SUPPORT",
    "Action",
    "Bands",
    "Comparison",
    "Keep",
    "Move",
    "Noise",
    "Ranking",
    "Remove",
    "Samples",
    "Scale",
    "Stretches",
    "Units",
    "compare_with_chance",
    "count_of_share",
    "manipulate",
]
