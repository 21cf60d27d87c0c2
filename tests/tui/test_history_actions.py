"""The verbs of the history, by their keys."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from echoctl.errors import DeviceError
from echoctl.model.speech import Recording, Selection, StoreMode
from echoctl.services.history import reader, search
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.tui.history_actions import HistoryActions
from echoctl.tui.widgets.history import row
from echoctl.tui.widgets.lines import span
from tests.heard import chooses, nobody, say
from tests.tui.conftest import NOON_MS
from tests.tui.stage import stage


def ids() -> list[str]:
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened
        return [one.id for one in opened.page(Selection(all=True), 0)]


async def test_enter_shows_the_words_and_how_sure_they_are(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("down", "enter")
        await on.sees(heard[1])
        await on.sees("kitchen")
        assert on.screen.count("▇ 0.90") == 5
        await on.press("escape")
        await on.sees("╭─ now")


async def test_a_recording_that_is_higher_than_the_screen_scrolls(recorder: Recorder) -> None:
    say(recorder, " ".join(f"word{n}" for n in range(60)), 1_700_000_000_000)
    async with stage((50, 15)) as on:
        await on.press("3")
        await on.sees("word0")
        await on.press("enter")
        await on.sees("wake word")
        assert "word59" not in on.screen
        await on.press("end")
        await on.sees("word59")
        await on.press("home", "space", "k")
        await on.sees("word12")


@pytest.mark.parametrize("room", ["kitchen", "台所の電気"])
def test_a_room_in_wide_characters_keeps_the_columns(room: str) -> None:
    assert span(row(Recording("0" * 26, 0, 900, "alexa", room, StoreMode.BOTH, 1), 120)) == 120


async def test_a_new_recording_shows_by_itself(recorder: Recorder) -> None:
    async with stage() as on:
        await on.sees("nothing was heard yet")
        say(recorder, "good night", NOON_MS)
        await on.sees("good night")


async def test_slash_searches_and_escape_shows_all(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("slash", *"KITCHEN", "enter")
        await on.until(lambda: "set a timer" not in on.screen)
        await on.sees("1 found")
        await on.press("escape")
        await on.sees("set a timer")
        await on.press("slash", *"nonsense", "enter")
        await on.sees("nothing matches")


async def test_f_marks_a_text_and_takes_a_correction(heard: list[str]) -> None:
    async with stage((140, 30)) as on:
        await on.sees("set a timer")
        await on.press("f", "r")
        await on.sees("✓")
        await on.press("f", "t", "end", *" please", "enter")
        await on.sees("set a timer for ten minutes → set a timer for ten minutes please")
        await on.press("f", "escape")


async def test_e_writes_a_file_and_never_over_one(
    heard: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with stage((140, 30)) as on:
        await on.sees("set a timer")
        await on.press("e", "enter")
        await on.sees("written to")
        await on.press("e", "enter")
        await on.sees("exists, and is not overwritten")
    (file,) = tmp_path.glob("*.wav")
    assert file.read_bytes().startswith(b"RIFF")
    assert file.stat().st_mode & 0o777 == 0o600


async def test_d_shows_the_plan_and_deletes_only_after_y(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("d")
        await on.sees("this deletes 1 recording")
        await on.press("escape")
        assert ids() == heard
        await on.press("d", "y")
        await on.sees("deleted 1 recording")
        await on.until(lambda: "set a timer" not in on.screen)
    assert ids() == heard[1:]


async def test_capital_d_deletes_all_only_after_the_phrase(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("D", *"delete", "enter")
        await on.sees("everything that was heard: 3 recordings")
        assert ids() == heard
        await on.press("space", *"all", "enter")
        await on.sees("deleted 3 recordings")
        await on.sees("nothing was heard yet")
    assert ids() == []


async def test_p_plays_with_a_moving_position_and_p_stops(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[bytes] = []

    class Player:
        is_playing = False

        def play(self, flac: bytes, on_position: object, on_end: object) -> None:
            played.append(flac)
            self.is_playing = True
            on_position(0.25)  # type: ignore[operator]

        def stop(self) -> None:
            self.is_playing = False

    player = Player()
    monkeypatch.setattr(HistoryActions, "_playing", lambda self: player)
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("p")
        await on.sees("playing")
        await on.sees("0.2 / 0.4 s")
        await on.press("p")
        await on.until(lambda: "playing" not in on.screen)
    assert played[0].startswith(b"fLaC")


async def test_a_speaker_that_is_missing_is_a_sentence(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **more: object) -> None:
        raise DeviceError("there is no speaker", "plug one in")

    monkeypatch.setattr("echoctl.audio.playback.play", broken)
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("p")
        await on.sees("there is no speaker: plug one in")


async def test_l_locks_and_u_unlocks(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("l")
        await on.until(lambda: "set a timer" not in on.screen)
        assert "(locked)" in on.screen
        await on.press("c")
        await on.sees("there is no text to copy")
        await on.press("u")
        await on.sees("set a timer")


async def test_a_wrong_passphrase_opens_nothing(heard: list[str]) -> None:
    unlocking.set_passphrase(nobody, chooses("four unrelated words"))
    async with stage() as on:
        await on.sees("locked: u unlocks")
        await on.press("u", *"wrong", "enter")
        await on.sees("wrong passphrase")
        assert "(locked)" in on.screen


async def test_c_copies_the_text(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("c")
        await on.sees("copied")
        assert on.app.clipboard == "set a timer for ten minutes"


async def test_a_read_only_folder_is_a_sentence(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, os.strerror(28), "a.wav")

    monkeypatch.setattr("echoctl.services.history.exporting.to_file", full)
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("e", "enter")
        await on.sees("a.wav: No space left on device")


async def test_the_cursor_stays_in_its_place_when_its_recording_is_deleted(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("down", "d", "y")
        await on.until(lambda: on.app.history.total == 2 and on.app.history.selected is not None)
        assert on.app.history.selected is not None and on.app.history.selected.id == heard[2]


async def test_what_is_deleted_leaves_what_was_found(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("slash", *"t", "enter")
        await on.sees("3 found")
        await on.press("d", "y")
        await on.until(lambda: on.app.history.total == 2)
        assert on.app.history.selected is not None and on.app.history.selected.id == heard[1]


async def test_escape_gives_a_search_up(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def slow(words: str) -> search.Matcher:
        def matches(text: str) -> bool:
            begun.set()
            time.sleep(0.05)
            return False

        return matches

    monkeypatch.setattr(search, "containing", slow)
    monkeypatch.setattr(search.Search, "__iter__", lambda self: (uid for uid in heard * 10_000 if self._matches(uid)))
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("slash", *"moon", "enter")
        await on.sees("searching: Esc gives up")
        await on.until(begun.is_set)
        await on.press("escape")
        await on.until(lambda: not on.app.keybar.message)
        assert on.app.history.total == 3


async def test_a_page_of_a_list_that_has_changed_is_not_shown(
    heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage() as on:
        await on.sees("set a timer")

        async def changed_meanwhile(before: str | None) -> list[Recording]:
            on.app.history.renew(replace(on.app.history.overview, total=3))
            return []

        monkeypatch.setattr(on.app.history_actions._worker, "page", changed_meanwhile)
        await on.app.history_actions.fetch(0)
        assert len(on.app.history._pages[0]) == 3
