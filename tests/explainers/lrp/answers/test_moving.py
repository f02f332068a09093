"""Values moved, summed, picked and put beside constants: autograd's own gradient, and the rest."""

import pytest
import torch
from torch.nn import functional as F

from tests.explainers.lrp.answers.operations import noise, plainly, through

X, Y = noise(3, 4, 6), noise(3, 4, 6, seed=1)
INDEX = torch.tensor([2, 0, 3])
MASK = noise(3, 4, 6, seed=2) > 0

# Every output is a sum of inputs with fixed weights: nothing is lost.
EXACT = {
    "view": lambda x: x.view(3, 24),
    "reshape": lambda x: x.mT.reshape(3, -1),
    "flatten": lambda x: x.flatten(1).unflatten(1, (2, 12)),
    "permute": lambda x: x.permute(0, 2, 1).movedim(1, 2).swapaxes(1, 2),
    "expand": lambda x: x.unsqueeze(1).expand(-1, 2, -1, -1),
    "repeat": lambda x: x.repeat(1, 2, 1).tile(1, 1, 2),
    "repeat_interleave": lambda x: x.repeat_interleave(2, dim=1),
    "getitem": lambda x: x[:, INDEX][..., ::2],
    "mask": lambda x: torch.stack([one[:, [0, 2]].sum() for one in x]),
    "masked_select": lambda x: x.masked_select(MASK)[None].sum().expand(3),
    "gather": lambda x: x.gather(2, INDEX.expand(3, 4, -1)),
    "take_along_dim": lambda x: torch.take_along_dim(x, INDEX[None, None], 2),
    "index_select": lambda x: x.index_select(1, INDEX),
    "unbind": lambda x: torch.stack(x.unbind(1)[::-1], 1),
    "iteration": lambda x: torch.stack(list(x)),
    "split": lambda x: torch.cat(x.split([1, 3], 1)[::-1], 1),
    "chunk": lambda x: torch.cat(torch.chunk(x, 3, 2)[1:], 2),
    "flip": lambda x: x.flip(1).roll(2, 2),
    "tril": lambda x: x.tril() + x.triu(1),
    "diagonal": lambda x: x.diagonal(0, 1, 2),
    "unfold": lambda x: x.unfold(2, 3, 2),
    "F.unfold": lambda x: F.unfold(x[:, None], (2, 3)),
    "as_strided": lambda x: x.as_strided((3, 4, 3), (24, 6, 2)),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x[..., None], 2),
    "sum": lambda x: x.sum((1, 2)),
    "mean": lambda x: x.mean(1, keepdim=True),
    "cumsum": lambda x: x.cumsum(2),
    "diff": lambda x: x.diff(dim=2),
    "avg_pool1d": lambda x: F.avg_pool1d(x, 3, 2, padding=1),
    "adaptive_avg_pool1d": lambda x: F.adaptive_avg_pool1d(x, 5),
    "interpolate": lambda x: F.interpolate(x, 9, mode="linear"),
    "nearest": lambda x: F.interpolate(x, scale_factor=2),
    "pad": lambda x: F.pad(x, (2, 1)),
    "pad reflect": lambda x: F.pad(x, (2, 1), mode="reflect"),
    "pad replicate": lambda x: F.pad(x, (2, 1), mode="replicate"),
    "pad circular": lambda x: F.pad(x, (2, 1), mode="circular"),
    "where": lambda x: torch.where(MASK, x, x.flip(2)),
    "rfft": lambda x: torch.view_as_real(torch.fft.rfft(x)),
    "there and back": lambda x: torch.fft.irfft(torch.fft.rfft(x, norm="ortho"), n=6),
    "real": lambda x: torch.fft.fft(x).real + torch.fft.fft(x).imag,
    "stft": lambda x: torch.view_as_real(
        torch.stft(x[:, 0], 4, 2, window=torch.hann_window(4).double(), return_complex=True)
    ),
    "to": lambda x: x.to(torch.float32).double().type_as(x).contiguous(),
    "block_diag": lambda x: torch.stack([torch.block_diag(one, one) for one in x]),
    "native max": lambda x: x.max(2).values + x.amax(1)[:, :1] - x.min(2)[0],
    "topk": lambda x: x.topk(3, 2).values,
    "sort": lambda x: x.sort(2, descending=True).values,
    "median": lambda x: x.median(2).values + x.kthvalue(2, 2).values,
    "cummax": lambda x: x.cummax(2).values,
    "max_pool1d": lambda x: F.max_pool1d(x, 3, 2),
    "max_pool with indices": lambda x: F.max_pool1d(x, 2, return_indices=True)[0],
    "adaptive_max_pool1d": lambda x: F.adaptive_max_pool1d(x, 3),
    "abs": torch.abs,
    "norm": lambda x: x.norm(dim=2) + torch.linalg.vector_norm(x, dim=2),
    "norm of three": lambda x: x.norm(p=3, dim=1),
    "std": lambda x: x.std(2) + torch.std_mean(x, 2)[0],
    "std_mean": lambda x: torch.stack(torch.std_mean(x, 1)),
    "hypot": lambda x: torch.hypot(x[:, 0], x[:, 1]),
    "complex magnitude": lambda x: torch.complex(x[:, :2], x[:, 2:]).abs(),
    "lp_pool": lambda x: F.lp_pool1d(x.abs() + 0.1 * x.abs(), 2, 2),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.2, 0.3, 0.4, 0.5]).double()),
    "einsum": lambda x: torch.einsum("bct->bc", x),
}


