"""Recordings of an hour and more: read block by block, scored and explained window by window.

Memory is bounded by the window, not by the recording.
"""

from xaudio.long_recordings.excerpts import excerpt
from xaudio.long_recordings.explaining import ExplainedRecording, explained
from xaudio.long_recordings.opening import open_recording
from xaudio.long_recordings.recording import Recording
from xaudio.long_recordings.scoring import scored
from xaudio.long_recordings.window_scores import Run, WindowScores

__all__ = [
    "ExplainedRecording",
    "Recording",
    "Run",
    "WindowScores",
    "excerpt",
    "explained",
    "open_recording",
    "scored",
]
