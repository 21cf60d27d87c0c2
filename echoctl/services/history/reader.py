"""The history: what was heard, opened as far as the vault is open."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from echoctl import paths
from echoctl.clock import id_bytes
from echoctl.errors import EchoctlError, NotFound, StoreError, VaultDamaged, VaultLocked
from echoctl.model.speech import Feedback, Recording, Selection, StoreMode
from echoctl.services.history import lookup, transcript_json
from echoctl.services.purging import purge
from echoctl.services.vault import unlocking
from echoctl.services.vault.credential import Credential
from echoctl.store import guests, recordings, slabs
from echoctl.store.database import db
from echoctl.vault import agefile
from echoctl.vault import format as fmt
from echoctl.vault.epoch import DAMAGED_HINT, Place, RecordKey, VaultReader
from echoctl.vault.primitives import DoesNotOpen

_KEPT_EPOCHS = 32
"""Slabs kept at hand, 12 kB each."""

_IDENTITY_HINT = "a guest opens a private stay with the identity that was shown at check-in: --identity FILE"


class History:
    """The store, and the vault's reader where it could be opened."""

    def __init__(self, connection: db.Connection, reader: VaultReader | None, problem: EchoctlError | None) -> None:
        self.connection = connection
        self._reader = reader
        self._epochs: dict[int, tuple[tuple[bytes, bytes] | None, bytes]] = {}
        self._foreign: dict[int, bool] = {}
        self.problem = problem
        """Why the vault is not open, where no key was required."""

    @property
    def reader(self) -> VaultReader:
        """What opens recordings. Raises VaultLocked, or whatever kept the vault from being opened."""
        if self._reader is None:
            raise self.problem or VaultLocked("the vault is locked")
        return self._reader

    def epoch(self, number: int) -> tuple[tuple[bytes, bytes] | None, bytes]:
        """An epoch's id and sealed root (None: it is gone), and its slab; kept, since neighbours share it."""
        if number not in self._epochs:
            while len(self._epochs) >= _KEPT_EPOCHS:
                del self._epochs[next(iter(self._epochs))]
            found = recordings.epoch(self.connection, number), slabs.read(self.connection, number)
            self._epochs[number] = found
        return self._epochs[number]

    def foreign(self, number: int) -> bool:
        """Whether an epoch is sealed to somebody else: a guest's private stay, or for the guest anything but that."""
        if number not in self._foreign:
            self._foreign[number] = guests.private_epoch(self.connection, number) != self.reader.guest
        return self._foreign[number]

    def page(self, selection: Selection, limit: int, before: str | None = None) -> list[Recording]:
        """The newest `limit` recordings (0: all), those older than the id `before` if given.

        A recording that does not open is marked as damaged; the others are not affected.
        """
        rows = recordings.page(self.connection, selection, limit, before)
        return [recording for row in rows if (recording := self._listed(row))]

    def count(self) -> int:
        """How many recordings there are."""
        return recordings.count(self.connection)[0]

    def ids(self, selection: Selection) -> list[str]:
        """The ids of everything that the selection names, oldest first."""
        return [found.uid for found in recordings.find(self.connection, selection)]

    def show(self, prefix: str) -> Recording:
        """One recording with its text. Raises NotFound, StoreError, UsageError, VaultDamaged."""
        row = self._row(prefix)
        return self._opened(row) if row.epoch is not None else _recording(row)

    def examine(self, row: recordings.Row) -> Recording:
        """Open everything that there is of a recording. Raises StoreError, VaultLocked, VaultDamaged."""
        recording = self._opened(row) if row.epoch is not None else _recording(row)
        if recording.mode not in (StoreMode.AUDIO, StoreMode.BOTH):
            return recording
        with self._audio(row) as (key, chunks):
            try:
                key.open_audio(chunks)
            except DoesNotOpen:
                key.open_audio_start(chunks)
                recording = replace(recording, incomplete=True)
        return recording

    def flac(self, prefix: str) -> tuple[Recording, bytes]:
        """One recording and its audio as a FLAC file; of an incomplete one as much as is there.

        Raises NotFound, StoreError, UsageError, VaultDamaged.
        """
        row = self._row(prefix)
        with self._audio(row) as (key, chunks):
            try:
                return _recording(row), key.open_audio(chunks)
            except DoesNotOpen:
                start = key.open_audio_start(chunks)
        from echoctl.audio import codec  # noqa: PLC0415 - numpy and libsndfile, only where audio is mended

        if not (pcm := codec.decode_start_of_flac(start)):
            raise self.failure(row)
        return replace(_recording(row), incomplete=True), codec.encode_flac(pcm)

    def age_file(self, prefix: str, recipients: Sequence[tuple[str, bytes]]) -> tuple[Recording, bytes]:
        """One recording's audio as an age file that holds FLAC; sealed anew only where it is incomplete.

        Raises as `flac` does.
        """
        recording, flac = self.flac(prefix)  # age refuses a payload that does not open whole, so look first
        if recording.incomplete:
            return recording, agefile.seal(flac, recipients)
        with self._audio(self._row(prefix)) as (key, chunks):
            return recording, key.age_file(chunks, recipients)

    @contextlib.contextmanager
    def _audio(self, row: recordings.Row) -> Iterator[tuple[RecordKey, list[bytes]]]:
        """A recording's key and its chunks; what does not open inside is a damaged recording."""
        if row.mode not in (StoreMode.AUDIO, StoreMode.BOTH):
            raise NotFound(f"{row.uid} has no audio", f"it was stored with --store {row.mode}")
        try:
            with self._key(row) as key:
                yield key, recordings.chunks(self.connection, row.uid)
        except DoesNotOpen:
            raise self.failure(row) from None

    def feedback(self, prefix: str, word: Feedback, text: str | None) -> str:
        """Note whether a transcript was right; `text` is what was said instead. Returns the id.

        The correction is sealed with the recording's own key, so it needs an open vault; the rest does not.
        """
        row = self._row(prefix)
        if row.mode not in (StoreMode.TRANSCRIPT, StoreMode.BOTH):
            raise NotFound(f"{row.uid} has no transcript", f"it was stored with --store {row.mode}")
        correction = None
        if text is not None:
            with self._key(row) as key:
                correction = key.seal_text(transcript_json.of_correction(text), "correction")
        with db.immediate(self.connection):
            recordings.set_feedback(self.connection, row.uid, word, correction)
        return row.uid

    def _row(self, prefix: str) -> recordings.Row:
        row = recordings.get(self.connection, lookup.find(self.connection, prefix))
        if row is None:
            raise lookup.unknown(prefix)
        return row

    def _listed(self, row: recordings.Row) -> Recording | None:
        if row.epoch is None:
            return _recording(row)
        if self._reader is None:
            return replace(_recording(row), locked=row.text is not None)
        try:
            return self._opened(row)
        except VaultLocked:
            return replace(_recording(row), locked=True)
        except VaultDamaged:
            return replace(_recording(row), damaged=True)
        except NotFound:
            return None

    def _opened(self, row: recordings.Row) -> Recording:
        """With the text, and the correction where there is one. Raises VaultDamaged."""
        wanted = row.mode in (StoreMode.TRANSCRIPT, StoreMode.BOTH)
        try:
            with self._key(row) as key:
                if wanted and row.text is None:
                    raise DoesNotOpen
                transcript = transcript_json.transcript(key.open_text(row.text)) if row.text else None
                correction = (
                    transcript_json.correction(key.open_text(row.correction, "correction")) if row.correction else None
                )
        except (DoesNotOpen, ValueError):
            raise self.failure(row) from None
        return replace(_recording(row), transcript=transcript, correction=correction)

    def failure(self, row: recordings.Row | recordings.Sealed) -> EchoctlError:
        """Why a recording does not open: somebody has just purged it, or given the vault new keys, or it is damaged."""
        if recordings.get(self.connection, row.uid) is None:
            return lookup.unknown(row.uid)
        if self.reader.guest is None and unlocking.read(self.connection).gen != self.reader.gen:
            return VaultLocked("the vault has got new keys meanwhile", "try again")
        return VaultDamaged(f"recording {row.uid} does not open", DAMAGED_HINT)

    def _key(self, row: recordings.Row) -> RecordKey:
        """The key of a recording. Raises NotFound, VaultLocked, VaultDamaged."""
        reader = self.reader
        if row.epoch is not None and self.foreign(row.epoch):
            whose = "a guest's private stay" if reader.guest is None else "the owner of the vault"
            raise VaultLocked(f"recording {row.uid} belongs to {whose}", _IDENTITY_HINT)
        epoch, slab = self.epoch(row.epoch or 0)
        if row.epoch is None or row.seq is None or epoch is None:
            raise self.failure(row)
        wrapped = slab[row.seq * fmt.WRAP_BYTES : (row.seq + 1) * fmt.WRAP_BYTES]
        try:
            return reader.record(*epoch, Place(row.seq, wrapped), id_bytes(row.uid), row.at_ms)
        except (VaultDamaged, ValueError):
            raise self.failure(row) from None


