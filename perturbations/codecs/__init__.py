"""Lossy codecs, for real: encoded and decoded in memory, put back in place by measurement.

The registered corruptions, what encodes them, and what severity means:

==========  =====================================  ============================================
mp3         LAME                                   bit rate
aac         FFmpeg                                 bit rate
opus        libopus                                bit rate
vorbis      libvorbis                              quality
amr-nb      OpenCORE                               bit rate
g711-mu     tables of our own                      passes
g711-a      tables of our own                      passes
g722        FFmpeg                                 passes; 64, 56 or 48 kbit/s is a setting
g726        FFmpeg                                 passes; 16, 24, 32 or 40 kbit/s is a setting
g723-1      FFmpeg                                 passes
gsm         libgsm                                 passes
ima-adpcm   libsndfile                             passes
==========  =====================================  ============================================

AMR-WB, EVS, enhanced full rate and half rate GSM, HE-AAC and Speex are not among them: no encoder
comes with PyAV or soundfile. A bit rate is always measured, as the fact `bitrate_kbps`.
"""

from perturbations.codecs.aac import Aac
from perturbations.codecs.amr_nb import AmrNb
from perturbations.codecs.g711 import G711A, G711Mu
from perturbations.codecs.g722 import G722
from perturbations.codecs.g723_1 import G7231
from perturbations.codecs.g726 import G726
from perturbations.codecs.gsm import Gsm
from perturbations.codecs.ima_adpcm import ImaAdpcm
from perturbations.codecs.mp3 import Mp3
from perturbations.codecs.opus import Opus
from perturbations.codecs.vorbis import Vorbis

__all__ = [
    "G711A",
    "G722",
    "G726",
    "G7231",
    "Aac",
    "AmrNb",
    "G711Mu",
    "Gsm",
    "ImaAdpcm",
    "Mp3",
    "Opus",
    "Vorbis",
]
