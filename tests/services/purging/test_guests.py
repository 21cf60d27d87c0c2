import contextlib
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import NotFound, UsageError, VaultLocked
from echoctl.model.speech import Detection, Selection
from echoctl.services import state
from echoctl.services.history import reader, search
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import guests, purge
from echoctl.services.purging.guests import CheckIn
from echoctl.services.vault.credential import GuestCredential
from tests.heard import MORNING_MS, nobody, say
from tests.services.purging.stored import files, listed, rows, wraps

ALL = Selection(all=True)


def written() -> list[bytes]:
    """The database and its log; the third file holds locks and changes when it is read."""
    return [Path(paths.database() + end).read_bytes() for end in ("", "-wal")]


def test_what_a_guest_said_goes_at_check_out_and_nothing_else(recorder: Recorder) -> None:
    mine = say(recorder, "mine")
    assert guests.check_in(CheckIn("Ann", room="guest room")) is None
    theirs = say(recorder, "theirs", MORNING_MS + 1)
    assert theirs.room == "guest room"
    recorder.detected(Detection("alexa", 0, 0, 0), MORNING_MS + 2)
    assert listed() == {mine.id: "mine", theirs.id: "theirs"}
    before = wraps()
    assert guests.plan("Ann").ids == (theirs.id,)
    Path(paths.device_key()).rename(Path(paths.device_key()).with_suffix(".away"))
    report = guests.check_out("Ann")
    assert (report.count, report.keys_dead, report.done) == (1, True, True)
    Path(paths.device_key()).with_suffix(".away").rename(paths.device_key())
    after = say(recorder, "after", MORNING_MS + 3)
    assert listed() == {mine.id: "mine", after.id: "after"}
    assert before[theirs.id][:16] not in files()
    assert rows("SELECT count(*) FROM detection WHERE guest IS NOT NULL") == [(0,)]
    [receipt] = purge.receipts()
    assert (receipt.why, receipt.count) == ("guest check-out", 1)
    [(stay, count)] = guests.stays()
    assert (stay.name, count) == ("", 0)
    assert b"Ann" not in files()


def test_a_private_stay_opens_for_the_guest_alone(recorder: Recorder) -> None:
    mine = say(recorder, "mine")
    line = guests.check_in(CheckIn("Ann", private=True))
    assert line and line.startswith("AGE-SECRET-KEY-PQ-1")
    theirs = say(recorder, "theirs", MORNING_MS + 1)
    assert listed() == {mine.id: "mine", theirs.id: None}
    assert listed(GuestCredential(line)) == {mine.id: None, theirs.id: "theirs"}
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert tuple(search.Search(opened, search.containing("theirs"), ALL)) == ()
        with pytest.raises(VaultLocked, match="private stay"):
            opened.show(theirs.id)
    with reader.opened(GuestCredential(line.lower()), needs_key=True) as opened:
        assert opened
        assert tuple(search.Search(opened, search.containing("theirs"), ALL)) == (theirs.id,)
    assert line.encode() not in files()
    assert guests.check_out("Ann").count == 1
    with pytest.raises(VaultLocked, match="opens no stay"), reader.opened(GuestCredential(line), needs_key=True):
        pass
    assert listed() == {mine.id: "mine"}


@pytest.mark.parametrize("line", ["", "AGE-SECRET-KEY-1QQQ", "AGE-SECRET-KEY-PQ-1QQQQQQ", "nonsense"])
def test_a_line_that_is_no_identity_says_so(line: str) -> None:
    with pytest.raises(UsageError, match="not a guest's identity"):
        GuestCredential(line)


def test_of_a_stay_that_is_not_stored_nothing_is_written(recorder: Recorder) -> None:
    say(recorder, "mine")
    guests.check_in(CheckIn("Ann", stored=False))
    before = written()
    assert recorder.detected(Detection("alexa", 0, 0, 0), MORNING_MS + 1) is None
    recorder.near_miss("alexa", MORNING_MS + 1)
    assert say(recorder, "theirs", MORNING_MS + 1) is None
    assert written() == before
    guests.check_out("Ann")
    assert say(recorder, "after", MORNING_MS + 2).id in listed()


@pytest.mark.parametrize("before", [None, "Ann"])
def test_what_began_before_a_stay_changed_is_not_kept(recorder: Recorder, before: str | None) -> None:
    """Half of it is the guest's: it belongs to nobody."""
    if before:
        guests.check_in(CheckIn(before))
    detection = recorder.detected(Detection("alexa", 0, 0, 0), MORNING_MS)
    guests.check_out(before) if before else guests.check_in(CheckIn("Ann"))
    from echoctl.model.speech import Transcript

    kept = recorder.commit(
        pcm=bytes(640), transcript=Transcript("half"), at_ms=MORNING_MS, detection=detection, wake_word="", scores={}
    )
    assert kept is None
    assert listed() == {}


def test_one_stay_at_a_time_and_only_who_is_here_can_leave(vault: Path) -> None:
    guests.check_in(CheckIn("Ann"))
    with pytest.raises(UsageError, match="Ann is staying"):
        guests.check_in(CheckIn("Bob"))
    with pytest.raises(NotFound, match="Bob"):
        guests.check_out("Bob")
    with pytest.raises(UsageError, match="needs a name"):
        guests.check_in(CheckIn(" "))
    guests.check_out("Ann")
    guests.check_in(CheckIn("Bob"))


def test_a_muted_stay_ends_with_the_mute_it_began_with(vault: Path) -> None:
    guests.check_in(CheckIn("Ann", muted=True))
    assert state.snapshot().muted
    guests.check_out("Ann")
    assert not state.snapshot().muted
    guests.check_in(CheckIn("Bob", muted=True))
    state.set_muted(False, "echoctl unmute")
    state.set_muted(True, "echoctl mute")
    guests.check_out("Bob")
    assert state.snapshot().muted


def test_who_should_have_left_is_checked_out(recorder: Recorder) -> None:
    now_ms = SystemClock().now_ms()
    guests.check_in(CheckIn("Ann", until_ms=now_ms + 60_000))
    say(recorder, "theirs")
    assert guests.check_out_overdue() == []
    with contextlib.closing(__import__("sqlite3").connect(paths.database())) as connection, connection:
        connection.execute("UPDATE guest SET until_ms = ?", (now_ms - 1,))
    assert [report.count for report in guests.check_out_overdue()] == [1]
    assert listed() == {}
    assert guests.check_out_overdue() == []
