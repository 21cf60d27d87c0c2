"""The nouns: plain frozen data that every part passes around. Standard library only, no behaviour to speak of.

Audio inside echoctl is 16 kHz mono s16le ("pcm"), and moves in chunks of 80 ms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SAMPLE_RATE = 16_000
"""Hz, after resampling; what every spotter and recogniser here expects."""

SAMPLE_WIDTH = 2
"""Bytes per sample: signed 16 bit, little endian."""

CHUNK_SAMPLES = 1280
"""80 ms: the step of the spotters, so that nothing waits for half a chunk."""

CHUNK_BYTES = CHUNK_SAMPLES * SAMPLE_WIDTH

BYTES_PER_SECOND = SAMPLE_RATE * SAMPLE_WIDTH


def normal_word(typed: str) -> str:
    """The spelling of a wake word that all parts use: lower case, single spaces."""
    return " ".join(typed.lower().split())


class LedState(StrEnum):
    """What the ring shows; the word is shown too, since colour alone says nothing to some."""

    OFF = "off"
    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    MUTED = "muted"
    ERROR = "error"


class StoreMode(StrEnum):
    """What is kept of a recording."""

    TIMES = "times"
    TRANSCRIPT = "transcript"
    AUDIO = "audio"
    BOTH = "both"

    @property
    def has_text(self) -> bool:
        """Whether what was understood is kept."""
        return self in (StoreMode.TRANSCRIPT, StoreMode.BOTH)

    @property
    def has_audio(self) -> bool:
        """Whether what was heard is kept."""
        return self in (StoreMode.AUDIO, StoreMode.BOTH)


class Feedback(StrEnum):
    """A person's word on a transcript."""

    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Detection:
    """A wake word was heard. Times are seconds of the audio stream."""

    word: str
    t: float
    """When it was decided."""
    start: float
    """Where the word begins, as well as the deciding stage can tell."""
    end: float
    """Where the word ends."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """What each stage said, 0 to 1: `spotter`, `grammar`, `verifier`."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The first stage fired and the second said no. Neither audio nor text is kept of it."""

    word: str
    t: float
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; times are seconds from the start of the recording."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the recogniser understood."""

    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """A row of the history. While the vault is locked `transcript` is None and `locked` is true."""

    id: str
    at_ms: int
    """Unix time in ms at which the recording begins (pre-roll included)."""
    duration_ms: int
    wake_word: str
    """Empty when it was push to talk."""
    room: str
    mode: StoreMode
    size: int
    """Bytes that the sealed audio and text take in the store."""
    scores: Mapping[str, float] = field(default_factory=dict)
    feedback: Feedback | None = None
    transcript: Transcript | None = None
    locked: bool = True
    damaged: bool = False
    correction: str | None = None
    """What a person says was said."""
    incomplete: bool = False
    """The end of its sound is missing. Known only of a recording whose sound was opened."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which recordings; the conditions narrow each other. An empty selection selects nothing: `all` must be said."""

    ids: tuple[str, ...] = ()
    all: bool = False
    since_ms: int | None = None
    before_ms: int | None = None
    room: str | None = None
    wake_word: str | None = None
    guest: str | None = None


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """What a purge would take."""

    ids: tuple[str, ...]
    size: int
    oldest_ms: int | None
    newest_ms: int | None
    everything: bool = False
    """Take what is recorded until the purge as well, with all traces of what was heard."""
    asked: Mapping[str, object] = field(default_factory=dict)
    """What the receipt says of the conditions: their kinds and times, never the rooms, words or texts."""

    @property
    def count(self) -> int:
        """Recordings that the purge would take."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What a purge took."""

    count: int
    size: int
    keys_dead: bool
    """The key slots are zeroed in the database and what its write-ahead log held is overwritten."""
    done: bool = True
    """The rows are gone as well; else the next command goes on."""
    receipts: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    """Processes whose reading keeps the log from being overwritten, where the system names them."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of a purge afterwards: counts, and when each step was done (Unix ms, None: not yet)."""

    id: str
    at_ms: int
    why: str
    """`history delete`, `retention`, `guest check-out`, `vault rotate`."""
    what: Mapping[str, object]
    """The kinds of the conditions and their times, never the rooms, words or texts."""
    count: int
    size: int
    log_ms: int | None
    rows_ms: int | None
    done_ms: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the durable log: what happened, never what was said."""

    seq: int
    at_ms: int
    kind: str
    data: Mapping[str, object]
