"""Understanding sound: models, voice activity, wake words, transcription."""
