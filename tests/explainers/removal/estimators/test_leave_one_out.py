import numpy as np
import torch
from captum.attr import FeatureAblation

from explainers.removal.estimators.leave_one_out import LeaveOneOut
from explainers.removal.game import play_against


def test_it_equals_captum_on_the_same_masks():
    random = np.random.default_rng(0)
    inputs = torch.from_numpy(random.normal(size=(1, 12)))
    parts = torch.tensor([[0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 4, 4]])
    mixing = torch.from_numpy(random.normal(size=(12, 12)))

    def model(rows):
        return torch.tanh(rows @ mixing).sum(1) + rows.prod(1)

    theirs = FeatureAblation(model).attribute(inputs, feature_mask=parts)[0].numpy()

    def value(coalitions):
        return model(torch.from_numpy(coalitions)[:, parts[0]] * inputs).numpy()

    ours = play_against(LeaveOneOut(), value, 5, random).values
    np.testing.assert_allclose(ours[parts[0]], theirs, atol=1e-10)


def test_many_parts_are_asked_about_in_rounds():
    play = LeaveOneOut().play(1000, np.random.default_rng(0))
    coalitions, rows = next(play), []
    try:
        while True:
            rows.append(len(coalitions))
            coalitions = play.send(coalitions @ np.arange(1000.0))
    except StopIteration as finished:
        np.testing.assert_array_equal(finished.value.values, np.arange(1000.0))
    assert sum(rows) == 1001
    assert max(rows) <= 500
