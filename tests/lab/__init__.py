"""Real parts for tests: a room with a microphone. Each needs system packages, which `make test` installs."""
