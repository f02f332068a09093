import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.explanation import Explanation, load_explanation

RATE = 1000
random = np.random.default_rng(0)


def common(**more):
    return {
        "sample_rate": RATE,
        "seconds": 1.037,
        "target": "spoof",
        "score": 1.5,
        "method": "by-hand",
        "signed": True,
        **more,
    }


def on_samples(**more):
    return Explanation(relevance=random.normal(size=1037), domain="waveform", **common(**more))


def on_grid(**more):
    return Explanation(
        relevance=random.normal(size=(5, 7)),
        domain="stft",
        time_edges=np.linspace(0, 1.037, 8),
        frequency_edges=np.array([0.0, 50.0, 100.0, 200.0, 350.0, 500.0]),
        **common(**more),
    )


def in_segments(**more):
    return Explanation(
        relevance=np.array([3.0, -1.0, 2.0]),
        domain="segments",
        segments=np.array([[0, 0.4, 0, 500], [0.2, 0.6, 100, 300], [0.9, 1.0, 0, 500.0]]),
        **common(**more),
    )


KINDS = [on_samples, on_grid, in_segments]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [0.02, 0.033, 0.4, 5.0])
@pytest.mark.parametrize("start", [0.0, 0.007])
def test_time_keeps_the_total(kind, step, start):
    one = kind()
    seen = one.over_time(step, start)
    assert seen.total == pytest.approx(one.total, abs=1e-9)
    assert seen.segments[0, 0] == 0
    assert seen.segments[-1, 1] == one.seconds


def test_time_sums_the_samples_of_each_step_and_shares_those_between():
    one = Explanation(
        relevance=np.array([1.0, 2.0, 3.0, 4.0, 5.0]),
        domain="waveform",
        **common(sample_rate=10, seconds=0.5),
    )
    np.testing.assert_allclose(one.over_time(0.2).relevance, [3, 7, 5])
    np.testing.assert_allclose(one.over_time(0.25).relevance, [4.5, 10.5])
    np.testing.assert_allclose(one.over_time(0.2, start=0.1).relevance, [1, 5, 9])


@pytest.mark.parametrize("kind", [on_grid, in_segments])
def test_bands_keep_the_total_and_add_what_lies_outside(kind):
    one = kind()
    seen = one.over_bands([60.0, 120.0, 333.0])
    assert seen.total == pytest.approx(one.total, abs=1e-9)
    np.testing.assert_array_equal(
        seen.segments[:, 2:], [[0, 60], [60, 120], [120, 333], [333, 500]]
    )


def test_bands_share_cells_by_overlap():
    one = Explanation(
        relevance=np.array([[4.0, 2.0], [1.0, 1.0]]),
        domain="mel",
        time_edges=np.array([0.0, 0.5, 1.037]),
        frequency_edges=np.array([0.0, 100.0, 500.0]),
        **common(),
    )
    np.testing.assert_allclose(one.over_bands([0.0, 50.0, 500.0]).relevance, [3, 5])
    np.testing.assert_allclose(
        in_segments().over_bands([0.0, 250.0, 500.0]).relevance, [1.75, 2.25]
    )


@pytest.mark.parametrize("kind", [on_grid, in_segments])
def test_a_grid_keeps_the_total_and_agrees_with_time_and_bands(kind):
    one = kind()
    grid = one.over_time_frequency(0.13, [70.0, 222.0])
    assert grid.domain == "stft"
    assert grid.relevance.shape == (3, 8)
    assert grid.total == pytest.approx(one.total, abs=1e-9)
    np.testing.assert_allclose(grid.relevance.sum(axis=0), one.over_time(0.13).relevance)
    np.testing.assert_allclose(grid.relevance.sum(axis=1), one.over_bands([70.0, 222.0]).relevance)


def test_samples_have_no_bands():
    with pytest.raises(ExplanationError, match="to_time_frequency"):
        on_samples().over_bands([100.0, 200.0])
    with pytest.raises(ExplanationError, match="to_time_frequency"):
        on_samples().over_time_frequency(0.1, [100.0, 200.0])


@pytest.mark.parametrize("kind", KINDS)
def test_named_segments_and_the_rest_keep_the_total(kind):
    one = kind()
    sums = one.over_segments({"word": [(0.1, 0.25), (0.5, 0.7)], "other": [(0.3, 0.31)]})
    assert set(sums) == {"word", "other", "rest"}
    assert sum(sums.values()) == pytest.approx(one.total, abs=1e-9)


def test_named_segments_sum_their_samples():
    one = on_samples()
    sums = one.over_segments({"word": [(0.1, 0.25)], "outside": [(5.0, 6.0)]})
    assert sums["word"] == pytest.approx(one.relevance[100:250].sum())
    assert sums["outside"] == 0


