import numpy as np
import pytest

from tests.xaudio.sweeps.tables.rows import drifting, rows_of, table_of
from xaudio.metrics import eer
from xaudio.metrics.uncertainty.bootstrap import bootstrap
from xaudio.metrics.uncertainty.means import FalseAcceptance
from xaudio.sweeps.tables import ATTACK_SCHEMA, attack_table, condition_table


def cells_of(table):
    return {tuple(row.values())[:6]: row for row in table.to_pylist()}


def test_every_cell_of_the_cube_is_as_counted_by_hand():
    rows = drifting(models=2)
    thresholds = {
        row["model"]: row["clean_threshold"]
        for row in condition_table(table_of(rows), samples=5).to_pylist()
    }
    table = attack_table(table_of(rows), samples=50)
    assert table.schema.equals(ATTACK_SCHEMA)
    cells = cells_of(table)
    kinds = {(row["label"], row["attack"], row["codec"]) for row in rows}
    assert len(cells) == 10 * len(kinds)
    for (model, corruption, severity, label, attack, codec), cell in cells.items():
        threshold = thresholds[model]
        clean, here, human, failed = {}, {}, [], 0
        for row in rows:
            if row["model"] != model or row["codec"] != codec:
                continue
            same = (row["label"], row["attack"]) == (label, attack)
            now = (row["corruption"], row["severity"]) == (corruption, severity)
            if row["score"] is None:
                failed += same and now
                continue
            if same and row["corruption"] == "clean":
                clean[row["clip"]] = row["score"]
            if same and now:
                here[row["clip"]] = row["score"]
            if now and row["label"] == "bonafide":
                human.append(row["score"])
        assert (cell["clips"], cell["failed"]) == (len(here), failed)
        wrong = [(score >= threshold) != (label == "bonafide") for score in here.values()]
        assert cell["error"] == pytest.approx(np.mean(wrong))
        assert cell["error_low"] <= cell["error"] <= cell["error_high"]
        flips = [(here[c] >= threshold) != (clean[c] >= threshold) for c in here if c in clean]
        assert cell["flipped"] == pytest.approx(np.mean(flips))
        shifts = [here[c] - clean[c] for c in here if c in clean]
        assert cell["score_shift"] == pytest.approx(np.mean(shifts))
        if label == "spoof":
            assert cell["eer_refitted"] == eer(human, list(here.values()))
        else:
            assert cell["eer_refitted"] is None


def test_an_attack_that_few_speakers_have_is_less_sure_by_far():
    """The interval is the one of a sweep of these clips alone, as wide as few speakers make it."""
    random = np.random.default_rng(0)
    scores = (random.normal(0, 1, 400) - np.tile([-1, 1], 200)).tolist()
    speakers = [f"s{n // 10:02}" for n in range(400)]
    attacks = [None if n % 2 == 0 else "rare" if n < 40 else "common" for n in range(400)]
    rows = rows_of(scores, speakers=speakers, attack=attacks)
    cells = cells_of(attack_table(table_of(rows), samples=1000))
    rare, common = (cells["m", "clean", 0, "spoof", name, None] for name in ("rare", "common"))
    assert (rare["clips"], common["clips"]) == (20, 180)
    threshold = condition_table(table_of(rows), samples=5)["clean_threshold"][0].as_py()
    few = [n for n in range(40) if attacks[n] == "rare"]
    alone = bootstrap(
        [scores[n] for n in few],
        np.zeros(20, dtype=bool),
        FalseAcceptance(threshold),
        [speakers[n] for n in few],
    ).interval()
    width = rare["error_high"] - rare["error_low"]
    assert width == pytest.approx(alone.high - alone.low, rel=0.25)
    assert width > 2 * (common["error_high"] - common["error_low"])


def test_other_classifiers_are_right_or_wrong_by_label_and_codec():
    labels = ["cat", "dog"] * 10
    codec = ["amr" if n < 10 else "opus" for n in range(20)]
    clean = rows_of([1.0] * 20, labels=labels, decided=labels, codec=codec)
    scores = [-1.0 if n < 5 else 1.0 for n in range(20)]
    said = ["owl" if n < 5 else labels[n] for n in range(20)]
    here = rows_of(scores, "x", 1, labels=labels, decided=said, codec=codec)
    cells = cells_of(attack_table(table_of(clean + here), samples=50))
    cat, dog = (cells["m", "x", 1, label, None, "amr"] for label in ("cat", "dog"))
    assert (cat["error"], dog["error"], cat["flipped"]) == (3 / 5, 2 / 5, 3 / 5)
    assert cells["m", "x", 1, "cat", None, "opus"]["error"] == 0
    assert cat["eer_refitted"] is None


def test_a_kind_of_which_every_clip_failed_is_still_listed():
    clean = rows_of([1.0, -1.0, 2.0, -2.0], attack=[None, "A", None, "B"])
    here = rows_of([1.0, -1.0, 2.0, None], "x", 1, attack=[None, "A", None, "B"])
    cells = cells_of(attack_table(table_of(clean + here), samples=20))
    lost = cells["m", "x", 1, "spoof", "B", None]
    assert (lost["clips"], lost["failed"], lost["error"], lost["eer_refitted"]) == (
        0,
        1,
        None,
        None,
    )


def test_an_attack_of_one_speaker_tells_next_to_nothing_of_others():
    human = np.arange(120) % 2 == 0
    attacks = [None if bonafide else f"A{n // 2 % 3}" for n, bonafide in enumerate(human)]
    speakers = [f"h{n % 8}" if attack is None else attack for n, attack in enumerate(attacks)]
    scores = np.where(human, 1.0, -1.0) + np.random.default_rng(0).normal(size=120)
    rows = rows_of(scores.tolist(), attack=attacks, speakers=speakers)
    cells = attack_table(table_of(rows), samples=100).to_pylist()
    assert [cell["clusters"] for cell in cells] == [4, 1, 1, 1]  # every other number is human
    for cell in cells[1:]:
        assert cell["error_high"] - cell["error_low"] > 0.9
    alone = rows_of(scores.tolist(), attack=attacks, speakers=["s"] * 120)
    assert {cell["clusters"] for cell in attack_table(table_of(alone), samples=5).to_pylist()} == {
        1
    }
