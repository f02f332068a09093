"""A residual block in tiles of time, for scoring on a CPU: the same values, several times sooner.

AASIST's first maps hold 16 million numbers. Layer by layer each of them travels to main memory and
back once per operation; tile by tile a stretch of frames goes through the whole block while it
lies in the processor's cache. Frames come first and channels last in memory, so that a tile is one
piece and the maximum over three frames is taken over whole rows.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad, selu_
from torch.nn.utils.fusion import fuse_conv_bn_eval

# Output frames in a tile, of three frames each: 32 channels x 24 bands x 240 frames of float32
# fill three quarters of a second-level cache of 1 MB. Ours, by trial of 20 to 160.
TILE = 80


class TiledBlock(nn.Module):
    """Convolution, normalisation, SELU, convolution, skip, then every third frame.

    The kernels are (2, 3) over (band, frame), the first with one band of padding, as in AASIST's
    residual block. It has no gradients.
    """

    def __init__(self, first: nn.Conv2d, norm: nn.BatchNorm2d, second: nn.Conv2d, skip: nn.Module):
        """Take the weights of a block.

        Args:
            first: From the block's input.
            norm: After it; folded into it.
            second: After the SELU.
            skip: From the block's input to the sum: a (1, 3) convolution, or the identity.
        """
        super().__init__()
        self.first = _FramesFirst(fuse_conv_bn_eval(first, norm), bands_padded=1)
        self.second = _FramesFirst(second, bands_padded=0)
        self.skip: nn.Module = _WithoutBorder()
        if isinstance(skip, nn.Conv2d):
            self.skip = _FramesFirst(skip, bands_padded=0)

    @torch.no_grad()
    def forward(
        self, maps: Float[Tensor, "batch incoming band frame"]
    ) -> Float[Tensor, "batch outgoing band third"]:
        """As many bands, a third of the frames."""
        turned = maps.transpose(2, 3).contiguous(memory_format=torch.channels_last)
        batch, _, frames, bands = turned.shape
        channels, thirds = len(self.second.weight), frames // 3
        result = turned.new_empty(batch, thirds, bands, channels).permute(0, 3, 1, 2)
        tile = max(1, TILE // batch)
        for start in range(0, thirds, tile):
            stop = min(start + tile, thirds)
            _max_of_three(self._summed(turned, start, stop), result[:, :, start:stop])
        return result.transpose(2, 3)

    def _summed(
        self, maps: Float[Tensor, "batch incoming frame band"], start: int, stop: int
    ) -> Float[Tensor, "batch outgoing tripled band"]:
        """What the maximum is taken of, for output frames from `start` to `stop`."""
        frames = maps.shape[2]
        before, after = 3 * start - 2, 3 * stop + 2  # each convolution looks one frame further
        tile = maps[:, :, max(before, 0) : min(after, frames)]
        tile = pad(tile, (0, 0, max(-before, 0), max(after - frames, 0)))
        inner = selu_(self.first(tile))
        # The second convolution is padded with zeros, not with what the first makes of zeros.
        if start == 0:
            inner[:, :, 0] = 0
        if 3 * stop >= frames:
            inner[:, :, -1] = 0
        return self.second(inner).add_(self.skip(tile[:, :, 1:-1]))


class _FramesFirst(nn.Module):
    """A convolution over (frame, band) instead of (band, frame), its weights channels last."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, convolution: nn.Conv2d, bands_padded: int):
        super().__init__()
        weight = convolution.weight.detach().transpose(2, 3)
        self.register_buffer("weight", weight.clone(memory_format=torch.channels_last))
        bias = convolution.bias
        self.register_buffer("bias", None if bias is None else bias.detach().clone())
        self.padding = (0, bands_padded)

    def forward(self, tile: Float[Tensor, "batch incoming frame band"]) -> Tensor:
        return conv2d(tile, self.weight, self.bias, padding=self.padding)


class _WithoutBorder(nn.Module):
    """The identity, without the frames that a convolution of three would not reach either."""

    def forward(self, tile: Float[Tensor, "batch channel frame band"]) -> Tensor:
        return tile[:, :, 1:-1]


def _max_of_three(
    frames: Float[Tensor, "batch channel tripled band"],
    result: Float[Tensor, "batch channel frame band"],
) -> None:
    """Three times faster than pooling, which also keeps where each maximum was."""
    torch.maximum(frames[:, :, 0::3], frames[:, :, 1::3], out=result)
    torch.maximum(result, frames[:, :, 2::3], out=result)
