import pytest

from echoctl import paths
from echoctl.errors import NotFound, UsageError
from echoctl.model.traffic import Device, Endpoint, Naming
from echoctl.services.traffic import devices as service
from echoctl.store import traffic
from echoctl.store.database import db

KITCHEN, OFFICE, PHONE = "44:65:0d:00:00:50", "44:65:0d:00:00:51", "02:00:00:00:00:60"


@pytest.fixture
def seen() -> None:
    with db.session(paths.database(), create=True) as connection:
        for mac in (KITCHEN, OFFICE, PHONE):
            traffic.see_device(connection, mac, "Amazon", 1_000, 9_000)
        number = traffic.see_endpoint(
            connection, KITCHEN, Endpoint("203.0.113.10", "a.example", Naming.DNS), 1_000, 9_000
        )
        traffic.add_seconds(connection, [(5, number, 100, 50, 2)])


def test_a_device_gets_a_name_and_keeps_it(seen: None) -> None:
    service.describe(KITCHEN, "kitchen", True, "echo")
    service.describe("kitchen", "Küche", None, None)
    assert service.listing()[0] == Device(KITCHEN, "Küche", "Amazon", True, "echo", {}, 1_000, 9_000)
    service.describe(KITCHEN, "Küche", False, None)
    assert not any(device.speaker for device in service.listing())


@pytest.mark.parametrize("wanted", ["44:65:0d:00:00:50", "44-65-0D-00-00-50", "02", "kit"])
def test_a_device_is_found_by_address_name_or_beginning(seen: None, wanted: str) -> None:
    service.describe(KITCHEN, "kitchen", None, None)
    found = service.find(service.listing(), wanted)
    assert found.mac == (PHONE if wanted == "02" else KITCHEN)


def test_no_such_device_and_several_are_told_apart(seen: None) -> None:
    with pytest.raises(NotFound, match="no device cellar"):
        service.find(service.listing(), "cellar")
    with pytest.raises(UsageError, match="several") as caught:
        service.find(service.listing(), "44:65")
    assert OFFICE in caught.value.hint
    with pytest.raises(NotFound):
        service.find(service.listing(), "")


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x1b[2J"])
def test_a_name_that_is_none_is_refused(seen: None, name: str) -> None:
    with pytest.raises(UsageError, match="is no name"):
        service.describe(KITCHEN, name, None, None)


def test_names_are_unique_and_models_known(seen: None) -> None:
    service.describe(KITCHEN, "kitchen", None, None)
    with pytest.raises(UsageError, match="another device"):
        service.describe(OFFICE, "Kitchen", None, None)
    with pytest.raises(UsageError, match="unknown model"):
        service.describe(OFFICE, "office", None, "teapot")


def test_nothing_watched_yet_is_said_with_a_hint() -> None:
    assert service.listing() == []
    with pytest.raises(NotFound, match="nothing was watched") as caught:
        service.contacts(None, 0)
    assert "traffic watch" in caught.value.hint


def test_contacts_have_their_bytes(seen: None) -> None:
    (contact,) = service.contacts(None, 0)
    assert (contact.device.mac, contact.row.name, contact.row.up, contact.row.down) == (KITCHEN, "a.example", 100, 50)
    assert service.contacts(OFFICE, 0) == []


def test_an_address_need_not_have_been_seen(seen: None) -> None:
    assert service.mac_of("AA-BB-CC-00-11-22") == "aa:bb:cc:00:11:22"
    service.describe(KITCHEN, "kitchen", None, None)
    assert service.mac_of("kitchen") == KITCHEN
