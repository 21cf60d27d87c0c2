import pytest

from echoctl.errors import VaultDamaged, VaultLocked
from echoctl.store import slabs
from echoctl.vault import format as fmt
from echoctl.vault import keys
from echoctl.vault.primitives import random_secret

CHEAP = keys.Cost(memory_kib=8 * 1024, passes=1, lanes=1)


@pytest.fixture
def made() -> tuple[keys.Vault, bytearray, bytearray]:
    """A vault, its seed, its device secret."""
    secret = random_secret()
    vault, seed = keys.new_vault(1_800_000_000_000, secret)
    return vault, seed, secret


def blob(kind: int, raw: bytes) -> bytes:
    whole = bytearray(keys.blank())
    whole[kind * fmt.SLOT_BYTES : (kind + 1) * fmt.SLOT_BYTES] = raw
    return bytes(whole)


def slot(kind: int, raw: bytes) -> keys.Slot:
    found = keys.slot_of(blob(kind, raw), kind)
    assert found
    return found


def test_the_layout_is_that_of_the_specification() -> None:
    assert (fmt.SLOT_BYTES, fmt.SLOTS, len(keys.blank())) == (128, 8, 1024)
    assert (slabs.SLOTS, slabs.SLOT_BYTES) == (fmt.EPOCH_RECORDS, fmt.WRAP_BYTES)
    assert slabs.UNUSED_BYTES == 4096


def test_each_slot_gives_the_seed_to_its_own_secret(made: tuple[keys.Vault, bytearray, bytearray]) -> None:
    vault, seed, secret = made
    recovery, phrase = random_secret(), bytearray(b"correct horse")
    assert keys.open_device(vault, slot(0, keys.seal_device(vault, seed, secret)), secret) == seed
    sealed = slot(1, keys.seal_passphrase(vault, seed, secret, phrase, CHEAP))
    assert keys.open_passphrase(vault, sealed, secret, phrase) == seed
    assert keys.open_recovery(vault, slot(2, keys.seal_recovery(vault, seed, recovery)), recovery) == seed
    with pytest.raises(VaultLocked):
        keys.open_passphrase(vault, sealed, secret, bytearray(b"correct hors"))
    with pytest.raises(VaultLocked):
        keys.open_passphrase(vault, sealed, random_secret(), phrase)


def test_a_slot_of_another_vault_or_generation_does_not_open(made: tuple[keys.Vault, bytearray, bytearray]) -> None:
    import dataclasses

    vault, seed, secret = made
    sealed = slot(0, keys.seal_device(vault, seed, secret))
    for other in (
        dataclasses.replace(vault, uid=bytes(16)),
        dataclasses.replace(vault, gen=2),
        dataclasses.replace(vault, public=bytes(fmt.PUBLIC_BYTES)),
    ):
        with pytest.raises(VaultDamaged):
            keys.open_device(other, sealed, secret)


def test_an_empty_place_is_no_slot() -> None:
    assert keys.slot_of(keys.blank(), fmt.DEVICE_SLOT) is None
    for wrong in (b"", keys.blank()[:-1], keys.blank() + b"\0"):
        with pytest.raises(VaultDamaged):
            keys.slot_of(wrong, fmt.DEVICE_SLOT)


@pytest.mark.parametrize(
    "cost",
    [
        keys.Cost(4 * 1024, 3, 4), keys.Cost(1 << 21, 3, 4), keys.Cost(0xFFFFFFFF, 3, 4), keys.Cost(65536, 0, 4),
        keys.Cost(65536, 11, 4), keys.Cost(65536, 3, 0), keys.Cost(65536, 3, 17),
    ],
)  # fmt: skip
def test_a_cost_out_of_bounds_is_refused_before_it_is_paid(
    made: tuple[keys.Vault, bytearray, bytearray], cost: keys.Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, seed, secret = made
    monkeypatch.setattr(keys, "_passphrase_key", lambda *_: bytearray(32))
    raw = keys.seal_passphrase(vault, seed, secret, bytearray(b"x"), cost)
    with pytest.raises(VaultDamaged, match="never writes"):
        slot(1, raw)


def test_a_guess_at_a_passphrase_costs_64_mib_three_times_over(made: tuple[keys.Vault, bytearray, bytearray]) -> None:
    found = slot(1, keys.seal_passphrase(*made, bytearray(b"x")))
    assert (found.cost.memory_kib, found.cost.passes, found.cost.lanes) == (64 * 1024, 3, 4)


def test_a_slot_in_the_place_of_another_kind_is_refused(made: tuple[keys.Vault, bytearray, bytearray]) -> None:
    vault, seed, secret = made
    with pytest.raises(VaultDamaged):
        slot(2, keys.seal_device(vault, seed, secret))


def test_a_slot_commits_to_its_key(made: tuple[keys.Vault, bytearray, bytearray]) -> None:
    """AES-GCM alone would open under two keys; the commitment is checked first."""
    vault, seed, secret = made
    raw = bytearray(keys.seal_device(vault, seed, secret))
    raw[40:72] = bytes(32)
    raw[120:] = keys._checksum(bytes(raw[:120]))
    with pytest.raises(VaultDamaged):
        keys.open_device(vault, slot(0, bytes(raw)), secret)


def test_the_device_check_tells_vaults_and_secrets_apart() -> None:
    secret = random_secret()
    assert keys.device_check(secret, bytes(16)) == keys.device_check(secret, bytes(16))
    assert keys.device_check(secret, bytes(16)) != keys.device_check(secret, bytes(15) + b"\1")
    assert keys.device_check(random_secret(), bytes(16)) != keys.device_check(secret, bytes(16))


def test_a_public_key_of_the_wrong_shape_is_damage() -> None:
    for raw in (b"", bytes(fmt.PUBLIC_BYTES - 1), b"\xff" * fmt.PUBLIC_BYTES):
        with pytest.raises(VaultDamaged):
            keys.public_key(raw)
