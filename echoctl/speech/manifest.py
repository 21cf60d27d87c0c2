"""What is written down beside an installed speech model: where it came from, and exactly what it is.

`models/en-us/` is the model, `models/en-us.json` its record. The hash names the exact content of a folder: SHA-256
over the lines `<SHA-256 of the file>  <path>`, sorted by the bytes of the path. The same with standard tools:

    find . -type f -printf '%P\\n' | LC_ALL=C sort | while read -r f; do
        printf '%s  %s\\n' "$(sha256sum <"$f" | cut -d' ' -f1)" "$f"; done | sha256sum
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from echoctl.errors import ModelError


@dataclass(frozen=True, slots=True)
class Record:
    """The origin and content of an installed model."""

    name: str
    origin: str
    """A URL, an npm package with its version, or a path."""
    licence: str
    sha256: str
    """The content hash of the folder."""
    files: Mapping[str, int]
    """Every file and its size in bytes; paths with "/"."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


def record_path(folder: str) -> str:
    """The record's place beside `folder`."""
    return folder.rstrip(os.sep) + ".json"


def read_record(folder: str) -> Record | None:
    """The record of the model in `folder`, or None when it has none (it was not installed by echoctl).

    Raises ModelError when there is a malformed one.
    """
    path = record_path(folder)
    try:
        with open(path, encoding="utf-8") as file:
            record = Record(**json.load(file))
        if not all(isinstance(size, int) for size in record.files.values()):
            raise ValueError("sizes must be numbers")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        raise ModelError(f"the record {path} cannot be read", "echoctl model install replaces it") from exc
    return record


def write_record(folder: str, record: Record) -> None:
    """Write the record of `folder`, at once or not at all."""
    path = record_path(folder)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(asdict(record), file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def folder_files(folder: str) -> Iterator[str]:
    """The regular files below `folder`, as paths with "/", sorted by their bytes. Raises ModelError for a link."""
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            if os.path.islink(path):
                raise ModelError(f"the model holds a link: {path}", "a model consists of plain files only")
            found.append(os.path.relpath(path, folder).replace(os.sep, "/"))
    yield from sorted(found, key=os.fsencode)


def folder_hash(folder: str) -> str:
    """The content hash of `folder`: see the top of this module. Modes, dates and empty folders do not count."""
    total = hashlib.sha256()
    for name in folder_files(folder):
        with open(os.path.join(folder, name), "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{digest}  {name}\n".encode())
    return total.hexdigest()
