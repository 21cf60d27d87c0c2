import contextlib
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import VaultLocked
from echoctl.model.speech import Feedback, Selection, StoreMode
from echoctl.services.history import archiving, exporting, reader, verifying
from echoctl.services.history.recorder import Recorder
from echoctl.services.history.verifying import State
from echoctl.services.purging import guests
from echoctl.services.vault import unlocking
from echoctl.store import recordings
from echoctl.store.database import db
from tests.heard import MORNING_MS, chooses, nobody, pcm, say
from tests.services.history.damage import change

PAGE = db.PAGE_SIZE


@pytest.fixture
def five(recorder: Recorder) -> list[str]:
    """Five recordings; the third has three chunks of sound and a correction."""
    ids = [say(recorder, f"number {n}", MORNING_MS + n, sound=pcm(6.0 if n == 2 else 0.2)).id for n in range(5)]
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        opened.feedback(ids[2], Feedback.WRONG, "number two")
    return ids


def verdict() -> tuple[dict[str, State], list[str]]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        found = {finding.name: finding.state for finding in verifying.recordings_of(opened)}
        return {name: state for name, state in found.items() if state != State.WHOLE}, verifying.problems(opened)


def test_a_good_store_has_nothing_to_say(five: list[str], vault: Path) -> None:
    for mode in (StoreMode.TIMES, StoreMode.TRANSCRIPT, StoreMode.AUDIO):
        with contextlib.closing(Recorder(mode=mode, room="", wall=SystemClock())) as other:
            say(other, "hello", MORNING_MS + 10)
    before = Path(paths.database()).read_bytes()
    assert verdict() == ({}, [])
    assert Path(paths.database()).read_bytes() == before


_BREAKS = {
    "text": "UPDATE recording SET text = zeroblob(length(text)) WHERE uid = ?",
    "correction": "UPDATE recording SET correction = zeroblob(100) WHERE uid = ?",
    "no text": "UPDATE recording SET text = NULL WHERE uid = ?",
    "time": "UPDATE recording SET at_ms = at_ms + 1 WHERE uid = ?",
    "place": "UPDATE recording SET seq = 200 WHERE uid = ?",
    "mode": "UPDATE recording SET mode = 'loud' WHERE uid = ?",
    "scores": "UPDATE recording SET scores = '{' WHERE uid = ?",
    "first chunk": "DELETE FROM chunk WHERE n = 0 AND recording = (SELECT id FROM recording WHERE uid = ?)",
    "second chunk": "DELETE FROM chunk WHERE n = 1 AND recording = (SELECT id FROM recording WHERE uid = ?)",
    "a bit": "UPDATE chunk SET sealed = zeroblob(65552) WHERE n = 1 AND recording ="
    " (SELECT id FROM recording WHERE uid = ?)",
    "all sound": "DELETE FROM chunk WHERE recording = (SELECT id FROM recording WHERE uid = ?)",
}


@pytest.mark.parametrize("how", list(_BREAKS))
def test_a_damaged_recording_is_named_and_no_other(five: list[str], how: str) -> None:
    change(_BREAKS[how], five[2])
    assert verdict()[0] == {five[2]: State.DAMAGED}


def test_a_recording_whose_end_was_never_written_is_incomplete(five: list[str]) -> None:
    change("DELETE FROM chunk WHERE n = 2")
    assert verdict() == ({five[2]: State.INCOMPLETE}, [])


def test_several_at_once_are_all_named(five: list[str]) -> None:
    change("UPDATE recording SET text = zeroblob(64) WHERE uid = ?", five[0])
    change("DELETE FROM chunk WHERE n > 0")
    change("UPDATE recording SET at_ms = 5 WHERE uid = ?", five[4])
    assert verdict()[0] == {five[0]: State.DAMAGED, five[2]: State.INCOMPLETE, five[4]: State.DAMAGED}


def test_a_lost_epoch_takes_its_own_recordings_and_no_others(five: list[str]) -> None:
    change("UPDATE epoch SET sealed = zeroblob(1168)")
    with contextlib.closing(Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())) as other:
        good = say(other, "later", MORNING_MS + 10).id
    assert good not in verdict()[0] and set(verdict()[0]) == set(five)


def test_a_damaged_page_costs_what_lies_on_it(vault: Path) -> None:
    """Pages of the table are overwritten in the file itself: the rows of other pages are still read and named whole."""
    with contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=SystemClock())) as recorder:
        ids = [say(recorder, "word " * 60, MORNING_MS + n, sound=bytes(640)).id for n in range(120)]
    path = Path(paths.database())
    with contextlib.closing(db.connect(str(path))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        where = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'recording'").fetchone()[0]
    data = bytearray(path.read_bytes())
    child = int.from_bytes(data[(where - 1) * PAGE + 12 :][:2], "big")  # the cell that points to the first leaf
    leaf = int.from_bytes(data[(where - 1) * PAGE + child :][:4], "big")
    data[(leaf - 1) * PAGE : leaf * PAGE] = bytes(PAGE)
    path.write_bytes(data)
    bad, problems = verdict()
    assert problems and 0 < len(bad) < 40
    assert all(name.startswith("row ") and state == State.UNREADABLE for name, state in bad.items())
    with contextlib.closing(db.connect(str(path))) as connection:
        rows = [row for _, row in recordings.walk(connection)]
    assert [row.uid for row in rows if row] == ids[len(bad) :]


def test_a_damaged_way_in_is_a_problem(five: list[str]) -> None:
    unlocking.make_recovery(nobody)
    change("UPDATE keyslots SET slots = CAST(substr(slots, 1, 300) || x'77' || substr(slots, 302) AS BLOB)")
    bad, problems = verdict()
    assert bad == {} and problems == ["the recovery slot is damaged"]


def test_a_locked_vault_is_not_verified(five: list[str]) -> None:
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened
        with pytest.raises(VaultLocked):
            list(verifying.recordings_of(opened))


def test_what_was_purged_leaves_gaps_that_are_no_damage(five: list[str]) -> None:
    from echoctl.services.purging import purge

    purge.run(purge.plan(Selection(ids=tuple(five[1:4]))))
    assert verdict() == ({}, [])


def test_a_guests_private_stay_is_neither_whole_nor_damaged(
    five: list[str], recorder: Recorder, tmp_path: Path
) -> None:
    guests.check_in(guests.CheckIn("Ann", private=True))
    theirs = say(recorder, "theirs", MORNING_MS + 100).id
    assert verdict() == ({theirs: State.LOCKED}, [])
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        everything = opened.ids(Selection(all=True))
        done = list(archiving.to_archive(opened, everything, str(tmp_path / "out")))
        done += list(exporting.to_folder(opened, everything, "flac", str(tmp_path)))
    assert {one.id for one in done if one.problem} == {theirs} and len(done) == 12