@pytest.mark.parametrize("name", EXACT)
def test_its_own_gradient_hands_on_everything(name):
    operation = EXACT[name]
    arriving = noise(*operation(X).shape, seed=3)
    found = through(operation, X, arriving=arriving)
    assert torch.equal(found.value, operation(X))
    torch.testing.assert_close(found.relevance, plainly(operation, X, arriving=arriving))
    handed, arrived = float(found.relevance[0].sum()), float((found.value * arriving).sum())
    assert handed == pytest.approx(arrived, rel=1e-6)
    assert not sum(found.sinks.values(), torch.zeros(3)).any()


BESIDE = {
    "cat": lambda x: torch.cat([Y, x, Y[:, :1]], 1),
    "stack": lambda x: torch.stack([x, Y], 1),
    "hstack": lambda x: torch.hstack([x, Y]),
    "class token": lambda x: torch.cat([torch.ones(1, 1, 6).double().expand(3, -1, -1), x], 1),
    "where": lambda x: torch.where(MASK, x, Y),
    "where number": lambda x: x.where(MASK, 0.3),
    "where first": lambda x: torch.where(MASK, 0.3, x),
    "masked_fill": lambda x: x.masked_fill(MASK, 0.4),
    "pad": lambda x: F.pad(x, (1, 2), value=0.7),
    "index_fill": lambda x: x.index_fill(2, INDEX, 0.5),
    "index_add": lambda x: x.index_add(1, INDEX, Y[:, :3]),
    "index_copy": lambda x: x.index_copy(2, INDEX, Y[..., :3]),
    "scatter": lambda x: x.scatter(2, INDEX.expand(3, 4, -1), Y),
    "scatter number": lambda x: x.scatter(2, INDEX.expand(3, 4, -1), 0.4),
    "scatter_add": lambda x: x.scatter_add(2, INDEX.expand(3, 4, -1), Y),
    "slice_scatter": lambda x: x.slice_scatter(Y[:, :2], 1, 1, 3),
    "select_scatter": lambda x: x.select_scatter(Y[:, 0], 1, 2),
    "masked_scatter": lambda x: x.masked_scatter(MASK, Y),
    "clamp": lambda x: x.clamp(-0.3, 0.5),
    "clamp_min": lambda x: torch.clamp_min(x, 0.1),
    "clamp max": lambda x: x.clip(max=0.2),
    "threshold": lambda x: F.threshold(x, 0.2, -0.4),
    "maximum": lambda x: torch.maximum(x, Y),
    "max": lambda x: torch.max(Y, x),
    "minimum": lambda x: torch.minimum(x, torch.tensor(0.1).double()),
    "fmax": lambda x: torch.fmax(x, Y),
    "complex": lambda x: torch.view_as_real(torch.complex(x, Y)),
}


@pytest.mark.parametrize("name", BESIDE)
def test_constants_beside_it_take_the_relevance_of_what_they_became(name):
    operation = BESIDE[name]
    arriving = noise(*operation(X).shape, seed=3)
    found = through(operation, X, arriving=arriving)
    assert torch.equal(found.value, operation(X))
    torch.testing.assert_close(found.relevance, plainly(operation, X, arriving=arriving))
    rest = (found.value * arriving).flatten(1).sum(1) - found.relevance[0].flatten(1).sum(1)
    assert rest.abs().min() > 1e-3
    torch.testing.assert_close(found.sinks["constants"], rest)


def test_at_a_tie_a_constant_takes_what_autograd_leaves():
    x = torch.tensor([[0.5, 1.0, 0.2]], dtype=torch.float64)
    bound = torch.tensor([[0.5, 0.3, 0.9]], dtype=torch.float64)
    for operation in (torch.maximum, torch.minimum):
        found = through(lambda x, operation=operation: operation(x, bound), x)
        assert float(found.total) == pytest.approx(float(found.value.sum()))


def test_a_mask_of_minus_infinity_gives_no_nan():
    found = through(lambda x: x.masked_fill(MASK, -torch.inf).softmax(2), X)
    assert found.relevance[0].isfinite().all()
    assert sum(found.sinks.values()).isfinite().all()


def test_bounds_that_depend_on_the_input():
    found = through(lambda x: x.clamp(max=x.mean(2, keepdim=True)), X)
    assert float(found.total) == pytest.approx(float(found.value.sum()))
    both = through(
        lambda x: torch.clamp(x, x.mean(2, keepdim=True) - 0.1, x.mean(2, keepdim=True)), X
    )
    assert float(both.total) == pytest.approx(float(both.value.sum()))
