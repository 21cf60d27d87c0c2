"""The dashboard by its keys, its states and its sizes."""

import asyncio
import gc
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import id_text
from echoctl.config.schema import Config, DashboardSettings
from echoctl.errors import StoreError
from echoctl.led import ring
from echoctl.model.speech import LedState
from echoctl.services import state
from echoctl.services.vault import unlocking
from echoctl.store.database import db
from echoctl.tui.widgets import history
from tests.heard import chooses, nobody
from tests.tui.stage import IDLE, LEVEL, LISTENING, MUTED, PARTIAL, READY, STATES, TRANSCRIPT, WAKE, Scene, stage

SIZES = ((80, 24), (120, 40), (200, 60), (50, 15), (20, 5))


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_state_is_a_word_and_a_sign_at_each_size(store: Path, name: str, size: tuple[int, int]) -> None:
    async with stage(size) as on:
        on.hear(*STATES[name])
        word = name.upper() if name in ("muted", "error") else name
        await on.sees(f"{ring.SYMBOLS[LedState(name)]} {word}")


async def test_what_is_heard_is_shown_while_it_is_said_and_after(store: Path) -> None:
    async with stage() as on:
        on.hear(READY, IDLE, WAKE, LISTENING, LEVEL, PARTIAL)
        await on.sees("turn on the kitchen")
        await on.sees("0.30 of 0.50")
        on.hear(TRANSCRIPT, IDLE)
        await on.sees("alexa  turn on the kitchen light")
        await on.sees("sandboxed · 0 B sent")
        assert "hears    nothing right now" in on.screen


async def test_the_ring_moves_only_while_something_happens(store: Path) -> None:
    async with stage() as on:
        on.hear(*STATES["idle"])
        assert not on.app.live.ring.moves
        on.hear(LISTENING)
        assert on.app.live.ring.moves
        on.app.options = replace(on.app.options, motion=False)
        on.app.live.ring.motion = False
        assert not on.app.live.ring.moves


async def test_m_mutes_in_the_store_and_another_process_is_seen(vault: Path) -> None:
    async with stage() as on:
        await on.press("m")
        await on.until(lambda: state.snapshot().muted)
        assert state.snapshot().muted_by == "the dashboard"
        await on.sees("■ MUTED")
        began = time.monotonic()
        state.set_muted(False, "another terminal")
        await on.sees("· off")
        assert time.monotonic() - began < 5


