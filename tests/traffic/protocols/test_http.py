import pytest

from echoctl.traffic.protocols.http import Request, asks
from echoctl.traffic.protocols.tls import MOST_BYTES

NAME = "device-metrics-us.amazon.com"
HEAD = f"POST /v1/metrics HTTP/1.1\r\nAccept: */*\r\nHost: {NAME}\r\nContent-Length: 3\r\n\r\n".encode()


def read(*pieces: bytes) -> tuple[str, bool]:
    """The name, and whether more was wanted at last."""
    request, more = Request(), True
    for piece in pieces:
        more = request.see(piece, len(piece))
        if not more:
            break
    return request.name, more


@pytest.mark.parametrize(("method", "yes"), [(b"GET / ", True), (b"POST /x", True), (b"GETTING", False), (b"", False)])
def test_a_request_is_known_by_its_method(method: bytes, yes: bool) -> None:
    assert asks(method) is yes


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_the_host_is_read_in_pieces_of_any_size(step: int) -> None:
    assert read(*(HEAD[at : at + step] for at in range(0, len(HEAD), step))) == (NAME, False)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"host:example.org:8080", "example.org"),
        (b"HOST: \tExample.ORG ", "example.org"),
        (b"Host: 203.0.113.10", ""),
        (b"Host: \x1b[31mred", ""),
        (b"X-Host: example.org", ""),
        (b"Host:", ""),
    ],
)
def test_only_a_sound_name_is_one(line: bytes, name: str) -> None:
    assert read(b"GET / HTTP/1.1\r\n" + line + b"\r\n\r\n") == (name, False)


def test_a_host_in_the_body_is_none() -> None:
    assert read(b"GET / HTTP/1.0\r\nA: b\r\n\r\nx\r\nHost: example.org\r\n") == ("", False)


def test_it_gives_up_where_something_is_missing_or_there_is_too_much() -> None:
    request = Request()
    assert not request.see(HEAD[:40], len(HEAD))
    assert request.name == ""
    assert read(b"GET /" + b"x" * MOST_BYTES) == ("", False)
