"""What a telephone line does to speech."""
