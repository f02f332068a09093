"""What a page shows of a sweep, against the sweep's own rows."""

import zipfile
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

from tests.dashboards.sweeps import NAME, corpus, small_sweep
from xaudio.audio import read_clip
from xaudio.errors import SweepError
from xaudio.reports.measures import ERRORS
from xaudio.sweep_views.cells import (
    Place,
    codecs_of,
    cube_grid,
    matrix_grid,
    place_from,
    place_text,
    place_words,
)
from xaudio.sweep_views.curves import fixed_and_refitted, measure_curves, threshold_curves
from xaudio.sweep_views.flipped import flips_in, heard, shown_flips
from xaudio.sweep_views.kept_store import KeptStore
from xaudio.sweep_views.narrowing import Part, extent_of
from xaudio.sweep_views.offers import stores_in
from xaudio.sweep_views.opening import findings_for_page
from xaudio.sweep_views.stamps import stamp_of
from xaudio.sweep_views.takeaway import export_zip
from xaudio.sweeps.findings import findings_of

NOISY = Place(NAME, "white-noise", 5)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("views")


@pytest.fixture(scope="module")
def store(place):
    return small_sweep(place / "sweeps" / "one", corpus(place / "corpus"))


@pytest.fixture(scope="module")
def findings(store):
    return findings_of(store, heard=0, samples=50)


@pytest.fixture(scope="module")
def rows(findings):
    return findings.rows("conditions")


def test_a_store_that_is_read_once_says_the_same(store, findings):
    kept = KeptStore(store.folder)
    assert kept.rows().equals(store.rows())
    for asked in (
        {"model": NAME, "corruption": "white-noise", "severity": 5},
        {"model": NAME, "corruption": "clean", "severity": 0},
        {"corruption": "low-pass"},
        {"model": "nobody", "corruption": "clean", "severity": 0},
    ):
        assert kept.rows(**asked).to_pylist() == store.rows(**asked).to_pylist()
    again = findings_for_page(store.folder, samples=50)
    for name in ("conditions", "pairs", "attacks", "thresholds", "calibration"):
        assert getattr(again, name).equals(getattr(findings, name)), name


def test_the_matrix_has_a_cell_for_every_condition(rows):
    grid = matrix_grid(rows, ERRORS)
    by_place = {cell.place: cell for cell in grid.cells}
    assert {(cell.row, cell.column) for cell in grid.cells} == {
        (row, column) for row in ("white-noise", "low-pass") for column in ("clean", "1", "5")
    }
    (noisy,) = [row for row in rows if (row["corruption"], row["severity"]) == ("white-noise", 5)]
    cell = by_place[NOISY]
    assert cell.share == noisy["error"] and cell.text == f"{100 * noisy['error']:.0f}"
    assert "8 clips" in cell.said and "decided otherwise than when clean" in cell.said
    # Low-pass turns every spoof into human speech: half of all.
    assert by_place[Place(NAME, "low-pass", 5)].share == 0.5
    assert grid.rows[0] == "low-pass", "of equally costly ones the first by name"
    assert grid.top == 0.5


def test_the_cube_tells_kinds_apart(findings):
    attacks = findings.rows("attacks")
    assert codecs_of(attacks) == [None]
    grid = cube_grid(attacks, NAME, None)
    shares = {(cell.row, cell.group, cell.column): cell.share for cell in grid.cells}
    assert shares["low-pass", "tone", "5"] == 1.0
    assert shares["low-pass", "bona fide", "5"] == 0.0
    assert shares["white-noise", "bona fide", "5"] == 1.0
    assert [cell.group for cell in grid.cells][:3] == ["bona fide"] * 3


def test_places_stand_in_addresses():
    kind = Place(NAME, "low-pass", 5, "spoof", "tone", None, of_kind=True)
    for one in (NOISY, kind, replace(kind, label="bonafide", attack=None, codec="mp3")):
        assert place_from(place_text(one)) == one
    assert place_words(kind) == f"{NAME}, low-pass at severity 5, tone"
    for text in ("", "[]", "[1, 2, 3]", '["a", "b", "c"]', '["a", "b", true]', '["a", "b", 1, 2]'):
        assert place_from(text) is None


