"""Which wake words have a neural model. In a module of its own, because Tab asks for it and must not wait."""

NEURAL = {
    "alexa": "alexa",
    "hey jarvis": "hey_jarvis",
    "okay nabu": "okay_nabu",
    "hey mycroft": "hey_mycroft",
}
"""Wake words with a neural model, and its name in microWakeWord and openWakeWord alike."""
