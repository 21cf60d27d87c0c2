"""Writing recordings: those that the ear sealed, and those that are sealed here, on their way back from a file.

It holds no key that opens anything.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from echoctl import paths
from echoctl.clock import Clock
from echoctl.errors import StoreError
from echoctl.model.speech import Detection, Feedback, Recording, StoreMode, Transcript
from echoctl.services.history import transcript_json
from echoctl.services.history.sealer import NOBODY, MadeRecord, Recipient, SealedRecord, Sealer, encoded, make
from echoctl.services.purging import purge
from echoctl.store import events, guests, recordings, slabs
from echoctl.store import vaults as rows
from echoctl.store.database import db, key_marker, wal
from echoctl.store.guests import Guest


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording that was made before and comes back under its own id; what it has decides its mode."""

    id: str
    at_ms: int
    duration_ms: int
    wake_word: str
    room: str
    scores: Mapping[str, float]
    feedback: Feedback | None
    transcript: Transcript | None
    correction: str | None
    pcm: bytes
    """16 kHz mono s16le; empty without sound."""

    @property
    def mode(self) -> StoreMode:
        """What there is of it."""
        if self.transcript is None:
            return StoreMode.AUDIO if self.pcm else StoreMode.TIMES
        return StoreMode.BOTH if self.pcm else StoreMode.TRANSCRIPT


class Outdated(Exception):
    """A recording was sealed to a key, or in an epoch, that is no longer the one to seal to; nothing was written."""


