import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from echoctl.services.history.recorder import Recorder
from tests.heard import say

Main = Callable[..., Any]
DAY_MS = 86_400_000


def test_a_rule_is_set_shown_and_run(main: Main, recorder: Recorder) -> None:
    now_ms = time.time_ns() // 1_000_000
    say(recorder, "old", now_ms - 40 * DAY_MS)
    say(recorder, "new", now_ms - DAY_MS)
    assert main("retention", "show").stdout.startswith("all rooms: kept 90 days at most\nthe next goes on ")
    refused = main("retention", "set", "--max-age", "30d")
    assert refused.exit == 10
    assert "this deletes 1 recording" in refused.stderr
    planned = main("retention", "set", "--max-age", "30d", "--dry-run", "--json").json
    assert planned == {
        "dry_run": True,
        "rule": {"room": None, "max_age_s": 30 * 86_400, "max_count": None, "max_size": None},
        "due": {"count": 1, "size": planned["due"]["size"]},
    }
    assert main("retention", "show", "--json").json["rules"][0]["max_age_s"] == 90 * 86_400
    assert main("retention", "set", "--max-age", "30d", "--max-size", "2G", "--yes").exit == 0
    assert "due now: 1 recording" in main("retention", "show").stdout
    assert main("retention", "run", "--dry-run", "--json").json["count"] == 1
    done = main("retention", "run", "--json").json
    assert (done["deleted"], done["keys_dead"], done["done"]) == (1, True, True)
    assert "nothing is due" in main("retention", "run").stderr
    assert main("retention", "set", "--max-age", "none", "--max-size", "none").exit == 0
    assert main("retention", "show").stdout == "everything is kept until it is deleted\n"


def test_a_room_has_a_rule_of_its_own(main: Main, vault: Path) -> None:
    assert main("retention", "set", "--max-count", "5", "--room", "kitchen").exit == 0
    assert "kitchen: kept the newest 5" in main("retention", "show").stdout


@pytest.mark.parametrize(
    "options", [[], ["--max-age", "soon"], ["--max-count", "-1"], ["--max-count", "many"], ["--max-size", "big"]]
)
def test_what_is_no_limit_says_so(main: Main, vault: Path, options: list[str]) -> None:
    assert main("retention", "set", *options).exit == 2


def test_importing_what_is_too_old_to_be_kept_is_warned_of(main: Main, recorder: Recorder, tmp_path: Path) -> None:
    say(recorder, "old", time.time_ns() // 1_000_000 - 100 * DAY_MS)
    assert main("history", "export", "--all", "--format", "dir", "-o", str(tmp_path / "out")).exit == 0
    assert main("history", "delete", "--all", "--yes").exit == 0
    said = main("history", "import", str(tmp_path / "out"))
    assert said.exit == 0
    assert "1 recording will be deleted within a minute of listening" in said.stderr