@contextlib.contextmanager
def opened(credential: Credential, *, needs_key: bool) -> Iterator[History | None]:
    """The history, or None when nothing was ever stored (nothing is made then).

    With `needs_key` a vault that does not open is an error. Without, it is an error only when a passphrase was given
    and is wrong; else texts stay locked, and `problem` says why.
    """
    if not db.exists(paths.database()):
        yield None
        return
    with db.session(paths.database()) as connection, contextlib.ExitStack() as stack:
        purge.resume(connection)
        reader, problem = None, None
        try:
            reader = stack.enter_context(unlocking.unlock(connection, credential))
        except (VaultLocked, VaultDamaged, NotFound) as error:
            if (needs_key and not isinstance(error, NotFound)) or credential.given:
                raise
            problem = error
        yield History(connection, reader, problem)


def _recording(row: recordings.Row) -> Recording:
    """Without what is sealed. Raises StoreError for values that echoctl never writes."""
    try:
        return Recording(
            id=row.uid,
            at_ms=row.at_ms,
            duration_ms=row.duration_ms,
            wake_word=row.wake_word,
            room=row.room,
            mode=StoreMode(row.mode),
            size=row.size,
            scores=json.loads(row.scores),
            feedback=Feedback(row.feedback) if row.feedback else None,
            locked=False,
        )
    except ValueError:
        raise StoreError(f"the row of recording {row.uid} is damaged", "echoctl db check looks at the rest") from None