async def test_mute_works_over_an_open_recording(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("enter")
        await on.sees(heard[0])
        await on.press("m")
        await on.until(lambda: state.snapshot().muted)


@pytest.mark.parametrize("keys", [["question_mark"], ["d"], ["f"]])
async def test_mute_works_over_a_question_and_the_keys(heard: list[str], keys: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press(*keys, "m")
        await on.until(lambda: state.snapshot().muted)
        assert len(on.app.screen_stack) == 2


async def test_one_to_four_are_views_and_back(heard: list[str]) -> None:
    async with stage() as on:
        for key, shown, hidden in (
            ("2", "╭─ now", "╭─ history"),
            ("3", "╭─ history", "╭─ now"),
            ("4", "╭─ traffic", "╭─ history"),
        ):
            await on.press(key)
            await on.sees(shown)
            assert hidden not in on.screen
        await on.press("1")
        await on.sees("╭─ now")
        await on.press("3", "3")
        await on.sees("╭─ now")
        await on.press("4", "escape")
        await on.sees("╭─ now")


async def test_the_state_stays_in_sight_where_the_ring_is_not(store: Path) -> None:
    async with stage() as on:
        on.hear(READY, MUTED)
        await on.press("3")
        await on.sees("■ MUTED")
        assert "▀" not in on.screen


async def test_question_mark_shows_every_key_and_its_twin(store: Path) -> None:
    async with stage((120, 40)) as on:
        await on.press("question_mark")
        await on.sees("push to talk: begin a request without a wake word ")
        await on.sees("echoctl history show, traffic verdict")
        await on.press("escape")
        await on.sees("╭─ now")


async def test_keys_can_be_others(store: Path) -> None:
    unlocking.ensure()
    async with stage(settings=Config(tui=DashboardSettings(keys={"mute": "x", "quit": "f10"}))) as on:
        await on.sees(" x mute")
        await on.press("m")
        assert not state.snapshot().muted
        await on.press("x")
        await on.until(lambda: state.snapshot().muted)


async def test_ctrl_p_finds_every_verb(store: Path) -> None:
    async with stage() as on:
        await on.press("ctrl+p")
        await on.press(*"vault pass")
        await on.sees("vault passphrase")


async def test_q_ends_it(store: Path) -> None:
    async with stage() as on:
        await on.press("q")
        await on.until(lambda: not on.app.is_running)
        assert on.app.return_value == 0


async def test_what_comes_while_it_closes_is_not_shown(store: Path) -> None:
    async with stage() as on:
        pass
    assert not on.app.screen_stack
    on.hear(READY, IDLE)


async def test_a_storm_of_sizes_leaves_a_whole_screen(heard: list[str]) -> None:
    async with stage() as on:
        on.hear(*STATES["listening"])
        for number in range(60):
            await on.pilot.resize_terminal(8 + number * 37 % 200, 2 + number * 13 % 60)
        await on.pilot.resize_terminal(100, 30)
        await on.sees("● listening")
        await on.sees("set a timer")


async def test_a_database_that_vanishes_and_comes_back(heard: list[str], tmp_path: Path) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        files = [Path(paths.database() + suffix) for suffix in ("-wal", "-shm", "")]
        for file in filter(Path.exists, files):
            file.rename(tmp_path / file.name)
        await on.sees("nothing was heard yet")
        await on.press("enter", "p", "d")
        for file in files:
            if (tmp_path / file.name).exists():
                (tmp_path / file.name).rename(file)
        await on.sees("set a timer")


async def test_a_damaged_database_is_a_sentence(vault: Path) -> None:
    Path(paths.database()).write_bytes(b"no database at all" * 500)
    async with stage((220, 30)) as on:
        await on.sees("is not a database")
        assert on.app.is_running


async def test_a_full_disk_is_a_sentence(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(by: str) -> None:
        raise StoreError("the disk is full: the database cannot grow", "free some space and try again")

    monkeypatch.setattr(state, "toggle_muted", full)
    async with stage() as on:
        await on.press("m")
        await on.sees("the disk is full: the database cannot grow: free some space and try again")
        assert on.app.is_running


async def test_a_bug_leaves_no_traceback_on_the_screen(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        async with stage() as on:
            on.app.bell()
            assert on.app.bug is None
            on.app.call_later(lambda: 1 // 0)
            await on.until(lambda: not on.app.is_running)
    assert isinstance(on.app.bug, ZeroDivisionError)
    assert "Traceback" not in capsys.readouterr().err


async def test_a_bug_that_draws_itself_is_kept_as_well(store: Path) -> None:
    def bug() -> None:
        raise Drawn("of its own")

    with pytest.raises(Drawn):
        async with stage() as on:
            on.app.call_later(bug)
            await on.until(lambda: not on.app.is_running)
    assert isinstance(on.app.bug, Drawn)


class Drawn(Exception):
    def __rich__(self) -> str:
        return str(self)


async def test_a_bug_in_a_feed_does_not_go_unnoticed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        async with stage() as on:
            monkeypatch.setattr(state, "running", lambda: 1 // 0)
            await on.until(lambda: on.app.bug is not None)


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_question_can_be_left(heard: list[str], key: str) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.press("d", key)
        await on.sees("╭─ now")
        assert len(on.app.screen_stack) == 1


async def test_it_locks_when_nobody_touches_a_key(heard: list[str]) -> None:
    unlocking.set_passphrase(nobody, chooses("four unrelated words"))
    async with stage(settings=Config(tui=DashboardSettings(auto_lock_min=1))) as on:
        await on.sees("locked: u unlocks")
        await on.press("u")
        await on.press(*"four unrelated words".replace(" ", "_").split("_")[0])
        await on.press("space", *"unrelated", "space", *"words", "enter")
        await on.sees("set a timer")
        on.app._lock_when_idle()
        assert "set a timer" in on.screen
        on.app._touched -= 61
        on.app._lock_when_idle()
        await on.until(lambda: "set a timer" not in on.screen)
        await on.sees("(locked)")


async def test_a_hundred_thousand_recordings_scroll_by_page(vault: Path) -> None:
    with db.session(paths.database()) as connection, db.immediate(connection):
        connection.executemany(
            "INSERT INTO recording(uid, at_ms, duration_ms, wake_word, room, mode, scores, size)"
            " VALUES(?, ?, ?, 'alexa', '', 'times', '{}', 0)",
            ((id_text(number.to_bytes(6, "big") + bytes(10)), number, number) for number in range(1, 100_001)),
        )
    async with stage() as on:
        await on.sees("100 000")
        await on.sees("1 min 40 s")
        await on.press("end")
        await on.sees(" 0.0 s")
        assert on.app.history.cursor == 99_999
        for _ in range(40):
            on.app.history.action_page(-40)
            await on.pilot.pause()
        await on.until(lambda: on.app.history.selected is not None)
        assert len(on.app.history._pages) <= history.KEPT
        await on.press("home")
        await on.until(lambda: on.app.history.selected is not None)
        assert on.app.history.selected is not None and on.app.history.selected.at_ms == 100_000


async def test_an_hour_of_speech_does_not_grow_it(store: Path) -> None:
    """Pictures, levels and styles are kept in bounded numbers: after the first minute nothing more is added."""

    async def speak(on: Scene, frames: int) -> None:
        for number in range(frames):
            on.app.live.ring.clock = lambda at=number: at * 0.1
            level = {**LEVEL, "level": number % 17 / 17, "score": number % 23 / 23}
            on.hear(level, {**PARTIAL, "text": "turn on " * (number % 9)})
            on.app.live.step()
            await asyncio.sleep(0.002)

    async with stage() as on:
        on.hear(READY, IDLE, WAKE, LISTENING)
        await speak(on, 200)
        gc.collect()
        before = sys.getallocatedblocks()
        await speak(on, 100)
        gc.collect()
        assert sys.getallocatedblocks() - before < 4000  # the caches fill still; a leak of each event would be more
        assert len(on.app.live.now.past) <= 120
        assert len(on.app.live.ring._pictures) <= 64
