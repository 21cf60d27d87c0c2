"""echoctl: a smart speaker's ear without its cloud."""

__version__ = "0.1.0"
