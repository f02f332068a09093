import pytest
import torch

from perturbations.attacks import AwayFrom, Towards
from perturbations.attacks.objectives import DecisionObjective
from perturbations.errors import CorruptionError

LOGITS = torch.tensor([[3.0, 1.0, 2.0, -1.0], [0.0, 5.0, 1.0, 2.0]])
ROWS = torch.tensor([0, 1])


def test_margins_by_hand():
    labels = torch.tensor([0, 3])
    assert AwayFrom(labels).margin(LOGITS, ROWS).tolist() == [-1.0, 3.0]
    assert Towards(labels).margin(LOGITS, ROWS).tolist() == [1.0, -3.0]


def test_rows_say_which_clips_are_asked_about():
    goal = Towards(torch.tensor([0, 3]))
    assert goal.margin(LOGITS[1:], torch.tensor([1])).tolist() == [-3.0]


def test_cross_entropy_is_torchs():
    labels = torch.tensor([2, 1])
    expected = torch.nn.functional.cross_entropy(LOGITS, labels, reduction="none")
    assert torch.allclose(AwayFrom(labels).cross_entropy(LOGITS, ROWS), expected)
    assert torch.allclose(Towards(labels).cross_entropy(LOGITS, ROWS), -expected)


def test_dlr_by_hand_and_blind_to_scale_and_shift():
    away, towards = AwayFrom(torch.tensor([0, 1])), Towards(torch.tensor([2, 3]))
    # Croce and Hein, equation 6: -(z_y - max other) / (z_1 - z_3).
    assert away.dlr(LOGITS, ROWS).tolist() == pytest.approx([-(3 - 2) / (3 - 1), -3 / (5 - 1)])
    # Equation 7: -(z_y - z_t) / (z_1 - (z_3 + z_4) / 2).
    assert towards.dlr(LOGITS, ROWS).tolist() == pytest.approx([-1 / (3 - 0), -3 / (5 - 0.5)])
    for goal in (away, towards):
        assert torch.allclose(goal.dlr(7 * LOGITS - 3, ROWS), goal.dlr(LOGITS, ROWS))


def test_the_threshold_moves_the_goal():
    goal = Towards(torch.tensor([1]), threshold=2.0)
    assert goal.reached(torch.tensor([2.0, 2.1])).tolist() == [False, True]
    assert DecisionObjective(lambda waveform: waveform, goal).threshold == 2.0


@pytest.mark.parametrize(
    ("goal", "logits", "loss", "named"),
    [
        (AwayFrom(torch.tensor([0])), torch.ones(1, 2), "dlr", "margin"),
        (Towards(torch.tensor([0])), torch.ones(1, 3), "dlr", "4 classes"),
        (Towards(torch.tensor([0])), torch.ones(1, 1), "margin", "two"),
        (Towards(torch.tensor([4])), torch.ones(1, 3), "cross-entropy", "0 to 2"),
        (Towards(torch.tensor([0])), torch.ones(1, 3), "hinge", "cross-entropy"),
    ],
)
def test_what_does_not_fit_is_refused(goal, logits, loss, named):
    objective = DecisionObjective(lambda waveform: logits, goal, loss)
    with pytest.raises(CorruptionError, match=named):
        objective(torch.zeros(1, 5), torch.tensor([0]))
