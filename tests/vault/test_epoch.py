import os

import pytest

from echoctl.errors import VaultDamaged
from echoctl.vault import epoch, keys
from echoctl.vault import format as fmt
from echoctl.vault.primitives import DoesNotOpen, random_secret

NOW = 1_800_000_000_000


class Store:
    """What a database would keep: epochs and places, in lists."""

    def __init__(self) -> None:
        self.vault, self.seed = keys.new_vault(NOW, random_secret())
        self.writer = epoch.Writer(self.vault.uid, self.vault.public)
        self.epochs: list[tuple[bytes, bytes]] = []
        self.records: list[tuple[int, epoch.Place, bytes, bytes]] = []

    def write(self, text: bytes) -> None:
        if self.writer.needs_epoch(NOW):
            self.epochs.append(self.writer.begin(NOW))
        uid = os.urandom(16)
        key, place = self.writer.next_key(uid, NOW)
        with key:
            self.records.append((len(self.epochs) - 1, place, uid, key.seal_text(text)))

    def read(self, n: int) -> bytes:
        number, place, uid, sealed = self.records[n]
        with (
            epoch.VaultReader(self.vault, bytearray(self.seed)) as reader,
            reader.record(*self.epochs[number], place, uid, NOW) as key,
        ):
            return key.open_text(sealed).rstrip()


def test_a_full_epoch_is_followed_by_another() -> None:
    store = Store()
    for n in range(fmt.EPOCH_RECORDS + 1):
        store.write(b"%d" % n)
    assert len(store.epochs) == 2
    assert [place.seq for _, place, _, _ in store.records] == [*range(fmt.EPOCH_RECORDS), 0]
    for n in (0, 1, 255, 256):
        assert store.read(n) == b"%d" % n


def test_an_epoch_is_left_after_a_day_or_when_the_clock_goes_back() -> None:
    writer = _writer(Store().vault)
    assert writer.needs_epoch(NOW)
    writer.begin(NOW)
    assert not writer.needs_epoch(NOW + fmt.EPOCH_MS - 1)
    assert writer.needs_epoch(NOW + fmt.EPOCH_MS)
    assert writer.needs_epoch(NOW - 1)
    writer.abandon()
    assert writer.needs_epoch(NOW)


def test_the_writer_forgets_each_step_at_once() -> None:
    store = Store()
    store.write(b"one")
    before = store.writer._chain
    held = bytes(before)
    store.write(b"two")
    assert before == bytearray(32)
    assert store.writer._chain != held
    chain = store.writer._chain
    store.writer.abandon()
    assert chain == bytearray(32)


def test_a_key_is_wiped_when_its_with_ends() -> None:
    store = Store()
    store.writer.begin(NOW)
    key, _ = store.writer.next_key(bytes(16), NOW)
    with key:
        assert key._secret != bytearray(32)
    assert key._secret == bytearray(32)


def test_nothing_can_be_moved() -> None:
    store = Store()
    store.write(b"one")
    store.write(b"two")
    (number, place, uid, sealed), (_, other, _, swapped) = store.records
    root = store.epochs[number]
    wrong = [
        (root, epoch.Place(other.seq, place.wrapped), uid, NOW),
        (root, epoch.Place(place.seq, other.wrapped), uid, NOW),
        (root, place, bytes(16), NOW),
        (root, place, uid, NOW + 1),
        (root, place, uid, 1 << 64),
        ((bytes(16), root[1]), place, uid, NOW),
        ((root[0], root[1][:-1]), place, uid, NOW),
        ((root[0], b""), place, uid, NOW),
    ]
    for (at, sealed_root), where, name, moment in wrong:
        with epoch.VaultReader(store.vault, bytearray(store.seed)) as reader, pytest.raises(VaultDamaged):
            reader.record(at, sealed_root, where, name, moment)
    with (
        epoch.VaultReader(store.vault, bytearray(store.seed)) as reader,
        reader.record(*root, place, uid, NOW) as key,
    ):
        assert key.open_text(sealed).rstrip() == b"one"
        for not_this in (swapped, sealed[:-1], b"", sealed + b"\0"):
            with pytest.raises(DoesNotOpen):
                key.open_text(not_this)
        with pytest.raises(DoesNotOpen):
            key.open_text(sealed, "correction")


@pytest.mark.parametrize("position", range(0, fmt.SEALED_ROOT_BYTES, 73))
def test_a_sealed_root_with_a_flipped_bit_does_not_open(position: int) -> None:
    store = Store()
    store.write(b"one")
    uid, sealed = store.epochs[0]
    bad = bytearray(sealed)
    bad[position] ^= 0x10
    store.epochs[0] = (uid, bytes(bad))
    with pytest.raises(VaultDamaged):
        store.read(0)


def test_texts_of_like_length_look_alike() -> None:
    store = Store()
    for text in (b"a", b"b" * 64, b"c" * 65):
        store.write(text)
    assert [len(sealed) for _, _, _, sealed in store.records] == [64 + 28, 64 + 28, 128 + 28]


def test_two_writers_never_use_the_same_key() -> None:
    store = Store()
    writers = [_writer(store.vault), _writer(store.vault)]
    assert len({writer.begin(NOW) for writer in writers}) == 2
    places = {writer.next_key(bytes(16), NOW)[1].wrapped for writer in writers}
    assert len(places) == 2


def _writer(vault: keys.Vault) -> epoch.Writer:
    return epoch.Writer(vault.uid, vault.public)