class Recorder:
    """Writes what was heard. Opens the database at the first use; one recorder per process."""

    def __init__(self, *, mode: StoreMode, room: str, wall: Clock) -> None:
        self._mode = mode
        self._room = room
        self._wall = wall
        self._connection: db.Connection | None = None
        self._sealer = Sealer(wall)
        self._epoch = 0
        self._place: tuple[Recipient, bytes, int] | None = None
        """To whom, in which epoch, and under which number the next recording is sealed; None: in an epoch to come."""
        self._heard: int | None = None
        """The guest who was staying when a wake word was last heard."""

    def recipient(self) -> Recipient | None:
        """To whom a recording is sealed now; None while a guest stays of whom nothing is kept."""
        connection = self._connect()
        guest = guests.current(connection)
        return None if guest and not guest.stored else _recipient(connection, guest)

    def detected(self, detection: Detection, at_ms: int) -> int | None:
        """Commit that a wake word was heard, with its event; returns the detection's number.

        None, and nothing is written, while a guest stays of whom nothing is kept.
        """
        connection = self._connect()
        guest = guests.current(connection)
        self._heard = guest.id if guest else None
        if guest and not guest.stored:
            return None
        room = _room(guest, self._room)
        with db.immediate(connection):
            number = recordings.insert_detection(
                connection, at_ms, detection.word, detection.scores, room, guest.id if guest else None
            )
            events.insert(connection, at_ms, "wake", {"detection": number, "word": detection.word, "room": room})
        return number

    def near_miss(self, word: str, at_ms: int) -> None:
        """Commit that something was almost taken for a wake word; nothing is kept of what it was."""
        connection = self._connect()
        guest = guests.current(connection)
        if not guest:
            events.append(connection, at_ms, "near_miss", {"word": word, "room": self._room})

    def keep(self, made: MadeRecord, detection: int | None) -> Recording | None:
        """Write a sealed recording in one transaction; it is safe when this returns.

        None, and nothing is written, while a guest stays of whom nothing is kept. Raises Outdated when it must be
        sealed once more, ValueError when its id is taken, StoreError; then nothing was stored, and the next recording
        begins a new epoch.
        """
        if not self._keeps(guests.current(self._connect()), detection):
            return None
        with self._transaction() as connection:
            guest = guests.current(connection)  # again: somebody may just have checked in or out
            if not self._keeps(guest, detection):
                return None
            if made.recipient != _recipient(connection, guest):
                raise Outdated
            if recordings.known(connection, [made.uid]):
                raise ValueError("an id that is taken")
            room = _room(guest, self._room)
            scores = json.dumps(dict(made.scores), sort_keys=True)
            row = recordings.Row(
                made.uid, None, None, made.at_ms, made.duration_ms, made.wake_word, room, str(made.mode), scores, 0,
                guest=made.recipient.guest,
            )  # fmt: skip
            self._insert(connection, row, made.recipient, made.sealed, detection)
            event = {"id": made.uid, "duration_ms": made.duration_ms, "wake_word": made.wake_word, "room": room}
            events.insert(connection, made.at_ms, "recording", event)
        return Recording(
            made.uid, made.at_ms, made.duration_ms, made.wake_word, room, made.mode,
            made.sealed.size if made.sealed else 0, dict(made.scores),
        )  # fmt: skip

    def commit(
        self,
        *,
        pcm: bytes,
        transcript: Transcript,
        at_ms: int,
        detection: int | None,
        wake_word: str,
        scores: Mapping[str, float],
    ) -> Recording | None:
        """Seal a recording here, and `keep` it. `pcm` is 16 kHz mono s16le."""
        while True:
            recipient = self.recipient()
            if recipient is None:
                return None
            made = make(
                self._sealer, recipient, mode=self._mode, pcm=pcm, transcript=transcript, at_ms=at_ms,
                wake_word=wake_word, scores=scores,
            )  # fmt: skip
            with contextlib.suppress(Outdated):
                recording = self.keep(made, detection)
                text = transcript if self._mode.has_text else None
                return recording and replace(recording, transcript=text, locked=False)

    def adopt(self, found: Sequence[Kept]) -> dict[str, bool]:
        """Seal and store recordings that were made before, in one transaction; those that are there stay as they are.

        Returns which ids were there; False for one whose purge is not done. Raises StoreError.
        """
        while True:
            with contextlib.suppress(Outdated):
                return self._adopt(found)

    def _adopt(self, found: Sequence[Kept]) -> dict[str, bool]:
        with self._transaction() as connection:
            there = recordings.known(connection, [kept.id for kept in found])
            recipient = _recipient(connection, None)
            for kept in found:
                if kept.id in there:
                    continue
                row = recordings.Row(
                    kept.id, None, None, kept.at_ms, kept.duration_ms, kept.wake_word, kept.room, str(kept.mode),
                    json.dumps(dict(kept.scores), sort_keys=True), 0, kept.feedback,
                )  # fmt: skip
                self._insert(connection, row, recipient, self._sealed(recipient, kept), None)
        return there

    def close(self) -> None:
        """Forget the chain key and close the database."""
        self._leave()
        if self._connection:
            with contextlib.suppress(StoreError, db.Error):  # whoever closes it next tries again
                wal.erase(self._connection, 0.0)
            self._connection.close()
            self._connection = None

    def _connect(self) -> db.Connection:
        if self._connection is None:
            self._connection = db.connect(paths.database(), create=True)
            purge.resume(self._connection)
        return self._connection

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[db.Connection]:
        connection = self._connect()
        try:
            with key_marker.writing(paths.database()), db.immediate(connection):
                yield connection
        except BaseException:
            # Whether it was committed is not certain: no key of this epoch may wrap anything again.
            self._leave()
            raise

    def _leave(self) -> None:
        self._sealer.leave()
        self._place = None

    def _sealed(self, recipient: Recipient, kept: Kept) -> SealedRecord | None:
        text = transcript_json.of_transcript(kept.transcript) if kept.transcript else b""
        audio = encoded(kept.pcm) if kept.pcm else b""
        correction = transcript_json.of_correction(kept.correction) if kept.correction else b""
        if not text and not audio:
            return None
        self._sealer.address(recipient)
        return self._sealer.seal(kept.id, kept.at_ms, text, audio, correction)

    def _insert(
        self,
        connection: db.Connection,
        row: recordings.Row,
        recipient: Recipient,
        sealed: SealedRecord | None,
        detection: int | None,
    ) -> None:
        """Write a row with what is sealed of it, and its wrapped key into its slot; an epoch comes with its first."""
        if sealed is None:
            recordings.insert(connection, row, [], detection)
            return
        if sealed.root:
            new = recordings.Epoch(sealed.epoch, recipient.gen, recipient.guest, self._wall.now_ms(), sealed.root)
            self._epoch = recordings.insert_epoch(connection, new)
        # A purge takes an epoch in which nothing is left, also the one that is being written.
        elif (recipient, sealed.epoch, sealed.seq) != self._place or not recordings.epoch(connection, self._epoch):
            raise Outdated
        self._place = recipient, sealed.epoch, sealed.seq + 1
        slabs.write(connection, self._epoch, sealed.seq, sealed.wrapped)
        row = row._replace(
            epoch=self._epoch, seq=sealed.seq, size=sealed.size, text=sealed.text, correction=sealed.correction
        )
        recordings.insert(connection, row, sealed.chunks, detection)

    def _keeps(self, guest: Guest | None, detection: int | None) -> bool:
        """Whether a recording is kept: not of a stay that is not stored, nor of one that ended while it was made."""
        staying = guest.id if guest else None
        return (guest is None or bool(guest.stored)) and (detection is None or staying == self._heard)


def _recipient(connection: db.Connection, guest: Guest | None) -> Recipient:
    row = rows.read(connection)
    if not row:
        return NOBODY
    own = guest.public if guest else None
    return Recipient(row.uid, row.gen, own or row.public, guest.id if guest else None)


def _room(guest: Guest | None, own: str) -> str:
    return guest.room if guest and guest.room else own
