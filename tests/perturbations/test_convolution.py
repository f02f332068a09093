import pytest
import scipy.fft
import scipy.signal
import torch

from perturbations.convolution import at_level_of, convolve, transform_length


@pytest.mark.parametrize(
    ("clips", "length", "taps", "lead"),
    [
        (1, 1000, 50, 3),
        (1, 999, 400, 0),
        (3, 100, 400, 20),
        (2, 7, 3, 2),
        (1, 2, 1, 0),
        (5, 2, 9, 4),
    ],
)
def test_every_clip_goes_through_its_own_response(clips, length, taps, lead):
    waveform = torch.randn(clips, length, dtype=torch.float64)
    responses = torch.randn(clips, taps, dtype=torch.float64)
    heard = convolve(waveform, responses, lead)
    for row in range(clips):
        whole = scipy.signal.convolve(waveform[row].numpy(), responses[row].numpy(), "full")
        whole = torch.nn.functional.pad(torch.from_numpy(whole), (0, length + lead))
        torch.testing.assert_close(heard[row], whole[lead : lead + length])


def test_one_response_serves_all_clips_and_is_differentiable():
    waveform = torch.randn(6, 300, dtype=torch.float64, requires_grad=True)
    response = torch.randn(1, 20, dtype=torch.float64)
    torch.testing.assert_close(
        convolve(waveform, response), convolve(waveform, response.expand(6, 20))
    )
    assert torch.autograd.gradcheck(lambda x: convolve(x, response, 3), waveform[:2, :9])


def test_transform_lengths_against_scipy():
    for at_least in (2, 3, 7, 11, 97, 1000, 64_001, 80_001, 961_000):
        size = transform_length(at_least)
        assert size % 2 == 0 and at_least <= size <= 1.1 * at_least + 2
        assert scipy.fft.next_fast_len(size) == size


def test_levels():
    loud, soft = torch.randn(2, 500), 0.01 * torch.randn(2, 500)
    torch.testing.assert_close(at_level_of(loud, soft).norm(dim=1), soft.norm(dim=1))
    assert not at_level_of(torch.zeros(1, 9), loud[:1, :9]).any()
    assert not at_level_of(loud[:1, :9], torch.zeros(1, 9)).any()
