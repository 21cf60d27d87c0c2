import struct

import pytest

from echoctl.traffic.protocols.tls import MOST_BYTES, Greeting, Short, handshake, server_name
from tests.traffic.protocols.greetings import client_hello

NAME = "avs-alexa-4-na.amazon.com"


@pytest.mark.parametrize("tls12", [False, True])
def test_a_client_says_whom_it_wants(tls12: bool) -> None:
    hello = client_hello(NAME, tls12=tls12)
    greeting = Greeting()
    assert not greeting.see(hello, len(hello))
    assert greeting.name == NAME


def test_a_greeting_may_come_in_pieces_of_any_size() -> None:
    hello = client_hello(NAME)
    for step in (1, 7, 100):
        greeting = Greeting()
        for at in range(0, len(hello), step):
            part = hello[at : at + step]
            if not greeting.see(part, len(part)):
                break
        assert greeting.name == NAME


def test_a_message_may_be_split_over_records() -> None:
    message = handshake(client_hello(NAME))
    records = b"".join(
        b"\x16\x03\x01" + struct.pack(">H", len(message[at : at + 50])) + message[at : at + 50]
        for at in range(0, len(message), 50)
    )
    assert server_name(handshake(records)) == NAME


def test_a_packet_that_was_cut_ends_the_looking() -> None:
    hello = client_hello(NAME)
    greeting = Greeting()
    assert not greeting.see(hello[:60], len(hello))
    assert greeting.name == ""
    assert not greeting.older


def test_a_client_without_a_name_says_none() -> None:
    hello = client_hello(None)
    greeting = Greeting()
    assert not greeting.see(hello, len(hello))
    assert (greeting.name, greeting.older) == ("", False)


@pytest.mark.parametrize(
    "payload", [b"\x17\x03\x03\x00\x20" + bytes(32), b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x00\x04\x02\0\0\0"]
)
def test_what_is_no_greeting_is_an_older_connection(payload: bytes) -> None:
    greeting = Greeting()
    assert not greeting.see(payload, len(payload))
    assert greeting.older


def test_a_greeting_without_end_is_given_up() -> None:
    greeting = Greeting()
    part = b"\x16\x03\x01\xff\xff\x01\x00\xff\xf0\x03\x03" + bytes(32) + b"\x00\xff\xff"
    rounds = 0
    while greeting.see(part, len(part)):
        part = bytes(1400)
        rounds += 1
    assert rounds * 1400 < MOST_BYTES + 1400


def test_a_name_that_is_none_is_not_shown() -> None:
    hello = client_hello(NAME).replace(NAME.encode(), b"\x1b]0;evil\x07\x1b[2Jxxxxxxxxxxx.")
    greeting = Greeting()
    greeting.see(hello, len(hello))
    assert greeting.name == ""


@pytest.mark.parametrize("cut", range(0, 150, 7))
def test_a_cut_message_is_short_and_nothing_else(cut: int) -> None:
    message = handshake(client_hello(NAME))
    with pytest.raises(Short):
        server_name(message[: min(cut, message.index(NAME.encode()))])
