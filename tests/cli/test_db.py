import contextlib
import os
from pathlib import Path

from echoctl import paths
from echoctl.services.history.recorder import Recorder
from echoctl.store.database import db
from tests.cli.inside import Main
from tests.heard import say


def test_the_path_is_one_line_and_makes_nothing(main: Main, store: Path) -> None:
    assert main("db", "path").stdout == f"{paths.database()}\n"
    assert main("db", "path", "--json").json == {"path": paths.database()}
    assert main("db", "check").exit == 0
    assert main("db", "check", "--json").json == {"path": paths.database(), "exists": False}
    assert list(store.iterdir()) == []


def test_a_sound_database(main: Main, recorder: Recorder) -> None:
    say(recorder, "hello")
    recorder.close()
    assert main("db", "check").stdout.startswith("sound: ")
    checked = main("db", "check", "--json").json
    assert (checked["problems"], checked["log_emptied"], checked["schema"]) == ([], True, db.SCHEMA_VERSION)


def test_damage_is_listed_and_is_exit_8(main: Main, recorder: Recorder) -> None:
    made = say(recorder, "hello")
    recorder.close()
    with contextlib.closing(db.connect(paths.database())) as connection:
        connection.execute("UPDATE keyslab SET wraps = zeroblob(length(wraps))")
    said = main("db", "check")
    assert said.exit == 8
    assert f"recording {made.id} has no key" in said.stdout
    assert "Traceback" not in said.stderr


def test_garbage_in_the_middle_is_a_line_everywhere(main: Main, recorder: Recorder) -> None:
    say(recorder, "hello")
    recorder.close()
    size = os.path.getsize(paths.database())
    with open(paths.database(), "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    for argv in (["db", "check"], ["history", "list"], ["vault", "status"], ["history", "stats"]):
        said = main(*argv)
        assert said.exit in (7, 8)
        assert said.stderr.count("\n") == 2 and "Traceback" not in said.stderr
