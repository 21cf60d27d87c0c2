from pathlib import Path

from echoctl.model.traffic import VerdictWord
from echoctl.services.traffic import timeline, timeline_query
from tests.tui.pictures import HOSTS, NOW_S, SAID
from tests.tui.pictures import evening as evening

NOW_MS = round(NOW_S * 1000)


def test_nothing_was_ever_watched(vault: Path) -> None:
    assert timeline_query.look(NOW_MS) is None


def test_wakes_uploads_and_endpoints_lie_on_one_axis(evening: None) -> None:
    seen = timeline_query.look(NOW_MS)
    assert seen is not None
    assert (seen.begin_ms, seen.end_ms) == (NOW_MS - 3_600_000, NOW_MS)
    (speaker,) = seen.speakers
    called = [NOW_MS - ago * 1000 for ago, _, word, _, _ in SAID if word == "alexa"]
    assert sorted(speaker.wakes) == sorted(called)
    assert [burst.wake is None for burst in speaker.bursts].count(True) == 1
    assert speaker.verdict.word is VerdictWord.UNEXPLAINED
    assert [lane.name for lane in speaker.endpoints] == list(HOSTS.values())
    assert speaker.whole.total == sum(lane.total for lane in speaker.endpoints)
    for burst in speaker.bursts:
        step = seen.step(burst.start_ms)
        assert max(speaker.endpoints[0].up[step : step + 2]) > 5000


def test_a_shorter_time_holds_less(evening: None) -> None:
    seen = timeline_query.look(NOW_MS, 300_000)
    assert seen is not None
    assert len(seen.speakers[0].bursts) == 0
    assert timeline.zoomed(300_000, -1) == 300_000
    assert timeline.zoomed(300_000, 1) == 900_000
    assert timeline.zoomed(10_080 * 60_000, 1) == 10_080 * 60_000


def test_an_old_capture_is_shown_at_its_own_time(evening: None) -> None:
    later = timeline_query.look(NOW_MS + 86_400_000)
    assert later is not None
    assert later.end_ms == NOW_MS
    assert later.speakers[0].whole.total > 0
