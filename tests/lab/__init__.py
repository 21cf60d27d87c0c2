"""Parts for tests, real ones and stand-ins: a room with a microphone, a network. `make test` brings what they need."""
