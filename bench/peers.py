"""What echoctl's wake words are measured beside: single detectors, as they come, in the same run on the same sound."""

import time
from collections.abc import Callable, Iterator

from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_BYTES
from echoctl.speech.builtin_words import NEURAL
from echoctl.speech.models import Model

REFRACTORY_S = 2.0

Run = Callable[[bytes], tuple[list[float], float]]
"""Takes pcm; gives the times of the wakes and the CPU seconds."""


def peers(word: str) -> dict[str, Callable[[str, Model], Run]]:
    neural = {"microWakeWord 0.9": peer_micro, "openWakeWord 0.5": peer_open} if word in NEURAL else {}
    return {"Vosk grammar": peer_grammar, **neural}


def chunks(pcm: bytes) -> Iterator[tuple[float, bytes]]:
    for at in range(0, len(pcm), CHUNK_BYTES):
        yield min(at + CHUNK_BYTES, len(pcm)) / BYTES_PER_SECOND, pcm[at : at + CHUNK_BYTES]


def peer_micro(word: str, model: Model) -> Run:
    """microWakeWord as it comes: its own cut-off for alexa, 0.9."""
    from echoctl.speech.spotters import MicroSpotter

    return _single(lambda: MicroSpotter(word.replace(" ", "_")).feed, 0.9)


def peer_open(word: str, model: Model) -> Run:
    """openWakeWord as it comes: 0.5."""
    from echoctl.speech.spotters import OpenVerifier

    return _single(lambda: OpenVerifier(word.replace(" ", "_")).feed, 0.5)


def peer_grammar(word: str, model: Model) -> Run:
    """A Vosk recogniser of the word and "[unk]", all the time; every final result counts."""

    def start() -> Callable[[bytes], float]:
        recogniser = model.recogniser([word, "[unk]"])
        last = word.split()[-1]
        return lambda chunk: float(any(w.text == last for w in recogniser.feed(chunk) or ()))

    return _single(start, 0.5)


def _single(start: Callable[[], Callable[[bytes], float]], threshold: float) -> Run:
    def run(pcm: bytes) -> tuple[list[float], float]:
        feed, wakes = start(), list[float]()
        began = time.process_time()
        for t, chunk in chunks(pcm):
            if feed(chunk) >= threshold and (not wakes or t - wakes[-1] >= REFRACTORY_S):
                wakes.append(t)
        return wakes, time.process_time() - began

    return run
