"""How hard a map of relevance is tried."""

from dataclasses import dataclass

from xaudio.errors import ModelError


@dataclass(frozen=True)
class BeliefSettings:
    """What is measured, and where a check passes.

    Attributes:
        steps: Stretches of time in which maps are compared; none is shorter than 20 ms.
        random_models: Copies of the model with shuffled weights.
        others: Other methods, at most.
        share: Of the clip, that is removed.
        removals: Random removals beside it.
        noises: Draws of noise.
        noise_db: How far below the clip the noise lies.
        alike: Least rank correlation at which two maps count as the same.
        unlike: Rank correlation with a map of shuffled weights below which a map counts as learned.
        unaccounted: Share of the score that a method that keeps accounts may lose.
        seed: Of all that is drawn.
    """

    steps: int = 200
    random_models: int = 4
    others: int = 2
    share: float = 0.2
    removals: int = 39
    noises: int = 2
    noise_db: float = 60.0
    alike: float = 0.8
    unlike: float = 0.6
    unaccounted: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        counts = (self.steps - 19, self.random_models - 1, self.others, self.noises)
        if min(counts) < 1 or self.removals < 19 or not 0 < self.share < 1:
            raise ModelError(
                f"{self.steps} steps, {self.random_models} random models, {self.others} other "
                f"methods, {self.removals} removals of {self.share} and {self.noises} noises were "
                "asked for; give at least 20 steps, 2 random models, 1 other method, 19 removals, "
                "a share between 0 and 1, and 1 noise."
            )
