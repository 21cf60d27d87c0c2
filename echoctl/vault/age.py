"""age's one-line keys: identities that open (AGE-SECRET-KEY-1…) and recipients that seal (age1…, age1pq1…).

The recovery secret and a guest's secret are kept by people as identities. The form is Bech32 (BIP 173, without its
length limit), whose checksum tells a slip of the pen from a wrong key.
"""

from echoctl.errors import UsageError
from echoctl.vault.format import KEY_BYTES, PUBLIC_BYTES

PREFIX = "age-secret-key-"
HYBRID_PREFIX = "age-secret-key-pq-"
"""An identity whose key pair is MLKEM768-X25519: what the vault's own seed would be."""

RECIPIENTS = {"age": KEY_BYTES, "age1pq": PUBLIC_BYTES}
"""Prefix of a recipient -> bytes of its key: X25519, and MLKEM768-X25519."""

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK_LETTERS = 6


def identity_line(secret: bytearray) -> str:
    """The line of a 32-byte secret, in capitals as age writes it."""
    return encode(PREFIX, secret).upper()


def parse_identity(line: str) -> bytearray:
    """The secret of a line; spaces and line breaks inside are dropped. Raises UsageError when there is a mistake."""
    text = "".join(line.split())
    body = text.lower().removeprefix(PREFIX + "1")
    if text not in (text.lower(), text.upper()) or body == text.lower() or not set(body) <= set(_LETTERS):
        raise UsageError("this is not a recovery line", "it is one line that begins with AGE-SECRET-KEY-1")
    groups = [_LETTERS.index(letter) for letter in body]
    if _polymod([*_expanded(PREFIX), *groups]) != 1:
        raise UsageError("the recovery line has a mistake in it", "compare it with what you noted, letter by letter")
    secret = bytearray(_regroup(groups[:-_CHECK_LETTERS], 5, 8))
    if len(secret) != KEY_BYTES or _regroup(secret, 8, 5) != groups[:-_CHECK_LETTERS]:
        raise UsageError("the recovery line has the wrong length", "it is one line of 74 letters")
    return secret


def encode(prefix: str, data: bytes | bytearray) -> str:
    """Bytes as a line in small letters."""
    groups = _regroup(data, 8, 5)
    check = _polymod([*_expanded(prefix), *groups, *[0] * _CHECK_LETTERS]) ^ 1
    groups += [check >> 5 * (_CHECK_LETTERS - 1 - n) & 31 for n in range(_CHECK_LETTERS)]
    return prefix + "1" + "".join(_LETTERS[group] for group in groups)


def decode(line: str) -> tuple[str, bytearray]:
    """A line's prefix, in small letters, and its bytes. Raises ValueError for whatever is not Bech32."""
    text = line.strip()
    if text not in (text.lower(), text.upper()):
        raise ValueError("capitals and small letters are mixed")
    prefix, one, body = text.lower().rpartition("1")
    if not one or not prefix or not set(body) <= set(_LETTERS):
        raise ValueError("this is not a line of age's")
    groups = [_LETTERS.index(letter) for letter in body]
    if len(groups) < _CHECK_LETTERS or _polymod([*_expanded(prefix), *groups]) != 1:
        raise ValueError("there is a mistake in it")
    data = bytearray(_regroup(groups[:-_CHECK_LETTERS], 5, 8))
    if _regroup(data, 8, 5) != groups[:-_CHECK_LETTERS]:
        raise ValueError("its length is wrong")
    return prefix, data


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for n, factor in enumerate(_GENERATOR):
            if top >> n & 1:
                check ^= factor
    return check


def _expanded(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _regroup(values: bytes | bytearray | list[int], width: int, to: int) -> list[int]:
    """Bits of `values` in groups of another width; rest bits are dropped when the groups widen, else padded."""
    held = bits = 0
    out = []
    for value in values:
        held = held << width | value
        bits += width
        while bits >= to:
            bits -= to
            out.append(held >> bits & (1 << to) - 1)
        held &= (1 << bits) - 1
    if bits and to < width:
        out.append(held << (to - bits) & (1 << to) - 1)
    return out
