"""What a recording's name may end in."""

AUDIO_SUFFIXES = (
    ".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".g722", ".aiff", ".webm",
)  # fmt: skip
