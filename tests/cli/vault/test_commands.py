from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.cli.terminal import passphrase
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from tests.cli.inside import GOOD, Main
from tests.heard import say
from tests.terminal import converse

NEW = "another one entirely"


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / f"{abs(hash(text))}"
        path.write_text(text + "\n")
        return str(path)

    return write


def test_init_says_what_it_protects_against_and_does_so_once(main: Main) -> None:
    said = main("vault", "init")
    assert said.exit == 0
    assert said.stderr == f"echoctl: {unlocking.FIRST_RUN}\n"
    assert "not a stolen disk" in said.stderr and "echoctl vault passphrase" in said.stderr
    assert "already" in main("vault", "init").stderr
    assert main("vault", "init", "--json").json == {"made": False}


def test_status_before_and_after(main: Main) -> None:
    said = main("vault", "status")
    assert said.exit == 3 and "vault init" in said.stderr
    main("vault", "init")
    status = main("vault", "status", "--json").json
    assert status["asks_for_passphrase"] is False
    assert list(status["slots"]) == ["device"]
    assert status["device_key"] == {"path": paths.device_key(), "state": "ok"}
    assert "without asking" in main("vault", "status").stdout


def test_a_passphrase_set_changed_and_removed_by_files(
    main: Main, recorder: Recorder, file: Callable[[str], str]
) -> None:
    made = say(recorder, "hello")
    said = main("vault", "passphrase", "--new-passphrase-file", file(GOOD))
    assert said.exit == 0
    assert "older copies of the database" in said.stderr
    assert main("history", "show", made.id).exit == 6
    said = main("vault", "passphrase", "--passphrase-file", file(GOOD), "--new-passphrase-file", file(NEW))
    assert said.exit == 0 and "older copies" not in said.stderr
    assert main("history", "show", made.id, "--passphrase-file", file(GOOD)).exit == 6
    assert main("history", "show", made.id, "--passphrase-file", file(NEW)).exit == 0
    assert main("vault", "passphrase", "--remove").exit == 6
    assert main("vault", "passphrase", "--remove", "--passphrase-file", file(NEW), "--json").json["done"] is True
    assert main("history", "show", made.id).exit == 0


def test_alone_without_a_file_nothing_is_set(main: Main) -> None:
    main("vault", "init")
    assert main("vault", "passphrase").exit == 6
    assert main("vault", "status", "--json").json["asks_for_passphrase"] is False


def test_a_person_types_a_new_passphrase_twice(vault: Path) -> None:
    code, shown = converse(
        ["vault", "passphrase"], [("new passphrase: ", GOOD), ("the same again: ", "something different")]
    )
    assert code == 2 and "differ" in shown
    code, shown = converse(["vault", "passphrase"], [("new passphrase: ", "short")])
    assert code == 2 and "at least 8" in shown
    code, shown = converse(["vault", "passphrase"], [("new passphrase: ", GOOD), ("the same again: ", GOOD)])
    assert code == 0 and GOOD not in shown
    code, shown = converse(
        ["vault", "passphrase"], [("passphrase: ", GOOD), ("new passphrase: ", NEW), ("the same again: ", NEW)]
    )
    assert code == 0


def test_the_recovery_line_is_shown_once_and_opens(main: Main, recorder: Recorder, file: Callable[[str], str]) -> None:
    made = say(recorder, "hello")
    said = main("vault", "recover", "--make")
    line = said.stdout.strip()
    assert line.startswith("AGE-SECRET-KEY-1") and "this once" in said.stderr
    assert main("vault", "recover", "--make").exit == 10
    Path(paths.device_key()).unlink()
    assert main("history", "show", made.id).exit == 6
    said = main("vault", "recover", "--from", file(line), "--new-passphrase-file", file(GOOD))
    assert said.exit == 0
    assert main("history", "show", made.id, "--passphrase-file", file(GOOD)).exit == 0
    assert main("vault", "recover", "--from", file(line), "--device-only").exit == 0
    assert main("history", "show", made.id).exit == 0
    said = main("vault", "recover", "--make", "--yes", "--json")
    assert said.json["recovery"] != line
    assert main("vault", "recover", "--from", file(line), "--device-only").exit == 6


def test_a_bad_recovery_line_is_a_usage_error(main: Main, file: Callable[[str], str]) -> None:
    assert main("vault", "recover").exit == 3
    main("vault", "init")
    assert main("vault", "recover").exit == 6
    assert main("vault", "recover", "--from", file("nonsense")).exit == 2
    assert main("vault", "recover", "--from", "/does/not/exist").exit != 0


def test_a_person_types_the_recovery_line(main: Main, vault: Path) -> None:
    line = main("vault", "recover", "--make").stdout.strip()
    code, shown = converse(
        ["vault", "recover"],
        [("recovery line: ", line.lower()), ("new passphrase: ", GOOD), ("the same again: ", GOOD)],
    )
    assert code == 0
    assert line.lower() not in shown and "opens again" in shown


def test_damaged_key_slots_are_exit_7(main: Main, recorder: Recorder) -> None:
    import contextlib

    from echoctl.store.database import db

    made = say(recorder, "hello")
    with contextlib.closing(db.connect(paths.database())) as connection:
        connection.execute("UPDATE keyslots SET slots = randomblob(1024)")
    said = main("history", "show", made.id)
    assert said.exit == 7 and "hint" in said.stderr
    assert main("vault", "status", "--json").json["damaged_slots"] == ["device", "passphrase", "recovery", "keyring"]
    assert main("history", "list").exit == 0


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> int:
        raise OSError

    monkeypatch.setattr("os.open", none)
    assert passphrase.secret_line("passphrase: ") is None


def test_a_recovery_line_is_ended_on_purpose_only(main: Main, recorder: Recorder, file: Callable[[str], str]) -> None:
    say(recorder, "hello")
    line = main("vault", "recover", "--make").stdout
    assert main("vault", "recover", "--end").exit == 10
    said = main("vault", "recover", "--end", "--yes")
    assert said.exit == 0 and "recovery" not in main("vault", "status", "--json").json["slots"]
    assert main("vault", "recover", "--from", file(line), "--device-only").exit == 6
    assert main("vault", "recover", "--end", "--yes").exit == 3


def test_the_keyring_is_a_way_in_of_its_own(main: Main, recorder: Recorder, file: Callable[[str], str]) -> None:
    say(recorder, "hello")
    assert main("vault", "passphrase", "--keyring").exit == 2  # the device key alone opens it
    main("vault", "passphrase", "--new-passphrase-file", file(GOOD))
    said = main("vault", "passphrase", "--keyring", "--passphrase-file", file(GOOD))
    assert said.exit == 2 and "keyring" in said.stderr  # none is installed here
    assert main("vault", "passphrase", "--keyring", "--remove").exit == 2
    assert main("vault", "passphrase", "--no-keyring").exit == 0
    assert main("history", "list", "--json", "--passphrase-file", file(GOOD)).json["recordings"][0]["text"] == "hello"
