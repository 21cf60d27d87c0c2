import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoctl.errors import UsageError
from echoctl.services.time_spec import moment_ms

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("text", "ago_ms"),
    [("45s", 45_000), ("30m", 1_800_000), ("12h", 43_200_000), ("7d", 604_800_000), (" 2W ", 1_209_600_000)],
)
def test_a_length_of_time_counts_back(text: str, ago_ms: int) -> None:
    assert moment_ms(text, NOW) == NOW - ago_ms


def test_a_time_with_an_offset_is_that_moment() -> None:
    expected = int(datetime(2026, 11, 23, 8, 30, tzinfo=UTC).timestamp() * 1000)
    assert moment_ms("2026-11-23T09:30+01:00", NOW) == expected
    assert moment_ms("2026-11-23 08:30:00Z", NOW) == expected


def test_a_date_is_its_local_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moment_ms("2026-11-23", NOW) == int(datetime(2026, 11, 23).timestamp() * 1000)


@pytest.mark.parametrize("text", ["", "7", "d", "-7d", "7 days", "yesterday", "2026-13-01", "9999999d", "0001-01-01"])
def test_anything_else_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        moment_ms(text, NOW)
    assert "7d" in caught.value.hint


@given(st.text(max_size=12))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(moment_ms(text, NOW), int)
