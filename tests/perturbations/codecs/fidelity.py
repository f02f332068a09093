"""How like a coded clip is to what it was, within the band that both rates can carry."""

import torch

CARRIED = 0.45  # of a sample rate; the rest is the resampler's transition band
QUIETEST = 1e-6  # of the loudest bin: what is softer is not compared
LOWEST_HZ = 100


def in_band(clips, sample_rate, lower_rate):
    """The clips without what lies above the band of the lower rate."""
    spectrum = torch.fft.rfft(clips.double())
    hertz = torch.linspace(0, sample_rate / 2, spectrum.shape[1])
    return torch.fft.irfft(spectrum * (hertz <= CARRIED * lower_rate), n=clips.shape[1])


def log_spectral_distance(clips, coded, sample_rate, lower_rate):
    """Mean over frames of 32 ms of the RMS difference in dB from 100 Hz to the band's end."""
    size = 2 * round(0.016 * sample_rate)
    powers = [
        torch.stft(each, size, size // 2, window=torch.hann_window(size), return_complex=True)
        .abs()
        .square()
        for each in (clips, coded)
    ]
    floor = QUIETEST * powers[0].max()
    hertz = torch.linspace(0, sample_rate / 2, size // 2 + 1)
    inside = (hertz > LOWEST_HZ) & (hertz <= CARRIED * lower_rate)
    distance = 10 * torch.log10((powers[0] + floor) / (powers[1] + floor))
    return distance[:, inside].square().mean(dim=1).sqrt().mean().item()
