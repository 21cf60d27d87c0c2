"""Sealed recordings, and to whom they are sealed, as JSON: bytes in base64."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from echoctl.services.history.sealer import Recipient, SealedRecord


def recipient_fields(recipient: Recipient | None) -> dict[str, Any] | None:
    """To whom is sealed, as an order carries it."""
    if recipient is None:
        return None
    return {
        "vault": _text(recipient.vault),
        "gen": recipient.gen,
        "public": _text(recipient.public),
        "guest": recipient.guest,
    }


def recipient_of(fields: Mapping[str, Any] | None) -> Recipient | None:
    """The inverse of `recipient_fields`."""
    if fields is None:
        return None
    return Recipient(b64decode(fields["vault"]), fields["gen"], b64decode(fields["public"]), fields["guest"])


def record_fields(sealed: SealedRecord) -> dict[str, Any]:
    """A sealed recording, as the ear sends it."""
    return {
        "epoch": _text(sealed.epoch),
        "root": _text(sealed.root),
        "seq": sealed.seq,
        "wrapped": _text(sealed.wrapped),
        "text": None if sealed.text is None else _text(sealed.text),
        "chunks": [_text(chunk) for chunk in sealed.chunks],
    }


def record_of(fields: Mapping[str, Any]) -> SealedRecord:
    """A sealed recording from fields that `checks` has let through, where they are bytes already."""
    return SealedRecord(
        epoch=fields["epoch"],
        root=fields["root"],
        seq=fields["seq"],
        wrapped=fields["wrapped"],
        text=fields["text"],
        chunks=tuple(fields["chunks"]),
    )


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
