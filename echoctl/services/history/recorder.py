"""Writing: what the ear uses. It holds the vault's public key and can seal; it holds no key that opens anything."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from echoctl import paths
from echoctl.clock import Clock, id_bytes, new_id
from echoctl.errors import NotFound, StoreError
from echoctl.model.speech import BYTES_PER_SECOND, Detection, Feedback, Recording, StoreMode, Transcript
from echoctl.services.history import transcript_json
from echoctl.services.purging import purge
from echoctl.store import events, guests, recordings, slabs
from echoctl.store import vaults as rows
from echoctl.store.database import db, key_marker, wal
from echoctl.store.guests import Guest
from echoctl.vault import keys
from echoctl.vault.epoch import RecordKey, Writer


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


class Recorder:
    """Commits what was heard. Opens the database at the first use; one recorder per process."""

    def __init__(self, *, mode: StoreMode, room: str, wall: Clock) -> None:
        self._mode = mode
        self._room = room
        self._wall = wall
        self._connection: db.Connection | None = None
        self._writer: Writer | None = None
        self._sealed_to: tuple[int, bytes] = (0, b"")
        self._epoch = 0
        self._guest: int | None = None
        """The guest whose stay the epoch belongs to; None: nobody's."""
        self._heard: int | None = None
        """The guest who was staying when a wake word was last heard."""

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
        """Seal and store a recording in one transaction; it is safe when this returns.

        `pcm` is 16 kHz mono s16le; what is kept of it and of the text is up to the mode. None, and nothing is
        written, while a guest stays of whom nothing is kept. Raises StoreError; then nothing was stored, and the
        next recording begins a new epoch.
        """
        guest = guests.current(self._connect())
        if not self._keeps(guest, detection):
            return None
        duration_ms = len(pcm) * 1000 // BYTES_PER_SECOND
        uid = new_id(at_ms)
        audio = self._encode(pcm) if self._mode in (StoreMode.AUDIO, StoreMode.BOTH) else b""
        text = (
            transcript_json.of_transcript(transcript) if self._mode in (StoreMode.TRANSCRIPT, StoreMode.BOTH) else b""
        )
        plain = recordings.Row(
            uid, None, None, at_ms, duration_ms, wake_word, _room(guest, self._room), str(self._mode),
            json.dumps(dict(scores), sort_keys=True), 0,
        )  # fmt: skip
        with self._transaction() as connection:
            guest = guests.current(connection)  # again: somebody may just have checked in or out
            if not self._keeps(guest, detection):
                return None
            plain = plain._replace(guest=guest.id if guest else None)
            row, chunks = self._sealed(connection, plain, text, audio)
            recordings.insert(connection, row, chunks, detection)
            event = {"id": uid, "duration_ms": duration_ms, "wake_word": wake_word, "room": plain.room}
            events.insert(connection, at_ms, "recording", event)
        kept = transcript if text else None
        return Recording(
            uid, at_ms, duration_ms, wake_word, plain.room, self._mode, row.size, dict(scores), None, kept, False
        )

    def adopt(self, found: Sequence[Kept]) -> dict[str, bool]:
        """Seal and store recordings that were made before, in one transaction; those that are there stay as they are.

        Returns which ids were there; False for one whose purge is not done. Raises StoreError.
        """
        with self._transaction() as connection:
            there = recordings.known(connection, [kept.id for kept in found])
            for kept in found:
                if kept.id in there:
                    continue
                text = transcript_json.of_transcript(kept.transcript) if kept.transcript else b""
                audio = self._encode(kept.pcm) if kept.pcm else b""
                plain = recordings.Row(
                    kept.id, None, None, kept.at_ms, kept.duration_ms, kept.wake_word, kept.room, str(kept.mode),
                    json.dumps(dict(kept.scores), sort_keys=True), 0, kept.feedback,
                )  # fmt: skip
                row, chunks = self._sealed(connection, plain, text, audio, kept.correction)
                recordings.insert(connection, row, chunks, None)
        return there

    def close(self) -> None:
        """Forget the chain key and close the database."""
        if self._writer:
            self._writer.abandon()
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
            if self._writer:
                self._writer.abandon()
            raise

    def _sealed(
        self, connection: db.Connection, plain: recordings.Row, text: bytes, audio: bytes, correction: str | None = None
    ) -> tuple[recordings.Row, list[bytes]]:
        """The row with its sealed text and the sealed chunks; the wrapped key is in its slot."""
        if not text and not audio:
            return plain, []
        key, seq = self._next_key(connection, plain)
        with key:
            sealed = key.seal_text(text) if text else None
            chunks = key.seal_audio(audio) if audio else []
            corrected = (
                key.seal_text(transcript_json.of_correction(correction), "correction") if correction and text else None
            )
        size = len(sealed or b"") + sum(map(len, chunks))
        return plain._replace(epoch=self._epoch, seq=seq, size=size, text=sealed, correction=corrected), chunks

    def _keeps(self, guest: Guest | None, detection: int | None) -> bool:
        """Whether a recording is kept: not of a stay that is not stored, nor of one that ended while it was made."""
        staying = guest.id if guest else None
        return (guest is None or bool(guest.stored)) and (detection is None or staying == self._heard)

    def _next_key(self, connection: db.Connection, plain: recordings.Row) -> tuple[RecordKey, int]:
        writer = self._open_writer(connection, guests.current(connection) if plain.guest is not None else None)
        now_ms = self._wall.now_ms()
        # A purge may have taken our epoch, when nothing was left in it.
        if writer.needs_epoch(now_ms) or plain.guest != self._guest or not recordings.epoch(connection, self._epoch):
            uid, sealed = writer.begin(now_ms)
            new = recordings.Epoch(uid, self._sealed_to[0], plain.guest, now_ms, sealed)
            self._epoch, self._guest = recordings.insert_epoch(connection, new), plain.guest
        key, place = writer.next_key(id_bytes(plain.uid), plain.at_ms)
        slabs.write(connection, self._epoch, place.seq, place.wrapped)
        return key, place.seq

    def _open_writer(self, connection: db.Connection, guest: Guest | None) -> Writer:
        """The writer for the vault as it is now: a new seed needs a new writer, and so does a private stay."""
        row = rows.read(connection)
        if not row:
            raise NotFound("there is no vault yet", "make one: echoctl vault init")
        public = (guest and guest.public) or row.public
        if self._writer is None or self._sealed_to != (row.gen, public):
            self._writer = Writer(keys.Vault(*row._replace(public=public)))
            self._sealed_to = (row.gen, public)
        return self._writer

    @staticmethod
    def _encode(pcm: bytes) -> bytes:
        from echoctl.audio import codec  # noqa: PLC0415 - numpy and libsndfile, only where audio is kept

        return codec.encode_flac(pcm)


def _room(guest: Guest | None, own: str) -> str:
    return guest.room if guest and guest.room else own
