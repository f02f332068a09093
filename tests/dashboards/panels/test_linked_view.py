"""A view and a region as they stand in an address."""

import pytest

from dashboards.panels.editing import edit_in_words, read_edit, region_in_words, written_edit
from dashboards.panels.linked_view import numbers, written_region
from xaudio.editing import HOWS, RegionEdit
from xaudio.regions import Region


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    "region",
    [Region(0.0, 0.25), Region(1.234567, 2.5, 300.0, 4000.0), Region(0.5, 1.0, 0.0, 8000.0)],
)
def test_an_edit_is_read_as_it_was_written(how, region):
    read = read_edit(written_edit(RegionEdit(region, how)))
    assert read.how == how
    assert (read.region.start, read.region.end) == pytest.approx(
        (region.start, region.end), abs=1e-5
    )
    assert (read.region.low, read.region.high) == pytest.approx((region.low, region.high))


@pytest.mark.parametrize(
    "text",
    ["", "mute", "mute 1 2", "mute 2 1 0 8000", "mute a b c d", "x 0 1 0 1", "mute nan 1 0 1"],
)
def test_what_is_no_edit_is_none(text):
    assert read_edit(text) is None


def test_a_region_in_words_and_in_an_address():
    region = Region(0.5, 0.75, 300.0, 4000.0)
    assert region_in_words(region) == "0.50–0.75 s, 300–4000 Hz"
    assert numbers(written_region(region)) == (0.5, 0.75, 300.0, 4000.0)
    assert edit_in_words(RegionEdit(region, "keep")) == f"Keep only this {region_in_words(region)}"
