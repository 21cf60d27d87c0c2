"""Bringing an exported folder back: what is good in it is sealed and kept, what is not is named.

Everything in the folder is taken for hostile: the index is checked value by value, no name leads out of the folder
and no link is followed, and sound is decoded by a process that may die of it. What is sealed is encoded anew, so
nothing of a foreign file reaches the vault but words and samples. Needs no key: the vault is only written.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from stat import S_ISREG

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import NotFound, UsageError, VaultLocked
from echoctl.model.speech import BYTES_PER_SECOND, StoreMode
from echoctl.services.history import index_entry
from echoctl.services.history.archiving import INDEX, SEALED_INDEX
from echoctl.services.history.recorder import Kept, Recorder
from echoctl.services.sandbox import decoder as decoding
from echoctl.store import events, recordings
from echoctl.store.database import db
from echoctl.text.format import size_text
from echoctl.vault import age, agefile
from echoctl.vault.format import KEY_BYTES

Identities = Sequence[tuple[str, bytearray]]
"""What opens age files: vault.age.decode."""

MOST_INDEX_BYTES = 1 << 30
MOST_SOUND_BYTES = 64 << 20

_BATCH_RECORDINGS = 50
_BATCH_BYTES = 16 << 20
"""Sound of a batch, which is one transaction: what was batched when the machine fails is imported again."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one line of the index."""

    line: int
    name: str
    """Its id, where that could be read."""
    problem: str = ""
    """Why it was left out; empty when it was kept."""
    present: bool = False
    """It was there already, and was left as it is."""


class Import:
    """One exported folder that is being imported."""

    def __init__(self, folder: str, identities: Identities = (), decoder: decoding.Decoder | None = None) -> None:
        """Open the folder and read its index. Raises NotFound, UsageError, VaultLocked.

        A decoder serves any number of imports; without one this makes its own.
        """
        self._identities = identities
        self._decoder = decoder or decoding.Decoder()
        self._own = decoder is None
        self._folder = _open_folder(folder)
        try:
            self._lines = self._index(folder)
        except BaseException:
            os.close(self._folder)
            raise
        self.total = len(self._lines)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._folder)
        if self._own:
            self._decoder.close()

    def run(self, *, dry_run: bool = False) -> Iterator[Step]:
        """Import, line by line; a line is reported when it is on the disk. Raises StoreError.

        With `dry_run` everything is looked at in the same way and nothing is written. Else, once the last line is
        reported, the log gets the number of recordings imported.
        """
        recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
        imported = 0
        try:
            for step in self._steps(recorder, dry_run):
                if not (step.problem or step.present):
                    imported += 1
                yield step
        finally:
            recorder.close()
        if imported and not dry_run:
            _log(imported)

    def _steps(self, recorder: Recorder, dry_run: bool) -> Iterator[Step]:
        batch: list[tuple[Step, Kept]] = []
        seen: set[str] = set()
        for step, kept in self._look(seen):
            if kept is None:
                yield step
                continue
            batch.append((step, kept))
            if len(batch) >= _BATCH_RECORDINGS or sum(len(one.pcm) for _, one in batch) > _BATCH_BYTES:
                yield from _store(recorder, batch, dry_run)
                batch = []
        yield from _store(recorder, batch, dry_run)

    def _look(self, seen: set[str]) -> Iterator[tuple[Step, Kept | None]]:
        """Each line as what it will become; None for one that is bad or given twice."""
        for number, raw in enumerate(self._lines, 1):
            step = Step(number, "")
            try:
                found, name = index_entry.parse(raw)
                step = replace(step, name=found.id)
                if found.id in seen:
                    raise ValueError("the index names it twice")
                seen.add(found.id)
                yield step, self._with_sound(found, name)
            except ValueError as problem:
                yield replace(step, problem=str(problem)), None

    def _with_sound(self, found: Kept, name: str | None) -> Kept:
        """`found` with the sound of the file `name`, as 16 kHz pcm. Raises ValueError with a message for a person."""
        if name is None:
            return found
        try:
            data = self._read(name, MOST_SOUND_BYTES)
        except OSError as exc:
            raise ValueError(f"{name}: {exc.strerror}") from None
        try:
            if name.endswith(".age"):
                data = agefile.read(data, self._identities)
            pcm = self._decoder.pcm(data)
        except agefile.AgeError as exc:
            raise ValueError(f"{name} does not open: {exc.kind}") from None
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from None
        return replace(found, pcm=pcm, duration_ms=len(pcm) * 1000 // BYTES_PER_SECOND)

    def _index(self, folder: str) -> list[bytes]:
        try:
            return self._read(INDEX, MOST_INDEX_BYTES).splitlines()
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as exc:
            raise UsageError(f"cannot read {INDEX} in {folder}: {exc}", "export the folder again") from None
        try:
            return agefile.read(self._read(SEALED_INDEX, MOST_INDEX_BYTES), self._identities).splitlines()
        except FileNotFoundError:
            raise NotFound(f"there is no {INDEX} in {folder}", "name a folder that history export has made") from None
        except (OSError, ValueError) as exc:
            raise UsageError(f"cannot read {SEALED_INDEX} in {folder}: {exc}", "export the folder again") from None
        except agefile.AgeError as exc:
            if exc.kind == agefile.AgeError.NO_MATCH:
                raise VaultLocked(
                    "this export is sealed for an age key", "give its identity: --identity FILE"
                ) from None
            raise UsageError(f"{SEALED_INDEX} in {folder} does not open: {exc.kind}", "export it again") from None

    def _read(self, name: str, most: int) -> bytes:
        """A plain file of the folder itself. Raises OSError, ValueError."""
        if name != os.path.basename(name) or name in (".", ".."):
            raise ValueError(f"{name} is not a name in this folder")
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._folder)
        with os.fdopen(file, "rb") as stream:
            info = os.fstat(file)
            if not S_ISREG(info.st_mode):
                raise ValueError(f"{name} is not a plain file")
            if info.st_size > most:
                raise ValueError(f"{name} is larger than {size_text(most)}")
            return stream.read(most)


