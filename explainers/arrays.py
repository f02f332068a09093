"""From tensors on any device to the arrays that explanations hold, and to what names a clip."""

from hashlib import blake2b

import numpy as np
from jaxtyping import Float
from torch import Tensor


def to_array(tensor: Float[Tensor, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """A copy in memory, single or double precision as it was; half precision becomes single."""
    plain = tensor.detach().cpu()
    return plain.float().numpy().copy() if plain.element_size() < 4 else plain.numpy().copy()


def clip_digest(clip: Float[Tensor, " time"]) -> str:
    """What names a clip by its samples, alone or in any batch."""
    samples = clip.detach().cpu().float().numpy()
    return blake2b(samples.tobytes(), digest_size=16).hexdigest()
