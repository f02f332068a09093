"""Look at a clip and listen to it: one component for waveform, spectrogram, relevance and sound."""

from dashboards.components.audio_viewer.viewer import ViewerState, audio_viewer

__all__ = ["ViewerState", "audio_viewer"]