def test_the_strongest_stretches_weigh_most_whatever_their_sign():
    relevance = np.zeros(1037)
    relevance[250], relevance[710], relevance[30] = -5.0, 3.0, 1.0
    one = Explanation(relevance=relevance, domain="waveform", **common())
    found = one.strongest(2, 0.1)
    np.testing.assert_allclose(found, [(0.2, 0.3, -5), (0.7, 0.8, 3)], atol=1e-9)
    assert len(one.strongest(100, 0.5)) == 3
    with pytest.raises(ExplanationError, match="at least one"):
        one.strongest(0, 0.1)


def test_projections_drop_what_belonged_to_the_samples():
    one = on_samples(coefficient=np.ones(1037), activation=np.ones(1037))
    seen = one.over_time(0.1)
    assert seen.coefficient is None and seen.activation is None and seen.time_edges is None
    assert (seen.target, seen.score, seen.method) == (one.target, one.score, one.method)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_loads_back_equal(kind, tmp_path):
    child = in_segments()
    one = kind(
        children=(child, on_grid(children=(on_samples(),))),
        ledger={"bias": 0.1 + 0.2},
        provenance={"settings": {"steps": 3, "edges": (1.0, 2.0)}, "seed": None, "who": "ü"},
    )
    one.save(tmp_path / "one.npz")
    loaded = load_explanation(tmp_path / "one.npz")
    assert one.equals(loaded) and loaded.equals(one)
    assert loaded.children[1].children[0].relevance.shape == (1037,)
    assert [path.name for path in tmp_path.iterdir()] == ["one.npz"]


def test_a_file_keeps_precision_error_and_factors(tmp_path):
    single = random.normal(size=1037).astype(np.float32)
    one = Explanation(
        relevance=single,
        domain="waveform",
        coefficient=single,
        activation=single,
        standard_error=np.abs(single),
        **common(),
    )
    one.save(str(tmp_path / "one.npz"))
    loaded = load_explanation(str(tmp_path / "one.npz"))
    assert loaded.relevance.dtype == np.float32
    assert one.equals(loaded)


def test_equal_means_everything():
    one = on_samples()
    changed = {
        "score": 1.0,
        "target": "x",
        "method": "x",
        "signed": False,
        "ledger": {"a": 1.0},
        "provenance": {"a": 1},
        "children": (one,),
        "coefficient": np.ones(1037),
    }
    values = {"relevance": one.relevance, "domain": "waveform"}
    assert one.equals(Explanation(**values, **common()))
    for name, value in changed.items():
        assert not one.equals(Explanation(**values, **common(**{name: value}))), name
    nudged = one.relevance.copy()
    nudged[5] = np.nextafter(nudged[5], 9)
    assert not one.equals(Explanation(relevance=nudged, domain="waveform", **common()))


def test_files_hold_no_pickle(tmp_path):
    on_samples().save(tmp_path / "one.npz")
    with np.load(tmp_path / "one.npz", allow_pickle=False) as archive:
        assert json.loads(archive["header"].tobytes())["format"] == "explanation"


def spoil_nothing(data):
    return b""


def spoil_half(data):
    return data[: len(data) // 2]


def spoil_middle(data):
    middle = len(data) // 2
    return (
        data[:middle]
        + bytes(255 - byte for byte in data[middle : middle + 40])
        + data[middle + 40 :]
    )


def spoil_text(data):
    return b"this is text, not an archive"


@pytest.mark.parametrize("spoil", [spoil_nothing, spoil_half, spoil_middle, spoil_text])
def test_a_damaged_file_is_one_clear_error(spoil, tmp_path):
    path = tmp_path / "one.npz"
    on_samples().save(path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ExplanationError, match=r"one\.npz"):
        load_explanation(path)


def test_other_files_are_one_clear_error(tmp_path):
    with pytest.raises(ExplanationError, match="no explanation file"):
        load_explanation(tmp_path / "missing.npz")
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    with pytest.raises(ExplanationError, match=r"arrays\.npz"):
        load_explanation(tmp_path / "arrays.npz")
    np.savez(tmp_path / "pickled.npz", header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ExplanationError, match=r"pickled\.npz"):
        load_explanation(tmp_path / "pickled.npz")
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(ExplanationError, match=r"array\.npy"):
        load_explanation(tmp_path / "array.npy")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"format": "song"}, "not an explanation file"),
        ({"format": "explanation", "version": 99}, "version 99"),
        ({"format": "explanation", "version": 1, "children": []}, "lacks part"),
        ([1, 2], "no mapping"),
    ],
)
def test_a_header_that_says_otherwise_is_refused(header, words, tmp_path):
    encoded = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(tmp_path / "one.npz", header=encoded)
    with pytest.raises(ExplanationError, match=words):
        load_explanation(tmp_path / "one.npz")


