"""What sealing and erasing cost, beside one symmetric key for everything and one age file per recording.

Each way of sealing opens the same texts in the same run, in turns, round after round; the ratio is what counts, since
the machine decides the milliseconds. The age files are opened by this project's own reader.

    python bench/vault.py [--recordings N] [--rounds N] [--json]
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

WORDS = tuple("turn on the kitchen light what time is it play some music set a timer for ten".split())  # noqa: SIM905 - readable
GUEST_RECORDINGS = 100
SAMPLE = 2000
"""Age files that are opened; the rest is in proportion."""

BUDGETS_S: dict[int, dict[str, float]] = {
    100_000: {"list": 0.05, "search": 2.0, "guest: keys dead": 0.1, "delete --all: keys dead": 1.0, "rotate": 5.0},
    1_000_000: {"search": 20.0},
}
"""By the number of recordings; of an idle machine. On a busy one `search: processor` is what it would take."""


def nobody() -> Any:
    """Who has the device key alone."""
    from echoctl.services.vault.credential import OwnerCredential

    return OwnerCredential(lambda: None)


def fill(count: int, guest: bool = False) -> list[str]:
    """Record `count` texts; returns them."""
    from echoctl.clock import SystemClock, new_id
    from echoctl.model.speech import StoreMode, Transcript
    from echoctl.services.history.recorder import Kept, Recorder

    chance, texts = random.Random(count), []
    recorder = Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=SystemClock())
    now_ms = time.time_ns() // 1_000_000 - count
    for start in range(0, count, 1000):
        batch = []
        for n in range(start, min(start + 1000, count)):
            text = " ".join(chance.choices(WORDS, k=chance.randrange(3, 20)))
            texts.append(text)
            if guest:
                recorder.commit(
                    pcm=b"", transcript=Transcript(text), at_ms=now_ms + n, detection=None, wake_word="", scores={}
                )
            else:
                batch.append(Kept(new_id(now_ms + n), now_ms + n, 0, "", "", {}, None, Transcript(text), None, b""))
        recorder.adopt(batch)
    recorder.close()
    return texts


def one_key(texts: list[str]) -> Callable[[], object]:
    """Everything under one symmetric key, which whoever writes must hold."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(os.urandom(32))
    rows = [(nonce := os.urandom(12), cipher.encrypt(nonce, text.encode(), None)) for text in texts]
    return lambda: sum(b"no such word" in cipher.decrypt(nonce, sealed, None) for nonce, sealed in rows)


def age_files(texts: list[str]) -> Callable[[], object]:
    """A whole age file per recording, for an X25519 key."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from echoctl.vault import age, agefile, stream
    from echoctl.vault.primitives import random_secret

    secret = random_secret()
    public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    files = []
    for text in texts:
        key = random_secret(agefile.FILE_KEY_BYTES)
        files.append(agefile.header(key, [("age", public)]) + b"".join(stream.encrypt(key, text.encode())))
    return lambda: sum(b"no such word" in agefile.read(file, [(age.PREFIX, secret)]) for file in files)


def search() -> object:
    """Unlock, and look into every text for a word that is in none."""
    from echoctl.model.speech import Selection
    from echoctl.services.history import reader
    from echoctl.services.history.search import Search, containing

    with reader.opened(nobody(), needs_key=True) as opened:
        assert opened
        return sum(1 for _ in Search(opened, containing("no such word"), Selection(all=True)))


def newest() -> object:
    """The first page of the history, with its texts."""
    from echoctl.model.speech import Selection
    from echoctl.services.history import reader

    with reader.opened(nobody(), needs_key=True) as opened:
        assert opened
        return opened.page(Selection(all=True), 50)


def took(work: Callable[[], object], rounds: int = 1) -> float:
    """Median seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def keys_dead() -> float:
    """Seconds from the start of the last purge until its keys were dead: overwritten in the database and in the log."""
    from echoctl.services.purging import purge

    receipt = purge.receipts()[0]
    assert receipt.log_ms is not None
    return (receipt.log_ms - receipt.at_ms) / 1000


def measure(count: int, rounds: int) -> dict[str, Any]:
    """All figures, in seconds; ratios to the search through the vault."""
    from echoctl.model.speech import Selection
    from echoctl.services.purging import guests, purge, rotation
    from echoctl.services.vault import unlocking

    unlocking.ensure()
    texts: list[str] = []
    figures: dict[str, Any] = {"record": took(lambda: texts.extend(fill(count)))}
    figures["list"] = took(newest, rounds)
    simple, single = one_key(texts), age_files(texts[:SAMPLE])
    turns = [(took(search), took(simple), took(single) * count / min(SAMPLE, count)) for _ in range(rounds)]
    figures["search"], figures["search: one key"], figures["search: age files"] = (
        statistics.median(column) for column in zip(*turns, strict=True)
    )
    began = time.process_time()
    search()
    figures["search: processor"] = time.process_time() - began
    guests.check_in(guests.CheckIn("Ann", private=True))
    fill(GUEST_RECORDINGS, guest=True)
    figures["guest: whole"] = took(lambda: guests.check_out("Ann"))
    figures["guest: keys dead"] = keys_dead()
    figures["rotate"] = took(lambda: rotation.rotate(nobody()))
    everything = Selection(all=True)
    figures["delete --all: whole"] = took(lambda: purge.run(purge.plan(everything)))
    figures["delete --all: keys dead"] = keys_dead()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("data", "state", "config"):
            os.environ[f"ECHOCTL_{kind.upper()}_DIR"] = str(Path(folder, kind))
        figures = measure(options.recordings, options.rounds)
    figures["ratio to one key"] = figures["search"] / figures["search: one key"]
    figures["ratio to age files"] = figures["search"] / figures["search: age files"]
    if options.json:
        print(json.dumps({"recordings": options.recordings, **figures}, indent=2))
        return
    print(f"{options.recordings} recordings")
    for name, value in figures.items():
        unit, scale = ("x", 1) if name.startswith("ratio") else ("s", 1)
        budgets = BUDGETS_S.get(options.recordings, {})
        budget = f"   budget: {budgets[name]} s" if name in budgets else ""
        print(f"  {name:26} {value * scale:8.3f} {unit}{budget}")


if __name__ == "__main__":
    main()
