from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from echoctl.model.traffic import Burst, BurstClass, Capture, Device, Endpoint, Naming, Second, Wake
from echoctl.store import traffic
from echoctl.store.database import db

MAC = "44:65:0d:00:00:50"
CLOUD = "203.0.113.10"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[db.Connection]:
    with db.session(str(tmp_path / "data" / "echoctl.db"), create=True) as conn:
        traffic.see_device(conn, MAC, "Amazon", 5_000, 6_000)
        yield conn


def burst(start: int, grade: BurstClass, size: int = 20_000) -> Burst:
    return Burst(0, MAC, CLOUD, "", start, start + 3000, size, 12, 2600, grade)


def test_seeing_a_device_again_widens_its_time_and_keeps_what_a_person_said(connection: db.Connection) -> None:
    said = Device(MAC, "kitchen", "Amazon", True, "echo", {"bytes": 9000.0}, 4_000, 9_000)
    traffic.name_device(connection, said)
    traffic.see_device(connection, MAC, "Amazon", 4_000, 9_000)
    assert traffic.devices(connection) == [said]


@pytest.mark.parametrize(
    ("later", "name"),
    [
        (Endpoint(CLOUD, "b.example", Naming.SNI), "b.example"),
        (Endpoint(CLOUD, "b.example", Naming.HTTP), "b.example"),
        (Endpoint(CLOUD, "Amazon", Naming.OWNER), "a.example"),
        (Endpoint(CLOUD), "a.example"),
    ],
)
def test_a_name_that_was_seen_gives_way_to_a_seen_one_only(
    connection: db.Connection, later: Endpoint, name: str
) -> None:
    first = traffic.see_endpoint(connection, MAC, Endpoint(CLOUD, "a.example", Naming.DNS), 1, 2)
    assert traffic.see_endpoint(connection, MAC, later, 3, 4) == first
    assert traffic.names(connection) == {CLOUD: name}


def test_the_same_second_from_two_captures_counts_once(connection: db.Connection) -> None:
    number = traffic.see_endpoint(connection, MAC, Endpoint(CLOUD), 5_000, 6_000)
    traffic.add_seconds(connection, [(5, number, 100, 20, 3), (6, number, 7, 0, 1)])
    traffic.add_seconds(connection, [(5, number, 90, 30, 2)])
    assert traffic.seconds(connection, MAC, 0, 10) == [
        Second(MAC, CLOUD, 5, 100, 30, 3),
        Second(MAC, CLOUD, 6, 7, 0, 1),
    ]
    (row,) = traffic.endpoints(connection, None, 0)
    assert (row.up, row.down, row.packets) == (107, 30, 4)


def test_seconds_are_kept_as_long_as_what_was_stored_late(connection: db.Connection) -> None:
    number = traffic.see_endpoint(connection, MAC, Endpoint(CLOUD), 5_000, 6_000)
    traffic.add_seconds(connection, [(at_s, number, 1, 0, 1) for at_s in (5, 6, 7)])
    capture = traffic.begin_capture(connection, "file", 6_000, 50_000)
    traffic.update_capture(connection, Capture(capture, "file", 6_000, 6_900, 1))
    assert traffic.forget_seconds(connection, 40_000) == 2
    assert [second.at_s for second in traffic.seconds(connection, MAC, 0, 10)] == [6]
    assert traffic.forget_seconds(connection, 60_000) == 1


def test_a_capture_that_came_twice_is_kept_once(connection: db.Connection) -> None:
    kept = []
    for packets in (7, 7, 8):
        number = traffic.begin_capture(connection, "file", 5_000)
        capture = Capture(number, "file", 5_000, 9_000, packets)
        traffic.update_capture(connection, capture)
        kept.append(not traffic.drop_repeated(connection, capture))
    assert kept == [True, False, True]
    assert [capture.packets for capture in traffic.captures(connection, 0, 10_000)] == [7, 8]


def test_wakes_are_those_after_the_last_one_known(connection: db.Connection) -> None:
    from echoctl.store import recordings

    assert traffic.last_wake(connection) == 0
    first = recordings.insert_detection(connection, 5_000, "alexa", {}, "")
    second = recordings.insert_detection(connection, 6_000, "computer", {}, "")
    assert traffic.wakes_after(connection, first) == [Wake(6_000, "computer", second)]
    assert traffic.last_wake(connection) == second


def test_a_burst_that_grows_stays_one_burst(connection: db.Connection) -> None:
    number = traffic.see_endpoint(connection, MAC, Endpoint(CLOUD, "a.example", Naming.DNS), 5_000, 6_000)
    capture = traffic.begin_capture(connection, "file", 5_000)
    first = traffic.add_burst(connection, burst(5_000, BurstClass.POSSIBLE, 3_000), number, capture)
    assert traffic.add_burst(connection, burst(5_000, BurstClass.VOICE), number, capture) == first
    traffic.add_burst(connection, burst(9_000, BurstClass.STATUS), number, capture)
    wanted = replace(burst(5_000, BurstClass.VOICE), id=first, name="a.example")
    assert traffic.bursts(connection, MAC, 0, 10_000, [BurstClass.VOICE]) == [wanted]
    assert len(traffic.bursts(connection, None, 0, 10_000)) == 2
    assert traffic.bursts(connection, "00:00:00:00:00:00", 0, 10_000) == []


def test_a_capture_says_what_it_did_not_see(connection: db.Connection) -> None:
    number = traffic.begin_capture(connection, "ssh", 5_000)
    capture = Capture(number, "ssh", 5_000, 9_000, 70, ((6_000, 7_000),), -120, True)
    traffic.update_capture(connection, capture)
    assert traffic.captures(connection, 8_000, 20_000) == [capture]
    assert traffic.captures(connection, 9_001, 20_000) == []
