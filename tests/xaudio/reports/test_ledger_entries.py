"""Where all of a score went."""

import numpy as np
import pytest

from explainers.explanation import Explanation
from xaudio.reports.ledger_entries import ledger_entries


def explanation(**ledger):
    return Explanation(
        relevance=np.array([1.5, 0.5]),
        domain="waveform",
        sample_rate=2,
        seconds=1.0,
        target="spoof",
        score=2.0 + sum(ledger.values()),
        method="lrp",
        signed=True,
        ledger=ledger,
    )


def test_amounts_are_kept_and_add_up_the_largest_first():
    asked = explanation(biases=-3.0, epsilon=0.25, softmax=1e-5, constants=-3e-5)
    entries = ledger_entries(asked)
    names = ["biases", "the clip", "epsilon", "smaller amounts, together"]
    assert [entry.name for entry in entries] == names
    assert sum(entry.amount for entry in entries) == pytest.approx(asked.score, rel=1e-12)
    assert entries[-1].amount == pytest.approx(-2e-5)


def test_methods_without_accounts_have_none():
    assert ledger_entries(explanation()) == []


def test_zeros_need_no_row_of_small_amounts():
    assert [entry.name for entry in ledger_entries(explanation(biases=1.0, softmax=0.0))] == [
        "the clip",
        "biases",
    ]
