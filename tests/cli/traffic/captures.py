"""A capture of a speaker that is asked one thing, for commands to work on."""

from pathlib import Path

from tests.traffic.inputs import packets as p
from tests.traffic.protocols.greetings import client_hello

T = 1_700_000_000
NAME = "avs-alexa-4-na.amazon.com"


def write_capture(file: Path, port: int = 40000) -> Path:
    """A greeting, a request of 3 s at second 20, a beat at second 60."""
    hello = client_hello(NAME)
    frames = [(T + 0.0, p.upload(hello, 1, port))]
    frames += [(T + 20 + n / 10, p.upload(800, 10_000 + n * 800, port)) for n in range(30)]
    frames += [(T + 60.0, p.upload(300, 90_000, port))]
    file.write_bytes(p.pcap(frames))
    return file
