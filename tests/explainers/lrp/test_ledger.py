"""Sums per clip, and sinks by place and kind."""

import pytest
import torch

from explainers.lrp.ledger import Flow, Ledger, NoLedger, per_clip, sinks_by_kind, sinks_by_place


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3, 4, 5), lambda x: x.sum((1, 2))),
        ((6, 4), lambda x: x.unflatten(0, (3, 2)).sum((1, 2))),
        ((4, 3, 5), lambda x: x.sum((0, 2))),
        ((4, 5, 3), lambda x: x.sum((0, 1))),
        ((3,), lambda x: x),
    ],
)
def test_clips_are_the_first_axis_or_its_slow_part_or_the_first_of_their_length(shape, expected):
    amounts = torch.randn(shape, dtype=torch.float64)
    torch.testing.assert_close(per_clip(amounts, 3), expected(amounts))


def test_one_clip_takes_all():
    amounts = torch.randn(4, 5)
    found = per_clip(amounts, 1)
    assert found.shape == (1,) and found.dtype == torch.float64
    torch.testing.assert_close(found[0], amounts.sum().double())


def test_where_no_axis_fits_it_shows_unless_there_is_nothing():
    assert per_clip(torch.ones(4, 5), 3).isnan().all()
    assert torch.equal(per_clip(torch.zeros(4, 5), 3), torch.zeros(3).double())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_sums_are_not_taken_in_half_precision(dtype):
    found = per_clip(torch.full((2, 10_000), 0.1, dtype=dtype), 2)
    assert found.dtype == torch.float64
    expected = torch.full((2,), 10_000 * float(torch.tensor(0.1, dtype=dtype)))
    torch.testing.assert_close(found, expected.double(), rtol=1e-4, atol=0)


def test_a_flow_adds_up():
    flow = Flow("linear", "head")
    for amount in (1.0, 2.0):
        flow.absorb("bias", torch.tensor([amount, 0.0]))
        flow.arrive(torch.tensor([amount, amount]))
        flow.hand_on(torch.tensor([0.0, amount]))
    assert flow.sinks["bias"].tolist() == [3.0, 0.0]
    assert flow.out.tolist() == [3.0, 3.0] and flow.into.tolist() == [0.0, 3.0]


def test_sinks_are_summed_by_place_and_by_kind():
    flows = [Flow("linear", "a"), Flow("relu", "a"), Flow("linear", "b")]
    for flow in flows:
        Ledger().absorb(flow, "bias", lambda: torch.tensor([1.0]))
    Ledger().absorb(flows[1], "epsilon", lambda: torch.tensor([0.5]))
    by_place = sinks_by_place(flows)
    assert {key: float(amount) for key, amount in by_place.items()} == {
        ("a", "bias"): 2.0, ("a", "epsilon"): 0.5, ("b", "bias"): 1.0,
    }  # fmt: skip
    assert {kind: float(amount) for kind, amount in sinks_by_kind(flows).items()} == {
        "bias": 3.0, "epsilon": 0.5,
    }  # fmt: skip
    assert all(len(flow.sinks) for flow in flows)


def test_without_a_ledger_nothing_is_even_computed():
    flow = Flow("linear", "a")
    NoLedger().absorb(flow, "bias", lambda: pytest.fail("computed"))
    assert flow.sinks == {}
