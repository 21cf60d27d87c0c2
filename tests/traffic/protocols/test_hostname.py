import pytest

from echoctl.traffic.protocols.hostname import hostname


@pytest.mark.parametrize(
    "raw", [b"avs-alexa-4-na.amazon.com", b"_mqtt.Example.COM", b"xn--bcher-kva.example", b"localhost"]
)
def test_host_names_pass_in_lower_case(raw: bytes) -> None:
    assert hostname(raw) == raw.decode().lower()


@pytest.mark.parametrize(
    "raw",
    [b"", b".", b"a..b", b"-a.b", b"a b", b"a\n", b"\x1b[31m", b"\xc3\xa9.example", b"<b>", b"a" * 64, b"a." * 130],
)
def test_whatever_is_none_does_not(raw: bytes) -> None:
    assert hostname(raw) == ""
