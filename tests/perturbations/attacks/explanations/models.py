"""Models whose explanations can be moved in a known way, or not at all."""

import torch


def two_logits(score):
    return torch.stack([-score / 2, score / 2], dim=1)


def energy(waveform):
    """The score is the squared norm, which every rotation of the waveform keeps."""
    return two_logits(waveform.square().sum(dim=1))


def energy_gradient(waveform):
    """Its gradient, the explanation: the waveform itself, but for a factor of two."""
    return 2 * waveform


class Constant:
    """A linear score, whose gradient is the same everywhere."""

    def __init__(self, length, seed=0):
        self.weight = torch.randn(length, generator=torch.Generator().manual_seed(seed))

    def __call__(self, waveform):
        return two_logits(waveform @ self.weight)

    def gradient(self, waveform):
        return self.weight.expand(len(waveform), -1)


class Curved:
    """A small network that bends everywhere, and sample times gradient of its leading logit."""

    def __init__(self, length, classes=3, seed=0):
        random = torch.Generator().manual_seed(seed)
        self.first = torch.randn(length, 16, generator=random)
        self.second = torch.randn(16, classes, generator=random)

    def __call__(self, waveform):
        return torch.tanh(10 * waveform @ self.first) @ self.second

    def relevance(self, waveform):
        wanted = waveform.requires_grad and torch.is_grad_enabled()
        with torch.enable_grad():
            samples = waveform if wanted else waveform.detach().requires_grad_()
            leading = self(samples).amax(dim=1).sum()
            (gradient,) = torch.autograd.grad(leading, samples, create_graph=wanted)
        return samples * gradient if wanted else (samples * gradient).detach()


def clips(count=3, length=40, norm=1.0, seed=1):
    drawn = torch.randn(count, length, generator=torch.Generator().manual_seed(seed))
    return norm * drawn / drawn.norm(dim=1, keepdim=True)
