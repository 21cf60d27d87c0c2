from echoctl import paths
from echoctl.model.traffic import Endpoint, Naming
from echoctl.services.traffic import report
from echoctl.store import traffic
from echoctl.store.database import db
from tests.traffic.inputs.synthetic import BEGIN_MS, METRICS, SPEAKER, speech
from tests.traffic.inputs.synthetic import report as status
from tests.watched import watched

AT_S = BEGIN_MS // 1000


def metrics(*rows: tuple[int, int, int]) -> None:
    """Seconds of a second endpoint: (seconds after the beginning, up, down)."""
    with db.session(paths.database()) as connection:
        endpoint = Endpoint(METRICS, "device-metrics-us.amazon.com", Naming.SNI)
        number = traffic.see_endpoint(connection, SPEAKER, endpoint, BEGIN_MS, BEGIN_MS)
        traffic.add_seconds(connection, [(AT_S + at, number, up, down, 1) for at, up, down in rows])


def test_bytes_per_endpoint_before_during_and_after_a_request() -> None:
    watched(speech(20, 3, 80) + speech(70, 3, 80), wakes=[19, 69])
    metrics((12, 100, 10), (25, 4000, 400), (75, 2000, 0), (50, 9999, 0))
    (found,) = report.gather("kitchen", None)
    assert found.requests == 2
    voice, other = found.shares
    assert (voice.name, other.name) == ("avs-alexa-4-na.amazon.com", "device-metrics-us.amazon.com")
    assert voice.during[0] == 30_000
    assert (other.before, other.during, other.after) == ((50, 5), (0, 0), (3000, 200))


def test_a_column_shows_its_busiest_second() -> None:
    watched(status(20, 20_000, 0.1), length=3000)
    (found,) = report.gather(None, None)
    assert found.step_s == 4
    assert len(found.up) == 751
    assert max(found.up) == found.up[5] == 14 * (20_000 // 14)
    assert sum(map(bool, found.up)) == 1


def test_without_a_request_all_bytes_are_shown() -> None:
    watched(status(20, 14_000, 0.1))
    (found,) = report.gather(None, None)
    assert found.requests == 0
    assert found.shares[0].during[0] == 14_000
    assert found.wakes == ()


def test_many_endpoints_are_summed_up() -> None:
    watched([])
    with db.session(paths.database()) as connection:
        for number in range(12):
            endpoint = Endpoint(f"198.51.100.{number}")
            row = traffic.see_endpoint(connection, SPEAKER, endpoint, BEGIN_MS, BEGIN_MS)
            traffic.add_seconds(connection, [(AT_S + 5, row, 100 + number, 1, 1)])
    (found,) = report.gather(None, None)
    assert [share.name for share in found.shares[:1]] == ["198.51.100.11"]
    assert found.shares[-1].name == "5 others"
    assert found.shares[-1].during == (100 + 101 + 102 + 103 + 104, 5)


def test_a_wake_that_nobody_watched_is_not_drawn() -> None:
    watched([], wakes=[10, 40], gaps=((BEGIN_MS + 30_000, BEGIN_MS + 60_000),))
    (found,) = report.gather(None, None)
    assert [wake.at_ms - BEGIN_MS for wake in found.wakes] == [10_000]
