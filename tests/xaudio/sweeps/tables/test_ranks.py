import numpy as np
import pytest

from tests.xaudio.sweeps.tables.rows import (
    detector_scores,
    drifting,
    rows_of,
    speakers_of,
    table_of,
)
from xaudio.metrics import eer
from xaudio.sweeps.tables import RANK_SCHEMA, condition_table, rank_table


def ranks_in(rows, **settings):
    table = rank_table(table_of(rows), **settings)
    assert table.schema.equals(RANK_SCHEMA)
    names = ("corruption", "severity", "error", "model")
    return {tuple(row[name] for name in names): row for row in table.to_pylist()}


def test_ranks_follow_the_condition_table_and_stay_in_reach():
    from scipy.stats import kendalltau

    rows = drifting(models=4)
    found = ranks_in(rows, samples=100)
    assert len(found) == 2 * 5 * 4
    errors = {
        (row["corruption"], row["severity"], error, row["model"]): row[error]
        for row in condition_table(table_of(rows), samples=5).to_pylist()
        for error in ("error", "eer_refitted")
    }
    for (corruption, severity, error, model), row in found.items():
        here = [errors[corruption, severity, error, f"m{n}"] for n in range(4)]
        clean = [errors["clean", 0, error, f"m{n}"] for n in range(4)]
        mine = errors[corruption, severity, error, model]
        less, alike = sum(e < mine for e in here), sum(e == mine for e in here)
        assert row["rank"] == 1 + less + (alike - 1) / 2
        assert 1 <= row["rank_low"] <= row["rank_high"] <= 4
        assert row["tau_with_clean"] == pytest.approx(kendalltau(here, clean).statistic)
        if corruption == "clean":
            assert row["tau_with_clean"] == pytest.approx(1)
    for corruption, severity, error in {key[:3] for key in found}:
        firsts = [found[corruption, severity, error, f"m{n}"]["first"] for n in range(4)]
        assert sum(firsts) == pytest.approx(1)


def test_how_sure_the_order_is_as_drawn_by_hand():
    speakers = speakers_of()
    base = np.array(detector_scores(1))
    noise = np.random.default_rng(2).normal(0, 1, (3, len(base)))
    scores = {f"m{n}": base + (0.6 + 0.25 * n) * noise[n] for n in range(3)}
    rows = [
        row
        for model, values in scores.items()
        for row in rows_of(values.tolist(), model=model, speakers=speakers)
    ]
    found = ranks_in(rows, samples=1000)
    names, human = np.array(speakers), np.tile([True, False], len(base) // 2)
    only = np.array([name.startswith("only") for name in np.unique(names)])
    kinds = [np.unique(names)[only], np.unique(names)[~only]]
    random, drawn = np.random.default_rng(9), []
    for _ in range(400):
        chosen = np.concatenate([random.choice(kind, len(kind)) for kind in kinds])
        clips = np.concatenate([np.flatnonzero(names == name) for name in chosen])
        is_human = human[clips]
        drawn.append([eer(s[clips][is_human], s[clips][~is_human]) for s in scores.values()])
    drawn = np.array(drawn)
    leads = drawn == drawn.min(axis=1, keepdims=True)
    firsts = (leads / leads.sum(axis=1, keepdims=True)).mean(axis=0)
    values = [eer(s[human], s[~human]) for s in scores.values()]
    kept = [
        1.0 if (a - b) * (x - y) > 0 else 0.5 if a == b else 0.0
        for replicate in drawn
        for (a, x), (b, y) in (
            (
                list(zip(replicate, values, strict=True))[i],
                list(zip(replicate, values, strict=True))[j],
            )
            for i, j in ((0, 1), (0, 2), (1, 2))
        )
    ]
    for n in range(3):
        row = found["clean", 0, "eer_refitted", f"m{n}"]
        assert row["first"] == pytest.approx(firsts[n], abs=0.08)
        assert row["order_kept"] == pytest.approx(np.mean(kept), abs=0.05)
    assert 0.6 < np.mean(kept) < 0.99


def test_a_model_far_better_comes_first_in_every_draw():
    good, bad = (detector_scores(1, apart=apart) for apart in (2.5, 0.3))
    found = ranks_in(rows_of(bad, model="a") + rows_of(good, model="b"), samples=200)
    for error in ("error", "eer_refitted"):
        first, last = (found["clean", 0, error, model] for model in ("b", "a"))
        assert (first["rank_low"], first["rank_high"], first["first"]) == (1, 1, 1)
        assert (last["rank_low"], last["rank_high"], last["first"]) == (2, 2, 0)
        assert first["order_kept"] == last["order_kept"] == 1


def test_models_that_are_one_share_every_rank():
    clean = detector_scores(1)
    rows = rows_of(clean, model="a") + rows_of(clean, model="b")
    for row in ranks_in(rows, samples=30).values():
        assert (row["rank"], row["rank_low"], row["rank_high"], row["first"]) == (
            1.5,
            1,
            2,
            0.5,
        )
        assert row["order_kept"] is row["tau_with_clean"] is None


def test_a_model_alone_is_first():
    row = ranks_in(rows_of(detector_scores(1)), samples=30)["clean", 0, "error", "m"]
    assert (row["rank"], row["first"], row["tau_with_clean"]) == (1, 1, None)
