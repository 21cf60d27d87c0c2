"""Sealing a recording without a store: what the ear does, which holds no database and no key that opens anything.

Whoever has the store says to whom is sealed, and writes what comes of it (services/history/recorder.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from echoctl.clock import Clock, id_bytes, new_id
from echoctl.errors import NotFound
from echoctl.model.speech import BYTES_PER_SECOND, StoreMode, Transcript
from echoctl.services.history import transcript_json
from echoctl.vault.epoch import Writer


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom is sealed. Nothing in it is secret."""

    vault: bytes
    """The vault's id."""
    gen: int
    """The generation of its seed: a rotation makes a new one."""
    public: bytes
    """The vault's public key, or that of a private stay."""
    guest: int | None = None
    """The guest whose stay it is; an epoch belongs to one stay, or to none."""


NOBODY = Recipient(b"", 0, b"")
"""Before there is a vault: times can be kept, and nothing sealed."""


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A recording that only its recipient opens, and its place in the chain of keys."""

    epoch: bytes
    root: bytes
    """The sealed root of the epoch, with its first recording alone; then empty."""
    seq: int
    wrapped: bytes
    text: bytes | None
    chunks: tuple[bytes, ...]
    correction: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes that text and sound take in the store."""
        return len(self.text or b"") + sum(map(len, self.chunks))


class Sealer:
    """Seals for one recipient at a time, each recording under the next key of a chain that only moves forward."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        self._recipient: Recipient | None = None
        self._writer: Writer | None = None

    def address(self, recipient: Recipient) -> None:
        """Seal to `recipient` from now on; another one than before begins an epoch of its own.

        Raises NotFound for NOBODY.
        """
        if recipient == NOBODY:
            raise NotFound("there is no vault yet", "make one: echoctl vault init")
        if recipient == self._recipient:
            return
        self.leave()
        if self._recipient is None or recipient.public != self._recipient.public:
            self._writer = Writer(recipient.vault, recipient.public)
        self._recipient = recipient

    def seal(self, uid: str, at_ms: int, text: bytes, audio: bytes, correction: bytes = b"") -> SealedRecord:
        """Seal JSON bytes and a FLAC file's bytes; each may be empty, not both. Only after `address`."""
        assert self._writer is not None
        now_ms = self._wall.now_ms()
        root = self._writer.begin(now_ms)[1] if self._writer.needs_epoch(now_ms) else b""
        key, place = self._writer.next_key(id_bytes(uid), at_ms)
        with key:
            return SealedRecord(
                epoch=self._writer.epoch,
                root=root,
                seq=place.seq,
                wrapped=place.wrapped,
                text=key.seal_text(text) if text else None,
                chunks=tuple(key.seal_audio(audio)) if audio else (),
                correction=key.seal_text(correction, "correction") if correction and text else None,
            )

    def leave(self) -> None:
        """Leave the epoch: when it is not certain that a recording was stored, no key of it may wrap another."""
        if self._writer:
            self._writer.abandon()


@dataclass(frozen=True, slots=True)
class MadeRecord:
    """A recording that is ready to be written, by whoever has a store."""

    uid: str
    at_ms: int
    """Unix ms of its first sample."""
    duration_ms: int
    wake_word: str
    """Empty when it was push to talk."""
    scores: Mapping[str, float]
    mode: StoreMode
    recipient: Recipient
    sealed: SealedRecord | None
    """None where the mode keeps neither text nor sound."""

    @property
    def whole(self) -> bool:
        """Whether it holds what its mode promises, and nothing else."""
        if self.sealed is None:
            return not (self.mode.has_text or self.mode.has_audio)
        has_text, has_audio = self.sealed.text is not None, bool(self.sealed.chunks)
        return (has_text, has_audio) == (self.mode.has_text, self.mode.has_audio) and has_text | has_audio


def make(
    sealer: Sealer,
    recipient: Recipient,
    *,
    mode: StoreMode,
    pcm: bytes,
    transcript: Transcript,
    at_ms: int,
    wake_word: str,
    scores: Mapping[str, float],
) -> MadeRecord:
    """Seal what the mode keeps of a recording. `pcm` is 16 kHz mono s16le."""
    uid = new_id(at_ms)
    sealed = None
    if mode.has_text or mode.has_audio:
        text = transcript_json.of_transcript(transcript) if mode.has_text else b""
        audio = encoded(pcm) if mode.has_audio else b""
        sealer.address(recipient)
        sealed = sealer.seal(uid, at_ms, text, audio)
    duration_ms = len(pcm) * 1000 // BYTES_PER_SECOND
    return MadeRecord(uid, at_ms, duration_ms, wake_word, scores, mode, recipient, sealed)


def encoded(pcm: bytes) -> bytes:
    """Pcm as a FLAC file's bytes."""
    from echoctl.audio import codec  # noqa: PLC0415 - numpy and libsndfile, only where audio is kept

    return codec.encode_flac(pcm)
