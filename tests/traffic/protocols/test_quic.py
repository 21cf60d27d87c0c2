import pytest

from echoctl.traffic.protocols.quic import MOST_DATAGRAMS, VERSIONS, Initials, client_keys
from echoctl.traffic.protocols.tls import handshake
from tests.traffic.protocols.greetings import client_hello, crypto, initial

NAME = "avs-alexa-4-na.amazon.com"
HELLO = handshake(client_hello(NAME))


def see(*datagrams: bytes, kept: int = 65535) -> Initials:
    reader = Initials()
    for datagram in datagrams:
        if not reader.see(datagram[:kept], len(datagram)):
            break
    return reader


def test_keys_are_those_of_the_rfcs() -> None:
    """RFC 9001 appendix A.1 and RFC 9369 appendix A.1."""
    identifier = bytes.fromhex("8394c8f03e515708")
    assert [key.hex() for key in client_keys(VERSIONS[1], identifier)] == [
        "1f369613dd76d5467730efcbe3b1a22d",
        "fa044b2f42a3fd3b46fb255c",
        "9f50449e04a0e810283a1e9933adedd2",
    ]
    assert [key.hex() for key in client_keys(VERSIONS[0x6B3343CF], identifier)] == [
        "8b1a0bc121284290a29e0971b5cd045d",
        "91f73e2351d8fa91660e909f",
        "45b95e15235d6f45a6b19cbcb0294ba9",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_name_is_read_in_every_version(version: int) -> None:
    assert see(initial(crypto(HELLO), version=version)).name == NAME


def test_the_first_bytes_of_a_datagram_are_enough() -> None:
    at = HELLO.index(NAME.encode()) + len(NAME)
    assert see(initial(crypto(HELLO)), kept=60 + at).name == NAME


def test_a_greeting_may_be_shuffled_over_frames_and_datagrams() -> None:
    a, b, c = HELLO[:40], HELLO[40:90], HELLO[90:]
    first = initial(crypto(c, 90) + b"\x01\x00" + crypto(a), number=0)
    second = initial(b"\x02" + b"\x40\x01\x40\x00\x40\x00\x40\x00" + crypto(b, 40), number=1)
    assert see(first).name == ""
    assert see(first, second).name == NAME


def test_a_new_identifier_after_a_retry_is_followed() -> None:
    first = initial(crypto(HELLO[:20]))
    again = initial(crypto(HELLO), identifier=b"\x01" * 18)
    assert see(first, again).name == NAME


def test_a_packet_of_an_open_connection_says_that_it_is_older() -> None:
    assert see(b"\x40" + bytes(100)).older
    assert not see(initial(crypto(HELLO[:20])), b"\x40" + bytes(100)).older


def test_unknown_versions_and_noise_are_given_up() -> None:
    reader = Initials()
    rounds = 1
    while reader.see(b"\xc0\x00\x00\x00\x09\x08" + bytes(1200), 1206):
        rounds += 1
    assert (reader.name, rounds) == ("", MOST_DATAGRAMS)
