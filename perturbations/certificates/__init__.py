"""Certificates: what a corruption measurably did to a clip.

    certificate = certify(clean, corruption.apply(batch, rate, 3, keys).clip(0), rate)
    certificate.snr_db, certificate.highest_hz, certificate.as_dict()

Each figure is one small function in the file of its idea: `levels`, `alignment`, `spectrum`,
`pitch`, `quality`.
"""

from perturbations.certificates.certificate import Certificate, certify

__all__ = ["Certificate", "certify"]
