"""A smart speaker, simulated: does what it is told on stdin, one word per line, and says on stdout what it sent.

    wake      a request: 20-40 kB in packets of 100 ms over 2.4-3.6 s, then the spoken answer comes down
    false     a wake that the cloud refuses: 5-10 kB in less than a second, a tiny answer
    metrics   6-20 kB at once to the metrics host, on a connection of its own
    update    200-400 kB come down from the updates host, on a connection of its own
    tall      a status report on the voice connection: 15-20 kB in 0.4 s
    stream N  N seconds of upload without pause on the voice connection, its rate varying as an encoder's does
    pad N     N seconds of upload at one even rate
    quit      (or the end of stdin)

It keeps the voice connection alive every five seconds. Each line of output is JSON with `event`, `t0` and `t1` (Unix
seconds of the upload) and `tx`, `rx` (TCP payload bytes, TLS included); the last one, `end`, has them per connection.

    python -m tests.lab.speaker CA_FILE [--seed N] [--family 4|6] [--tls 1.2|1.3]
"""

import argparse
import json
import queue
import random
import socket
import ssl
import struct
import sys
import threading
import time
from itertools import chain

from tests.lab.cloud import FRAME, NAME_SERVER, NAMES

VOICE, METRICS, UPDATES = NAMES
BEAT_S = 5.0
STEP_S = 0.1


class Link:
    """TLS over memory, so that every byte that TCP carries is counted."""

    def __init__(self, name: str, address: str, context: ssl.SSLContext) -> None:
        self.name, self.tx, self.rx = name, 0, 0
        self._socket = socket.create_connection((address, 443), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self._socket.getsockname()[1]
        self.address = address
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=name)
        self._do(self._tls.do_handshake)

    def send(self, kind: bytes, size: int, wanted: int, rng: random.Random) -> None:
        self._do(self._tls.write, FRAME.pack(kind, size, wanted) + rng.randbytes(size))

    def answer(self) -> None:
        left = struct.unpack(">I", self._exactly(4))[0]
        while left:
            left -= len(self._do(self._tls.read, min(left, 65_536)))

    def close(self) -> dict:
        try:
            self._do(self._tls.unwrap)
            self._socket.shutdown(socket.SHUT_WR)
            while data := self._socket.recv(65_536):
                self.rx += len(data)
        except (OSError, ssl.SSLError):
            pass
        self._socket.close()
        return {"name": self.name, "remote": self.address, "port": self.port, "tx": self.tx, "rx": self.rx}

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self._do(self._tls.read, size - len(data))
        return data

    def _do(self, action, *arguments):
        while True:
            try:
                result = action(*arguments)
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = self._socket.recv(65_536)
                if not data:
                    raise ConnectionError("the cloud hung up") from None
                self.rx += len(data)
                self._in.write(data)

    def _flush(self) -> None:
        data = self._out.read()
        if data:
            self._socket.sendall(data)
            self.tx += len(data)


class Speaker:
    def __init__(self, options: argparse.Namespace) -> None:
        self._rng = random.Random(options.seed)
        self._family = socket.AF_INET6 if options.family == "6" else socket.AF_INET
        self._context = ssl.create_default_context(cafile=options.ca)
        version = ssl.TLSVersion.TLSv1_2 if options.tls == "1.2" else ssl.TLSVersion.TLSv1_3
        self._context.minimum_version = self._context.maximum_version = version
        self.closed: list[dict] = []
        self.voice = self._dial(VOICE)

    def beat(self) -> None:
        self.voice.send(b"K", self._rng.randint(24, 60), 24, self._rng)
        self.voice.answer()

    def do(self, word: str, seconds: float) -> None:
        rng, started = self._rng, time.time()
        link = self._dial(METRICS if word == "metrics" else UPDATES) if word in ("metrics", "update") else self.voice
        tx, rx = (0, 0) if link is not self.voice else (link.tx, link.rx)
        if word == "wake":
            self._upload(link, rng.randint(20_000, 40_000), rng.uniform(2.4, 3.6))
        elif word == "false":
            self._upload(link, rng.randint(5000, 10_000), rng.uniform(0.5, 0.9))
        elif word == "tall":
            self._upload(link, rng.randint(15_000, 20_000), 0.4)
        elif word == "metrics":
            self._upload(link, rng.randint(6000, 20_000), 0)
        elif word == "stream":
            self._upload(link, round(seconds * 4000), seconds)
        elif word == "pad":
            self._upload(link, round(seconds * 5000), seconds, vary=0.0)
        ended = time.time()
        if word == "wake":
            time.sleep(rng.uniform(0.25, 0.6))
        wanted = {"wake": rng.randint(15_000, 60_000), "update": rng.randint(200_000, 400_000)}.get(word, 40)
        link.send(b"D" if word == "update" else b"E", 0, wanted, rng)
        link.answer()
        if link is not self.voice:
            self.closed.append(link.close())
        tell(word, t0=started, t1=ended, tx=link.tx - tx, rx=link.rx - rx, name=link.name)

    def end(self) -> None:
        self.closed.append(self.voice.close())
        tell("end", connections=self.closed)

    def _upload(self, link: Link, size: int, seconds: float, vary: float = 0.4) -> None:
        """In packets, as an encoder of varying rate makes them; all at once where it takes no time."""
        steps = max(1, round(seconds / STEP_S))
        weights = [self._rng.uniform(1 - vary, 1 + vary) for _ in range(steps)]
        begun = time.monotonic()
        for number, weight in enumerate(weights):
            time.sleep(max(0.0, begun + number * STEP_S - time.monotonic()))
            link.send(b"U", int(size * weight / sum(weights)), 0, self._rng)

    def _dial(self, name: str) -> Link:
        return Link(name, self._look_up(name), self._context)

    def _look_up(self, name: str) -> str:
        kind = 28 if self._family == socket.AF_INET6 else 1
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
        question = struct.pack(">HHHHHH", self._rng.randrange(65_536), 0x0100, 1, 0, 0, 0) + labels + b"\0"
        server = f"2001:db8:77::{NAME_SERVER}" if kind == 28 else f"203.0.113.{NAME_SERVER}"
        with socket.socket(self._family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(3)
            asking.connect((server, 53))
            asking.send(question + struct.pack(">HH", kind, 1))
            answer = asking.recv(1500)
        return socket.inet_ntop(self._family, answer[-16 if kind == 28 else -4 :])


def tell(event: str, **values: object) -> None:
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ca")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", choices=("4", "6"), default="4")
    parser.add_argument("--tls", choices=("1.2", "1.3"), default="1.3")
    speaker = Speaker(parser.parse_args())
    tell("connected", port=speaker.voice.port, remote=speaker.voice.address)
    words: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: [words.put(line) for line in chain(sys.stdin, ["quit"])], daemon=True).start()
    while True:
        try:
            word, _, rest = words.get(timeout=BEAT_S).strip().partition(" ")
        except queue.Empty:
            speaker.beat()
            continue
        if word == "quit":
            break
        speaker.do(word, float(rest or 0))
    speaker.end()


if __name__ == "__main__":
    main()
