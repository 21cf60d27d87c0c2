import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoctl.errors import UsageError
from echoctl.vault import age

# The identity of the age test kit (FiloSottile/age, testdata): 32 bytes, as age itself writes them.
LINE = "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6"


@given(st.binary(min_size=32, max_size=32))
def test_a_secret_survives_its_line(secret: bytes) -> None:
    line = age.identity_line(bytearray(secret))
    assert len(line) == 74 and line == line.upper()
    assert age.parse_identity(line) == secret


def test_a_line_of_age_is_read_and_written_alike() -> None:
    assert age.identity_line(age.parse_identity(LINE)) == LINE
    assert age.parse_identity(LINE.lower()) == age.parse_identity(f" {LINE[:20]}\n {LINE[20:]}\n")


@given(st.integers(16, 73), st.sampled_from("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"))
def test_any_wrong_letter_is_noticed(at: int, letter: str) -> None:
    wrong = LINE[:at] + letter + LINE[at + 1 :]
    if wrong != LINE:
        with pytest.raises(UsageError, match="mistake"):
            age.parse_identity(wrong)


@given(st.integers(16, 72))
def test_letters_that_changed_places_are_noticed(at: int) -> None:
    wrong = LINE[:at] + LINE[at + 1] + LINE[at] + LINE[at + 2 :]
    if wrong != LINE:
        with pytest.raises(UsageError):
            age.parse_identity(wrong)


@pytest.mark.parametrize(
    "line",
    ["", "hello", "AGE-SECRET-KEY-1", LINE[:-1], LINE + "Q", LINE[:40], LINE.replace("1X", "1b"), LINE.capitalize(),
     "age1" + LINE[16:].lower(), "# a comment", "AGE-SECRET-KEY-1" + "ü" * 58],
)  # fmt: skip
def test_what_is_no_line_is_a_usage_error(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        age.parse_identity(line)
    assert caught.value.hint


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    with pytest.raises(UsageError):
        age.parse_identity(text)
