import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.cli.history import view
from echoctl.services.history.recorder import Recorder
from tests.cli.inside import GOOD, Main
from tests.conftest import Run
from tests.heard import MORNING_MS, pcm, say
from tests.terminal import converse


def test_before_anything_was_heard_there_is_a_friendly_line_and_nothing_is_made(main: Main, store: Path) -> None:
    for verb in ("list", "stats"):
        said = main("history", verb)
        assert (said.exit, said.stdout) == (0, "")
        assert said.stderr == "echoctl: nothing was heard yet: echoctl listen\n"
    assert main("history", "list", "--json").json == {"recordings": [], "next": None}
    assert main("history", "stats", "--json").json["recordings"] == 0
    for verb in ("show", "delete"):
        assert main("history", verb, "01ABC").exit == 3
    assert main("history", "export", "01ABC", "-o", "-").exit == 3
    assert list(store.iterdir()) == []


def test_a_muted_store_without_a_vault_is_an_empty_history(main: Main) -> None:
    assert main("mute").exit == 0
    assert main("history", "list").stderr.startswith("echoctl: nothing was heard yet")
    assert main("history", "list").exit == 0


def test_the_list_is_a_table_with_the_newest_first(main: Main, three: list[str]) -> None:
    lines = main("history", "list").stdout.splitlines()
    assert lines[0].split() == ["WHEN", "ID", "LENGTH", "WAKE", "WORD", "ROOM", "TEXT"]
    assert [line.rsplit("  ", 1)[1] for line in lines[1:]] == ["number 2", "number 1", "number 0"]
    assert [line.split()[2] for line in lines[1:]] == [uid[:10] for uid in three[::-1]]


def test_pages_lead_to_each_other(main: Main, three: list[str]) -> None:
    first = main("history", "list", "--limit", "2", "--json").json
    assert [r["id"] for r in first["recordings"]] == three[:0:-1]
    assert first["next"] == three[1]
    second = main("history", "list", "--limit", "2", "--before-id", first["next"], "--json").json
    assert ([r["id"] for r in second["recordings"]], second["next"]) == ([three[0]], None)
    assert f"--before-id {three[1]}" in main("history", "list", "-n", "2").stderr
    assert len(main("history", "list", "-n", "0", "--json").json["recordings"]) == 3


def test_a_recording_as_json(main: Main, three: list[str]) -> None:
    shown = main("history", "show", three[0].lower()[:10], "--json").json
    at = shown.pop("at")
    assert shown == {
        "id": three[0],
        "duration_ms": 400,
        "wake_word": "alexa",
        "room": "kitchen",
        "mode": "both",
        "size": shown["size"],
        "scores": {"spotter": 0.97},
        "feedback": None,
        "text": "number 0",
        "correction": None,
        "locked": False,
        "damaged": False,
        "words": [
            {"text": "number", "start": 0.0, "end": 0.4, "confidence": 0.9},
            {"text": "0", "start": 0.5, "end": 0.9, "confidence": 0.9},
        ],
    }
    from datetime import datetime

    assert datetime.fromisoformat(at).timestamp() * 1000 == MORNING_MS


def test_filters_select(main: Main, three: list[str]) -> None:
    def ids(*options: str) -> list[str]:
        return [r["id"] for r in main("history", "list", "--json", *options).json["recordings"]]

    assert ids("--room", "kitchen") == three[::-1]
    assert ids("--room", "hall") == []
    assert ids("--wake-word", "alexa", "--limit", "1") == three[2:]
    assert ids("--since", "2027-01-15T08:30+00:00") == three[:0:-1]
    assert ids("--before", "2027-01-15T08:30Z") == three[:1]
    assert main("history", "list", "--room", "hall").stderr == "echoctl: no recording matches\n"
    assert main("history", "list", "--since", "soon").exit == 2


def test_locked_the_list_shows_times_and_says_how_to_open(main: Main, locked: list[str]) -> None:
    said = main("history", "list")
    assert said.exit == 0
    assert said.stdout.count("(locked)") == 3
    assert said.stderr.splitlines()[-1].startswith("echoctl: hint: give --passphrase-file")
    for recording in main("history", "list", "--json").json["recordings"]:
        assert (recording["text"], recording["locked"], recording["duration_ms"]) == (None, True, 400)
    assert main("history", "stats").exit == 0