def identities(path: str) -> Identities:
    """The identities of a file as age-keygen writes it. Raises UsageError."""
    hint = "it holds a line that begins with AGE-SECRET-KEY-1"
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file.read(1 << 20).splitlines()]
        found = [age.decode(line) for line in lines if line and not line.startswith("#")]
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot read an age identity from {path}: {exc}", hint) from None
    known = [one for one in found if one[0] in (age.PREFIX, age.HYBRID_PREFIX) and len(one[1]) == KEY_BYTES]
    if not known:
        raise UsageError(f"there is no age identity in {path}", hint)
    return known


def _log(count: int) -> None:
    """Add to the durable log how many recordings were imported; never which."""
    with db.session(paths.database()) as connection:
        events.append(connection, SystemClock().now_ms(), "import", {"count": count})


def _open_folder(folder: str) -> int:
    hint = "name a folder that history export has made"
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"no such folder: {folder}", hint) from None
    except OSError as exc:
        raise UsageError(f"cannot read {folder}: {exc.strerror}", hint) from None


def _store(recorder: Recorder, batch: Sequence[tuple[Step, Kept]], dry_run: bool) -> Iterator[Step]:
    """Commit what of a batch is not there yet."""
    there: dict[str, bool] = {}
    if batch and not dry_run:
        there = recorder.adopt([kept for _, kept in batch])
    elif db.exists(paths.database()):
        with db.session(paths.database()) as connection:
            there = recordings.known(connection, [kept.id for _, kept in batch])
    for step, kept in batch:
        if there.get(kept.id, True):
            yield replace(step, present=kept.id in there)
        else:
            yield replace(step, problem="it is being deleted, and can come back when that is done: echoctl db check")
