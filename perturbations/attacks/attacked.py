"""What an attack gives back."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from perturbations.waveform import decibels, peak


@dataclass(frozen=True, eq=False)
class Attacked:
    """A batch of clips after an attack: the best perturbation that was found for each.

    Attributes:
        waveform: The perturbed clips, within [-1, 1].
        succeeded: Which of them reached the goal.
        score_before: The margin of the clean clips: how far beyond the goal they are, negative
            before it. Towards ``bonafide`` it is the detector's score.
        score_after: That of the perturbed clips.
        snr_db: The clip's power over the perturbation's, in dB; infinite where nothing changed.
        linf: Largest change of any sample, of full scale.
        evaluations: How often the classifier was asked about each clip, the clean one included.
        history: The best margin after each step, never falling; for attacks that look for the
            smallest perturbation the largest `snr_db`, minus infinity before there is one.
    """

    waveform: Float[Tensor, "batch time"]
    succeeded: Bool[Tensor, " batch"]
    score_before: Float[Tensor, " batch"]
    score_after: Float[Tensor, " batch"]
    snr_db: Float[Tensor, " batch"]
    linf: Float[Tensor, " batch"]
    evaluations: Int[Tensor, " batch"]
    history: Float[Tensor, "step batch"]

    @classmethod
    def measured(
        cls,
        clean: Float[Tensor, "batch time"],
        waveform: Float[Tensor, "batch time"],
        *,
        succeeded: Bool[Tensor, " batch"],
        score_before: Float[Tensor, " batch"],
        score_after: Float[Tensor, " batch"],
        evaluations: Int[Tensor, " batch"],
        history: Float[Tensor, "step batch"],
    ) -> "Attacked":
        """The result with the size of the perturbation measured on the waveforms themselves."""
        return cls(
            waveform,
            succeeded,
            score_before,
            score_after,
            snr_db(clean, waveform),
            peak(waveform - clean),
            evaluations,
            history,
        )

    @property
    def success_rate(self) -> float:
        """Share of the clips that reached the goal."""
        return float(self.succeeded.float().mean())


def snr_db(
    clean: Float[Tensor, "batch time"], waveform: Float[Tensor, "batch time"]
) -> Float[Tensor, " batch"]:
    """The clip's power over that of what was changed, in dB; infinite where nothing was.

    >>> snr_db(torch.tensor([[0.5, 0.5]]), torch.tensor([[0.55, 0.45]]))
    tensor([20.])
    """
    signal = clean.double().norm(dim=1)
    change = (waveform.double() - clean.double()).norm(dim=1)
    ratio = decibels(signal / change)
    return torch.where(change > 0, ratio, torch.inf).to(clean)
