"""Stand-ins for the native parts: what they answer is written down by the test."""

from collections.abc import Callable, Sequence

from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_BYTES, Word

LOUD = b"\x00\x20\x00\xe0" * (CHUNK_BYTES // 4)
QUIET = bytes(CHUNK_BYTES)


class FakeRecogniser:
    """Answers by what it was fed: `hears(pcm since begin)` gives the phrase that has just ended, or None."""

    def __init__(self, hears: Callable[[bytes], Sequence[Word] | None], says: str = "") -> None:
        self.hears = hears
        self.says = says
        self.held = b""

    def begin(self) -> None:
        self.held = b""

    def feed(self, pcm: bytes) -> tuple[Word, ...] | None:
        self.held += pcm
        ended = self.hears(self.held)
        return None if ended is None else tuple(ended)

    def partial(self) -> str:
        return self.says

    def finish(self) -> tuple[Word, ...]:
        return tuple(self.hears(self.held) or ())


class FakeModel:
    """A model with a vocabulary and one recogniser per grammar, made by `make(grammar)`."""

    def __init__(self, vocabulary: str, make: Callable[[Sequence[str] | None], FakeRecogniser] | None = None) -> None:
        self.vocabulary = set(vocabulary.split())
        self.make = make or (lambda grammar: FakeRecogniser(lambda pcm: None))
        self.grammars: list[Sequence[str] | None] = []

    def has_word(self, word: str) -> bool:
        return word in self.vocabulary

    def recogniser(self, grammar: Sequence[str] | None = None) -> FakeRecogniser:
        self.grammars.append(grammar)
        return self.make(grammar)


class Tape:
    """What a caller's ring gives: the last seconds of all that was fed."""

    def __init__(self) -> None:
        self.pcm = b""

    def add(self, chunk: bytes) -> bytes:
        self.pcm += chunk
        return chunk

    def recent(self, seconds: float) -> bytes:
        size = int(seconds * BYTES_PER_SECOND) // 2 * 2
        return self.pcm[-size:] if size else b""
