import pytest

from echoctl.traffic import tables


@pytest.mark.parametrize(
    ("mac", "name"),
    [
        ("44:65:0d:00:00:50", "Amazon"),
        ("02:00:00:00:00:60", "private address"),
        ("00:00:00:00:00:01", ""),
        ("192.168.77.50", ""),
        ("fd77::50", ""),
    ],
)
def test_a_vendor_is_known_by_the_first_bytes(mac: str, name: str) -> None:
    assert tables.vendor(mac) == name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("52.46.129.41", "Amazon"),
        ("17.253.14.125", "Apple"),
        ("142.250.1.1", "Google"),
        ("2a00:1450:4001::1", "Google"),
        ("203.0.113.10", ""),
    ],
)
def test_an_owner_is_known_by_block(address: str, name: str) -> None:
    assert tables.owner(address) == name
