"""Residual vector quantisation: each codebook codes what the ones before it left over."""

from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

DECAY = 0.99
SMALLEST_COUNT = 1e-5
FEWEST_USES = 0.05


class Codebook(nn.Module):
    """Vectors that stand for all others, learnt as moving averages of what they stand for.

    After van den Oord et al. 2017 (arXiv 1711.00937, appendix A.1); an entry that is hardly used
    any more is moved onto a vector of the batch, as in SoundStream (Zeghidour et al. 2021).

    Args:
        entries: How many; a power of two, so that an index is a whole number of bits.
        size: Components of a vector.
    """

    vectors: Tensor
    uses: Tensor
    sums: Tensor

    def __init__(self, entries: int, size: int):
        super().__init__()
        self.register_buffer("vectors", torch.zeros(entries, size))
        self.register_buffer("uses", torch.zeros(entries), persistent=False)
        self.register_buffer("sums", torch.zeros(entries, size), persistent=False)

    def nearest(self, given: Float[Tensor, "count size"]) -> Int[Tensor, " count"]:
        """Index of the entry nearest to each vector."""
        half_squares = self.vectors.square().sum(1) / 2
        return torch.addmm(-half_squares, given, self.vectors.T).argmax(1)

    @torch.no_grad()
    def learn(
        self,
        given: Float[Tensor, "count size"],
        chosen: Int[Tensor, " count"],
        generator: torch.Generator,
    ) -> None:
        """Move each entry towards the vectors that chose it, and the idle ones onto other vectors.

        A new codebook, all zeros, begins as vectors of the batch.
        """
        evenly = len(given) / len(self.vectors)
        drawn = torch.randint(len(given), (len(self.vectors),), generator=generator)
        uses = torch.bincount(chosen, minlength=len(self.vectors)).to(given)
        sums = torch.zeros_like(self.sums).index_add_(0, chosen, given)
        self.uses.lerp_(uses, 1 - DECAY)
        self.sums.lerp_(sums, 1 - DECAY)
        idle = self.uses < FEWEST_USES * evenly
        self.uses[idle] = evenly
        self.sums[idle] = given[drawn[idle]] * self.uses[idle, None]
        self.vectors.copy_(self.sums / self.uses[:, None].clamp(min=SMALLEST_COUNT))


class ResidualQuantiser(nn.Module):
    """A row of codebooks; the first few alone give a coarser approximation.

    Args:
        codebooks: How many.
        entries: Of each codebook.
        size: Components of a vector.
    """

    def __init__(self, codebooks: int, entries: int, size: int):
        super().__init__()
        self.codebooks = nn.ModuleList(Codebook(entries, size) for _ in range(codebooks))

    @property
    def row(self) -> list[Codebook]:
        """The codebooks, coarsest first."""
        return cast(list[Codebook], list(self.codebooks))

    def encode(
        self, latent: Float[Tensor, "batch size frame"], codebooks: int
    ) -> Int[Tensor, "batch {codebooks} frame"]:
        """Indices into the first `codebooks` codebooks."""
        batch, size, frames = latent.shape
        residual = latent.transpose(1, 2).reshape(-1, size)
        codes = []
        for codebook in self.row[:codebooks]:
            chosen = codebook.nearest(residual)
            residual = residual - codebook.vectors[chosen]
            codes.append(chosen.view(batch, frames))
        return torch.stack(codes, dim=1)

    def decode(
        self, codes: Int[Tensor, "batch codebook frame"]
    ) -> Float[Tensor, "batch size frame"]:
        """The sum of what the indices stand for."""
        looked_up = [
            codebook.vectors[chosen]
            for codebook, chosen in zip(self.row, codes.unbind(1), strict=False)
        ]
        return torch.stack(looked_up).sum(0).transpose(1, 2)

    def train_on(
        self,
        latent: Float[Tensor, "batch size frame"],
        used: Int[Tensor, " batch"],
        generator: torch.Generator,
    ) -> tuple[Float[Tensor, "batch size frame"], Float[Tensor, ""]]:
        """Quantise for training, and let the codebooks learn.

        Args:
            latent: What the encoder gave.
            used: Codebooks that each clip may use; drawn, so that every number of them works
                (quantiser dropout, SoundStream).
            generator: For the entries that are moved.

        Returns:
            The quantised latent, through which gradients pass straight, and the commitment loss.
        """
        batch, size, frames = latent.shape
        rows = latent.transpose(1, 2).reshape(-1, size)
        residual = rows.detach()
        total = torch.zeros_like(residual)
        losses = []
        for number, codebook in enumerate(self.row):
            within = (used > number).repeat_interleave(frames)
            if not within.any():
                break
            chosen = codebook.nearest(residual)
            codebook.learn(residual[within], chosen[within], generator)
            entry = codebook.vectors[chosen] * within[:, None]
            losses.append(F.mse_loss((rows - total)[within], entry[within]))
            total = total + entry
            residual = residual - entry
        straight = rows + (total - rows).detach()
        return straight.view(batch, frames, size).transpose(1, 2), torch.stack(losses).mean()
