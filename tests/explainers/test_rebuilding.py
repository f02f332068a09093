import torch

from explainers.contract import ModuleModel
from explainers.rebuilding import rebuilt
from tests.explainers.small_models import Quadratic, model_of, noise

CLIPS = noise(2, 300)


class Halving(ModuleModel):
    """Hears every second sample only, and says how it is built around another module."""

    def __call__(self, waveform):
        return super().__call__(waveform[:, ::2])

    def with_module(self, module):
        return Halving(module, self.sample_rate, self.labels)


def test_a_model_is_rebuilt_as_it_says_or_around_the_module_alone():
    module = Quadratic()
    plain = rebuilt(model_of(Quadratic()), module)
    assert torch.equal(plain(CLIPS), module(CLIPS))
    assert (plain.sample_rate, plain.labels) == (1000, ("bonafide", "spoof"))
    halving = rebuilt(Halving(Quadratic(), 4000, ("a", "b")), module)
    assert torch.equal(halving(CLIPS), module(CLIPS[:, ::2]))
    assert halving.module is module and halving.labels == ("a", "b")
