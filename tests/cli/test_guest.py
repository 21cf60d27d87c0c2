from collections.abc import Callable
from pathlib import Path
from typing import Any

from echoctl.services.history.recorder import Recorder
from tests.heard import say

Main = Callable[..., Any]


def test_a_private_stay_from_check_in_to_check_out(main: Main, recorder: Recorder, tmp_path: Path) -> None:
    made = main("guest", "check-in", "Ann", "--private", "--room", "guest room", "--until", "3d")
    assert made.exit == 0
    identity = tmp_path / "ann.txt"
    identity.write_text(made.stdout)
    said = say(recorder, "between us")
    [listed] = main("history", "list", "--json").json["recordings"]
    assert (listed["text"], listed["locked"], listed["damaged"]) == (None, True, False)
    assert main("history", "show", said.id).exit == 6
    assert "between us" in main("history", "list", "--identity", str(identity)).stdout
    assert "between us" in main("history", "show", said.id, "--identity", str(identity)).stdout
    assert "between us" in main("history", "search", "between", "--identity", str(identity)).stdout
    assert main("history", "export", said.id, "--identity", str(identity), "-o", str(tmp_path / "a.wav")).exit == 0
    [stay] = main("guest", "list", "--json").json["stays"]
    assert (stay["guest"], stay["private"], stay["recordings"], stay["to"]) == ("Ann", True, 1, None)
    assert "private" in main("guest", "list").stdout
    assert main("history", "delete", "--guest", "Ann", "--dry-run", "--json").json["count"] == 1
    assert main("guest", "check-out", "Ann").exit == 10
    assert main("guest", "check-out", "Ann", "--dry-run", "--json").json["count"] == 1
    assert main("guest", "check-out", "Ann", "--yes", "--json").json["deleted"] == 1
    [stay] = main("guest", "list", "--json").json["stays"]
    assert (stay["guest"], stay["recordings"]) == (None, 0)
    assert main("history", "list", "--identity", str(identity)).exit == 6
    [receipt] = main("vault", "receipts", "--json").json["receipts"]
    assert (receipt["why"], receipt["recordings"]) == ("guest check-out", 1)
    assert "guest check-out" in main("vault", "receipts").stdout


def test_mistakes(main: Main, vault: Path, tmp_path: Path) -> None:
    assert main("guest", "check-out", "Ann", "--yes").exit == 3
    (tmp_path / "x").write_text("AGE-SECRET-KEY-1XX")
    assert main("history", "list", "--identity", str(tmp_path / "x")).exit == 2
    assert "no guest was ever here" in main("guest", "list").stderr
    assert main("guest", "check-in", "Ann").exit == 0
    assert main("guest", "check-in", "Bob").exit == 2


def test_before_anything_was_heard_nobody_can_leave(main: Main, store: Path) -> None:
    said = main("guest", "check-out", "Ann", "--yes")
    assert said.exit == 3 and "no guest Ann is staying" in said.stderr
    assert not (store / "data").exists()
