"""Random numbers for code that draws from global state, lent for one call at a time."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import RLock

import numpy as np
import torch

_ONE_AT_A_TIME = RLock()


@contextmanager
def seeded_globals(generator: np.random.Generator) -> Iterator[None]:
    """Seed every global random state that audiomentations may draw from; put all back afterwards.

    These are Python's `random`, ``numpy.random`` (scipy's default, too), torch's on the CPU,
    pyroomacoustics', and the time stretcher's, which asks the operating system where it slows down
    to less than half the speed. Whoever comes here from another thread waits. Code that draws from
    global state elsewhere meanwhile sees these numbers; that cannot be helped.

    pyroomacoustics' ray tracer tells nobody its state: afterwards it has a new seed, by chance.
    """
    with (
        _ONE_AT_A_TIME,
        _seeded_standard(generator),
        _seeded_rooms(generator),
        _seeded_stretcher(generator),
    ):
        yield


def _seed(generator: np.random.Generator) -> int:
    return int(generator.integers(2**63))


@contextmanager
def _seeded_standard(generator: np.random.Generator) -> Iterator[None]:
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(_seed(generator))
    np.random.seed(generator.integers(2**32, size=8, dtype=np.uint32))
    torch.default_generator.manual_seed(_seed(generator))
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


@contextmanager
def _seeded_rooms(generator: np.random.Generator) -> Iterator[None]:
    import pyroomacoustics

    state = pyroomacoustics.random.generator
    before = state._rng
    pyroomacoustics.random.seed(_seed(generator), _seed(generator))
    try:
        yield
    finally:
        pyroomacoustics.random.seed()
        state._rng = before


@contextmanager
def _seeded_stretcher(generator: np.random.Generator) -> Iterator[None]:
    from python_stretch import Signalsmith

    module = vars(Signalsmith)
    before = module["Stretch"]
    module["Stretch"] = partial(before, seed=_seed(generator) % 2**31)
    try:
        yield
    finally:
        module["Stretch"] = before
