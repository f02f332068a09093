"""Two outcomes on the clips that both have a score for, so that their difference is paired."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from jaxtyping import UInt8

from xaudio.sweeps.tables.clips import Clips
from xaudio.sweeps.tables.draws import Draws
from xaudio.sweeps.tables.outcomes import Look, Outcome, clean_of, outcome
from xaudio.sweeps.tables.scored import CleanReference, scored
from xaudio.sweeps.tables.sources import RowSource


@dataclass(frozen=True, eq=False)
class SameClips:
    """Makes outcomes comparable that are about different clips.

    Where clips failed, or cells are not finished yet, a plain difference would also be that of the
    clips. What is held fixed on clean clips stays as it is.

    Attributes:
        source: The sweep.
        draws: Of its clips.
    """

    source: RowSource
    draws: Draws
    _made: dict[tuple[object, bytes], Outcome] = field(default_factory=dict)
    _clean: dict[str, CleanReference] = field(default_factory=dict)

    def pair(self, one: Outcome, other: Outcome) -> tuple[Outcome, Outcome]:
        """Both on the clips that both have: as they are where these are all."""
        common = one.heard & other.heard
        return self._on(one, common), self._on(other, common)

    def _on(self, found: Outcome, heard: UInt8[np.ndarray, " byte"]) -> Outcome:
        if np.array_equal(found.heard, heard):
            return found
        key = found.place, heard.tobytes()
        if key not in self._made:
            look = self._look(found)
            self._made[key] = outcome(replace(look, here=look.here.only(heard)), self.draws)
        return self._made[key]

    def _look(self, found: Outcome) -> Look:
        place = found.place
        if place.model not in self._clean:
            self._clean[place.model] = clean_of(self.source, place, self._clips)
        clean = self._clean[place.model]
        here = scored(self.source, place, self._clips, clean.labels)
        return Look(place, found.parameters, here, clean)

    @cached_property
    def _clips(self) -> Clips:
        return Clips.of(self.source.clips())