def test_a_file_without_one_of_its_arrays_is_refused(tmp_path):
    on_samples().save(tmp_path / "one.npz")
    with (
        zipfile.ZipFile(tmp_path / "one.npz") as whole,
        zipfile.ZipFile(tmp_path / "part.npz", "w") as part,
    ):
        part.writestr("header.npy", whole.read("header.npy"))
    with pytest.raises(ExplanationError, match="lacks part"):
        load_explanation(tmp_path / "part.npz")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(ExplanationError, match="cannot be saved"):
        on_samples(provenance={"a": object()}).save(tmp_path / "one.npz")
    with pytest.raises(ExplanationError, match="no folder"):
        on_samples().save(tmp_path / "missing" / "one.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", [(np, "savez_compressed"), (Path, "replace")])
def test_an_interrupted_write_leaves_the_old_file(broken, tmp_path, monkeypatch):
    path = tmp_path / "one.npz"
    old = on_samples()
    old.save(path)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(*broken, interrupted)
    with pytest.raises(KeyboardInterrupt):
        on_samples().save(path)
    assert load_explanation(path).equals(old)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"relevance": np.full(1037, np.nan)}, "not finite"),
        ({"score": float("inf")}, "not finite"),
        ({"domain": "bark"}, "waveform, stft, mel, segments"),
        ({"relevance": np.zeros(1500)}, "outside a clip"),
        ({"relevance": np.zeros((2, 3)), "domain": "stft"}, "needs time edges"),
        ({"relevance": np.zeros(3), "domain": "segments"}, "start, end, low, high"),
        ({"standard_error": np.zeros(3)}, "standard error"),
        ({"coefficient": np.zeros(3)}, "coefficient"),
    ],
)
def test_relevance_must_fit_its_axes(changes, words):
    given = {"relevance": np.zeros(1037), "domain": "waveform", **common(), **changes}
    with pytest.raises(ExplanationError, match=words):
        Explanation(**given)


def test_a_grid_must_fit_its_axes():
    given = {
        "relevance": np.zeros((2, 3)),
        "domain": "stft",
        "time_edges": np.array([0.0, 0.1, 0.2, 0.3]),
        **common(),
    }
    with pytest.raises(ExplanationError, match="frequency edges"):
        Explanation(**given)
    with pytest.raises(ExplanationError, match="half the sample rate"):
        Explanation(**given, frequency_edges=np.array([0.0, 100.0, 600.0]))
    with pytest.raises(ExplanationError, match="does not fit"):
        Explanation(**given, frequency_edges=np.array([0.0, 100.0, 200.0, 300.0]))


def test_provenance_is_added_to_a_copy():
    one = on_samples(provenance={"a": 1})
    more = one.with_provenance(b=2)
    assert dict(more.provenance) == {"a": 1, "b": 2}
    assert dict(one.provenance) == {"a": 1}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"relevance": None}, "lacks part.*: there is no relevance"),
        ({"segments": np.zeros(4)}, r"segments cannot be of shape \(4,\)"),
        ({"segments": np.zeros((3, 3))}, r"segments cannot be of shape \(3, 3\)"),
        ({"relevance": np.array(["a", "b", "c"])}, "relevance cannot be of shape"),
    ],
)
def test_a_file_with_other_arrays_is_one_clear_error(changes, said, tmp_path):
    path = tmp_path / "one.npz"
    in_segments().save(path)
    with np.load(path) as archive:
        arrays = {**archive, **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(ExplanationError, match=said):
        load_explanation(path)


def test_names_of_segments_are_kept_with_them(tmp_path):
    one = in_segments(segment_names=("the", "cät", ""))
    one.save(tmp_path / "one.npz")
    loaded = load_explanation(tmp_path / "one.npz")
    assert loaded.equals(one) and loaded.segment_names == ("the", "cät", "")
    assert not one.equals(in_segments(segment_names=("the", "cat", "")))
    assert not one.equals(in_segments())
    assert in_segments().segment_names == ()


def test_other_cells_have_no_names():
    one = in_segments(segment_names=("the", "cat", "sat"))
    for seen in (one.over_time(0.1), one.over_bands([0.0, 500.0])):
        assert seen.segment_names == ()
    assert one.over_time_frequency(0.1, [0.0, 250.0, 500.0]).segment_names == ()


def test_files_from_before_segments_had_names_are_read(tmp_path):
    in_segments().save(tmp_path / "one.npz")
    with zipfile.ZipFile(tmp_path / "one.npz") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert any(b"segment_names" in content for content in parts.values())
    with zipfile.ZipFile(tmp_path / "old.npz", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b'"segment_names"', b'"segment_namez"'))
    loaded = load_explanation(tmp_path / "old.npz")
    assert loaded.segment_names == ()
    np.testing.assert_array_equal(loaded.relevance, in_segments().relevance)


@pytest.mark.parametrize("names", [("one",), ("a", "b", "c", "d")])
def test_there_is_a_name_for_every_segment_or_none(names):
    with pytest.raises(ExplanationError, match="segment names"):
        in_segments(segment_names=names)
    with pytest.raises(ExplanationError, match="segment names"):
        on_samples(segment_names=names)
