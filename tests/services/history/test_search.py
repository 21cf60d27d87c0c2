import contextlib
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import UsageError, VaultLocked
from echoctl.model.speech import Feedback, Selection, StoreMode, Transcript
from echoctl.services.history import reader, search
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.store.database import db
from tests.heard import MORNING_MS, chooses, nobody, say

ALL = Selection(all=True)


def heard(texts: list[str]) -> list[str]:
    """Texts without sound, a second apart; returns their ids."""
    with contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="hall", wall=SystemClock())) as recorder:
        return [
            recorder.commit(
                pcm=bytes(640), transcript=Transcript(text), at_ms=MORNING_MS + n * 1000, detection=None, wake_word="",
                scores={},
            ).id
            for n, text in enumerate(texts)
        ]  # fmt: skip


def find(matches: search.Matcher, selection: Selection = ALL) -> list[str]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        return list(search.Search(opened, matches, selection))


def change(query: str, *values: object) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection, db.immediate(connection):
        connection.execute(query, values)


def test_words_are_found_whatever_their_case_newest_first(vault: Path) -> None:
    ids = heard(["turn on the Light", "what time is it", "the LIGHT is off", "lights"])
    assert find(search.containing("light")) == [ids[3], ids[2], ids[0]]
    assert find(search.containing("  the   light ")) == [ids[2], ids[0]]
    assert find(search.containing("light the")) == []


def test_accents_match_however_they_are_written(vault: Path) -> None:
    ids = heard(["cafe\u0301 au lait", "STRASSE", "caf\u00c9"])
    assert find(search.containing("CAF\u00c9")) == [ids[2], ids[0]]
    assert find(search.containing("stra\u00dfe")) == [ids[1]]


def test_a_regular_expression_is_found_anywhere(vault: Path) -> None:
    ids = heard(["set a timer for 10 minutes", "TIMER for 5", "time"])
    assert find(search.like(r"timer .*\d+")) == [ids[1], ids[0]]
    assert find(search.like(r"^time$")) == [ids[2]]


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "[z-a]", "\\"])
def test_a_bad_expression_is_a_usage_error(pattern: str) -> None:
    with pytest.raises(UsageError, match="regular expression"):
        search.like(pattern)


@pytest.mark.parametrize("words", ["", "  ", "\n"])
def test_nothing_is_no_search(words: str) -> None:
    with pytest.raises(UsageError, match="what to search for"):
        search.containing(words)


def test_a_selection_narrows_a_search(vault: Path) -> None:
    ids = heard(["light"] * 5)
    assert find(search.containing("light"), Selection(since_ms=MORNING_MS + 2000)) == ids[:1:-1]
    assert find(search.containing("light"), Selection(room="kitchen")) == []
    assert find(search.containing("light"), Selection()) == []


def test_what_a_person_corrected_is_found_as_well(recorder: Recorder) -> None:
    made = say(recorder, "turn on the kitchen late").id
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        opened.feedback(made, Feedback.WRONG, "turn on the kitchen light")
    assert find(search.containing("light")) == find(search.containing("late")) == [made]


@pytest.mark.slow
def test_it_stops_as_soon_as_nobody_asks_for_more(vault: Path) -> None:
    ids = heard(["light"] * 300)
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        looking = search.Search(opened, search.containing("light"), ALL)
        assert next(iter(looking)) == ids[-1]
        assert looking.looked == 1
        assert list(search.Search(opened, search.containing("light"), ALL, before=ids[3])) == ids[2::-1]
        assert search.matching(opened, search.containing("light"), ALL) == (tuple(ids[::-1]), 0)


def test_epochs_that_lie_between_each_other_are_walked_once(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers at once: their recordings take turns, and a walk costs as much as fifty texts."""
    from echoctl.vault.epoch import VaultReader

    with contextlib.ExitStack() as stack:
        two = [
            stack.enter_context(contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=SystemClock())))
            for _ in range(2)
        ]
        for n in range(40):
            say(two[n % 2], "light", MORNING_MS + n)
    walks = []
    walk = VaultReader._wrapping_of

    def counted(self: VaultReader, epoch: bytes, sealed: bytes) -> list[bytearray]:
        walks.append(epoch not in self._walked)
        return walk(self, epoch, sealed)

    monkeypatch.setattr(VaultReader, "_wrapping_of", counted)
    assert len(find(search.containing("light"))) == 40
    assert sum(walks) == 2 and len(walks) > 30


_BREAKS = {
    "text": "UPDATE recording SET text = zeroblob(length(text)) WHERE uid = ?",
    "short text": "UPDATE recording SET text = x'00' WHERE uid = ?",
    "time": "UPDATE recording SET at_ms = at_ms + 1 WHERE uid = ?",
    "place": "UPDATE recording SET seq = 77 WHERE uid = ?",
    "far place": "UPDATE recording SET seq = 1000000 WHERE uid = ?",
    "below": "UPDATE recording SET seq = -1 WHERE uid = ?",
    "name": "UPDATE recording SET uid = substr(uid, 1, 20) || '!!' WHERE uid = ?",
}


@pytest.mark.parametrize("how", list(_BREAKS))
def test_one_that_does_not_open_is_counted_and_hides_no_other(vault: Path, how: str) -> None:
    ids = heard(["light"] * 3)
    change(_BREAKS[how], ids[1])
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        found, damaged = search.matching(opened, search.containing("light"), ALL)
    assert (found, damaged) == ((ids[2], ids[0]), 1)


@pytest.mark.parametrize("query", ["UPDATE epoch SET sealed = zeroblob(1168)", "DELETE FROM keyslab"])
def test_an_epoch_that_does_not_open_takes_only_its_own(vault: Path, query: str) -> None:
    heard(["light"] * 3)
    change(query)
    ids = heard(["light"])
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        found, damaged = search.matching(opened, search.containing("light"), ALL)
    assert (found, damaged) == (tuple(ids), 3)


def test_a_locked_vault_is_not_searched(vault: Path) -> None:
    heard(["light"])
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened
        with pytest.raises(VaultLocked):
            list(search.Search(opened, search.containing("light"), ALL))