def test_curves_begin_clean_and_carry_their_bands(rows, findings):
    curves = {curve.corruption: curve for curve in measure_curves(rows, ERRORS)}
    curve = curves["low-pass"]
    assert curve.severities == (0, 1, 5) and curve.values == (0.0, 50.0, 50.0)
    assert curve.banded == [0, 1, 2]
    assert all(low <= value <= high for low, value, high in zip(
        curve.low, curve.values, curve.high, strict=True
    ))  # fmt: skip
    assert curve.said(" %")[1].startswith("50.0 % [")
    both = fixed_and_refitted(rows, ERRORS)
    assert len({curve.name for curve in both}) == 2 and len(both) == 4
    drift = {curve.corruption: curve for curve in threshold_curves(findings.rows("thresholds"))}
    assert drift["white-noise"].values[0] == 0.0 and drift["white-noise"].values[-1] < 0


def test_a_part_keeps_the_clean_clips(rows):
    extent = extent_of(rows)
    assert (extent.corruptions, extent.severities) == (("low-pass", "white-noise"), (1, 5))
    kept = Part(corruptions=("low-pass",), severities=(5,)).of(rows)
    assert [(row["corruption"], row["severity"]) for row in kept] == [("clean", 0), ("low-pass", 5)]
    assert Part().of(rows) == rows and not Part(models=("other",)).of(rows)


def test_flips_of_a_cell_and_of_a_kind(store):
    flips = flips_in(store, NOISY)
    assert {flip["clip"] for flip in flips} == {"clip0", "clip2", "clip4", "clip6"}
    assert {flip["clip"] for flip in flips_in(store, Place(NAME, "low-pass", 5))} == {
        "clip1", "clip3", "clip5", "clip7",
    }  # fmt: skip
    human = Place(NAME, "low-pass", 5, "bonafide", None, None, of_kind=True)
    assert flips_in(store, human) == []
    assert len(flips_in(store, replace(human, label="spoof", attack="tone"))) == 4
    assert flips_in(store, Place(NAME, "clean", 0)) == []
    shown = shown_flips(flips)[0]
    assert (shown["is"], shown["decision"]) == ("bona fide", "spoof")
    with pytest.raises(SweepError, match="no scores"):
        flips_in(store, Place("nobody", "low-pass", 5))


def test_what_is_heard_is_what_was_scored(store):
    from tests.dashboards.recordings import MODEL
    from xaudio.classifiers import load_classifier
    from xaudio.explaining import decide

    flip = flips_in(store, NOISY)[0]
    found = heard(store, NOISY, flip)
    (path,) = [row["path"] for row in store.clips().to_pylist() if row["clip"] == flip["clip"]]
    assert np.array_equal(found.clean.samples, read_clip(path).samples)
    classifier = load_classifier(MODEL)
    assert decide(found.clean, classifier).score == pytest.approx(flip["clean_score"], abs=1e-5)
    assert decide(found.corrupted, classifier).score == pytest.approx(flip["score"], abs=1e-5)


def test_stamps_tell_states_apart(store, place):
    assert stamp_of(store) == stamp_of(store)
    manifest = place / "corpus" / "manifest.parquet"
    copy = small_sweep(place / "sweeps" / "two", manifest)
    before = stamp_of(copy)
    next(iter((copy.folder / "cells").glob("*.parquet"))).unlink()
    assert stamp_of(copy) != before
    small_sweep(copy.folder, manifest)
    assert stamp_of(copy) != stamp_of(store)


def test_stores_are_found_in_folders(store, place):
    (place / "sweeps" / "none").mkdir(exist_ok=True)
    found = stores_in([place / "sweeps", store.folder])
    assert found["sweeps/one"] == store.folder and len(set(found.values())) == len(found)
    assert stores_in([store.folder]) == {"one": store.folder}


def test_everything_can_be_taken_away(store):
    with zipfile.ZipFile(BytesIO(export_zip(store))) as archive:
        names = set(archive.namelist())
    assert {"conditions.parquet", "conditions.csv", "matrix.svg", "report.html"} <= names