@pytest.mark.parametrize("verb", [["show"], ["export", "-o", "x.wav"], ["feedback", "wrong", "--text", "no"]])
def test_locked_and_alone_what_needs_the_key_is_exit_6(
    main: Main, locked: list[str], verb: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said = main("history", verb[0], locked[0], *verb[1:])
    assert said.exit == 6
    assert "--passphrase-file" in said.stderr
    assert not (tmp_path / "x.wav").exists()


def test_a_passphrase_comes_from_a_file_or_a_command(
    main: Main, locked: list[str], pw: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "number 0" in main("history", "show", locked[0], "--passphrase-file", pw).stdout
    monkeypatch.setenv("ECHOCTL_VAULT_PASSPHRASE_COMMAND", f"cat {pw}")
    assert "number 2" in main("history", "list").stdout
    Path(pw).write_text("wrong horse battery\n")
    assert main("history", "list").exit == 6
    assert main("history", "show", locked[0], "--passphrase-file", str(tmp_path / "none")).exit == 2


def test_a_person_is_asked_and_their_answer_is_not_shown(locked: list[str]) -> None:
    code, shown = converse(["history", "show", locked[0]], [("passphrase: ", GOOD)])
    assert code == 0
    assert "number 0" in shown and GOOD not in shown
    code, shown = converse(["history", "show", locked[0]], [("passphrase: ", "wrong horse battery")])
    assert code == 6 and "wrong passphrase" in shown


def test_an_ambiguous_id_names_its_candidates(main: Main, three: list[str]) -> None:
    said = main("history", "show", three[0][:2])
    assert said.exit == 2
    assert all(uid in said.stderr for uid in three)
    assert main("history", "show", "zzz").exit == 3


def test_export_writes_new_private_files(main: Main, recorder: Recorder, tmp_path: Path) -> None:
    sound = pcm(0.5)
    made = say(recorder, "hello", sound=sound)
    wav, flac, folder = tmp_path / "a.wav", tmp_path / "a.flac", tmp_path / "folder"
    folder.mkdir()
    assert main("history", "export", made.id, "-o", str(wav)).stdout == f"{wav}\n"
    assert wav.read_bytes()[44:] == sound
    assert wav.stat().st_mode & 0o777 == 0o600
    assert main("history", "export", made.id, "-o", str(flac)).exit == 0
    assert flac.read_bytes().startswith(b"fLaC")
    exported = main("history", "export", made.id, "-o", str(folder), "--json").json["exported"]
    assert [row["path"] for row in exported] == [str(file) for file in folder.iterdir()]
    before = wav.read_bytes()
    said = main("history", "export", made.id, "-o", str(wav))
    assert said.exit == 2 and "not overwritten" in said.stderr
    assert wav.read_bytes() == before


def test_export_to_stdout_is_the_same_file(main: Main, recorder: Recorder, tmp_path: Path) -> None:
    made = say(recorder, "hello")
    main("history", "export", made.id, "-o", str(tmp_path / "a.wav"))
    for argv in (["history", "export", made.id], ["history", "export", made.id, "-o", "-", "--format", "wav"]):
        assert main(*argv).stdout.encode(errors="surrogateescape") == (tmp_path / "a.wav").read_bytes()


def test_audio_does_not_go_to_a_terminal_unless_told_to(three: list[str]) -> None:
    code, shown = converse(["history", "export", three[0]], [])
    assert code == 2 and "does not belong on a terminal" in shown
    code, shown = converse(["history", "export", three[0], "-o", "-"], [])
    assert code == 0 and "RIFF" in shown


def test_several_exports_need_a_folder_and_report_what_was_left_out(
    main: Main, three: list[str], tmp_path: Path
) -> None:
    assert main("history", "export", *three[:2]).exit == 2
    assert main("history", "export", *three[:2], "-o", str(tmp_path / "one.wav")).exit == 2
    folder = tmp_path / "folder"
    folder.mkdir()
    assert main("history", "export", three[0], "-o", str(folder)).exit == 0
    said = main("history", "export", *three, "-o", str(folder))
    assert said.exit == 11
    assert len(said.stdout.splitlines()) == 2
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    "argv",
    [[], ["--all", "--room", "kitchen"], ["--all", "01"], ["01", "--older-than", "1d"], ["--older-than", "yesterday"]],
)
def test_a_delete_must_say_clearly_what(main: Main, three: list[str], argv: list[str]) -> None:
    assert main("history", "delete", "--yes", *argv).exit == 2
    assert len(main("history", "list", "--json").json["recordings"]) == 3


def test_alone_a_delete_needs_yes(main: Main, three: list[str]) -> None:
    said = main("history", "delete", three[0])
    assert said.exit == 10
    assert "this deletes 1 recording," in said.stderr
    said = main("history", "delete", "--all", "--dry-run", "--json")
    assert (said.exit, said.json["count"], said.json["ids"]) == (0, 3, three)
    assert len(main("history", "list", "--json").json["recordings"]) == 3


def test_delete_takes_what_was_named_and_reports(main: Main, three: list[str]) -> None:
    said = main("history", "delete", three[0][:10], three[2], "--yes", "--json")
    assert (said.exit, said.json["deleted"], said.json["keys_dead"]) == (0, 2, True)
    assert [r["id"] for r in main("history", "list", "--json").json["recordings"]] == [three[1]]
    assert (
        main("history", "delete", "--room", "hall", "--yes").stderr == "echoctl: nothing matches: nothing was deleted\n"
    )
    assert main("history", "delete", "--since", "2027-01-01", "--yes").exit == 0
    assert main("history", "list", "--json").json["recordings"] == []


def test_a_delete_of_something_unknown_deletes_nothing(main: Main, three: list[str]) -> None:
    assert main("history", "delete", three[0], "zzz", "--yes").exit == 3
    assert len(main("history", "list", "--json").json["recordings"]) == 3


def test_delete_works_locked_and_without_the_device_key(main: Main, locked: list[str]) -> None:
    os.unlink(paths.device_key())
    assert main("history", "delete", locked[0], "--yes").exit == 0
    assert len(main("history", "list", "--json").json["recordings"]) == 2


def test_everything_must_be_typed_out(three: list[str]) -> None:
    code, _ = converse(["history", "delete", "--all"], [("type 'delete all' to go on: ", "y")])
    assert code == 10
    code, shown = converse(["history", "delete", "--all"], [("type 'delete all' to go on: ", "delete all")])
    assert code == 0 and "deleted 3 recordings" in shown
    code, shown = converse(["history", "list"], [])
    assert "nothing was heard yet" in shown


def test_an_answer_that_is_no_text_is_no_yes(three: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    code, shown = converse(["history", "delete", three[0]], [("[y/N]", "y\udcff")])
    assert (code, "damaged" in shown, "bug" in shown) == (10, False, False)


@pytest.mark.usefixtures("impatient")
def test_a_delete_with_a_reader_in_the_way_is_partial(main: Main, three: list[str]) -> None:
    import contextlib

    from echoctl.store.database import db

    with contextlib.closing(db.connect(paths.database())) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM recording").fetchone()
        said = main("history", "delete", three[0], "--yes", "--json")
        assert said.exit == 11
        assert json.loads(said.stdout.rsplit("\n", 2)[0])["keys_dead"] is False
        assert "echoctl db check" in said.stderr
    assert main("db", "check", "--json").json["log_emptied"] is True


def test_feedback_and_correction_show(main: Main, three: list[str]) -> None:
    assert main("history", "feedback", three[0], "wrong", "--text", "number nine").exit == 0
    assert "number 0 → number nine" in main("history", "list").stdout
    assert main("history", "show", three[0], "--json").json["correction"] == "number nine"
    assert main("history", "feedback", three[1], "perhaps").exit == 2
    assert main("history", "stats", "--json").json["by_feedback"] == {"wrong": 1}


def test_damage_is_shown_and_the_rest_still_opens(main: Main, three: list[str]) -> None:
    import contextlib

    from echoctl.store.database import db

    with contextlib.closing(db.connect(paths.database())) as connection:
        connection.execute("UPDATE recording SET text = x'00' WHERE uid = ?", (three[1],))
    said = main("history", "list")
    assert (said.exit, said.stdout.count("(damaged)"), said.stdout.count("number")) == (0, 1, 2)
    said = main("history", "show", three[1])
    assert said.exit == 7 and three[1] in said.stderr


def test_text_cannot_steer_the_terminal(main: Main, recorder: Recorder) -> None:
    made = say(recorder, "\x1b[2Jhello\r\n\u202eworld")
    for argv in (["list"], ["show", made.id]):
        assert "�[2Jhello��" in main("history", *argv).stdout
        assert "\x1b" not in main("history", *argv).stdout


def test_ids_are_as_long_as_they_must_be(recorder: Recorder) -> None:
    made = [say(recorder, "x", MORNING_MS), say(recorder, "y", MORNING_MS)]
    width = view._id_width(made)
    assert width > 10
    assert made[0].id[:width] != made[1].id[:width]


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0.0 s"), (3_240, "3.2 s"), (247_000, "4 min 07 s"), (7_500_000, "2 h 05 min")]
)
def test_lengths_for_people(ms: int, text: str) -> None:
    assert view.length(ms) == text


def test_the_list_imports_no_sound_speech_or_screen(three: list[str], cli: Callable[..., Run]) -> None:
    said = cli("history", "list", "--json", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert len(said.json["recordings"]) == 3
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in said.stderr.splitlines() if "|" in line}
    assert "cryptography" in loaded
    assert not loaded & {"numpy", "soundfile", "sounddevice", "vosk", "textual", "sqlite_utils", "soxr"}
