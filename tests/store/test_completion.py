import pytest

from echoctl import paths
from echoctl.services.history.recorder import Recorder
from echoctl.store import completion
from echoctl.store.database import db
from tests.heard import MORNING_MS, say


def offered(kind: str, prefix: str = "") -> list[tuple[str, str]]:
    with db.session(paths.database()) as connection:
        return completion.offered(connection, kind, prefix)


@pytest.fixture
def heard(recorder: Recorder) -> list[str]:
    """The ids of three recordings, the oldest first."""
    return [
        say(recorder, "one", MORNING_MS + at, word=word).id for at, word in enumerate(["alexa", "hey jarvis", "alexa"])
    ]


def test_ids_come_newest_first_with_what_tells_them_apart(heard: list[str]) -> None:
    found = offered("recordings")
    assert [value for value, _ in found] == heard[::-1]
    assert "0.4 s hey jarvis kitchen" in found[1][1]


def test_a_prefix_of_an_id_narrows_in_either_case(heard: list[str]) -> None:
    assert [value for value, _ in offered("recordings", heard[1].lower())] == [heard[1]]
    assert offered("recordings", "7") == []


def test_wake_words_and_rooms_come_commonest_first_with_their_number(heard: list[str]) -> None:
    assert offered("wake-words") == [("alexa", "2 recordings"), ("hey jarvis", "1 recording")]
    assert offered("rooms", "KI") == [("kitchen", "3 recordings")]
    assert offered("rooms", "x") == []


def test_devices_and_endpoints_are_offered_by_name_and_else_by_address(vault: object) -> None:
    with db.session(paths.database()) as connection, db.immediate(connection):
        for mac, name in (("aa:bb:cc:00:00:01", "kitchen dot"), ("aa:bb:cc:00:00:02", "")):
            connection.execute(
                "INSERT INTO device(mac, name, vendor, first_ms, last_ms) VALUES(?, ?, 'Acme', 1, 2)", (mac, name)
            )
        for address, name in (("192.0.2.1", "voice.example"), ("192.0.2.2", "voice.example"), ("192.0.2.3", "")):
            connection.execute(
                "INSERT INTO endpoint(device, address, name, how, first_ms, last_ms) VALUES(?, ?, ?, 'dns', 1, 2)",
                ("aa:bb:cc:00:00:01", address, name),
            )
    assert offered("devices", "aa:bb:cc:00:00:02") == [("aa:bb:cc:00:00:02", "aa:bb:cc:00:00:02 Acme")]
    assert offered("devices", "kit") == [("kitchen dot", "aa:bb:cc:00:00:01 Acme")]
    assert sorted(value for value, _ in offered("endpoints")) == ["192.0.2.3", "voice.example"]


def test_guests_are_offered_while_they_are_here(vault: object) -> None:
    with db.session(paths.database()) as connection, db.immediate(connection):
        for name, ended in (("Ann", None), ("", 2)):
            connection.execute(
                "INSERT INTO guest(name, room, started_ms, ended_ms, stored, muted) VALUES(?, '', 1, ?, 1, 0)",
                (name, ended),
            )
    assert [name for name, _ in offered("guests")] == ["Ann"]
    assert offered("guests", "a")[0][1].startswith("since ")


def test_at_most_a_screen_or_two_is_offered(heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with db.session(paths.database()) as connection, db.immediate(connection):
        for number in range(completion.MOST + 5):
            connection.execute(
                "INSERT INTO recording(uid, at_ms, duration_ms, wake_word, room, mode, scores, size)"
                " VALUES(printf('01Z%023d', ?), 1, 1, 'w' || ?, 'r' || ?, 'times', '{}', 0)",
                (number, number, number),
            )
    assert all(len(offered(kind)) == completion.MOST for kind in ("recordings", "rooms", "wake-words"))
