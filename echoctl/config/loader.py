"""Configuration: the defaults below < config.toml < ECHOCTL_* variables < flags of the command.

Every key of config.toml is a field of echoctl/config/schema.py, in a section of the same name. A variable is named
ECHOCTL_<SECTION>_<KEY>; flags are applied by the commands. Unknown keys and wrong types are errors that name file,
key and the likely meant one. No secret is ever read from here: passphrases come from a prompt, a
file, or the command that `vault.passphrase_command` names.
"""

import dataclasses
import difflib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from echoctl import paths
from echoctl.config.schema import Config as Config
from echoctl.errors import UsageError
from echoctl.model.speech import StoreMode

SECTIONS = {f.name: f.type for f in dataclasses.fields(Config) if f.name != "origins"}

OLD_NAMES = {"listen.require_seal": "listen.require_sandbox"}
"""Names that a setting had, in the file and as a variable; they go on working until version 2."""


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration. Raises UsageError at the first problem."""
    for problem in problems(environ):
        raise problem
    return _build(_read_file(), environ)


def problems(environ: Mapping[str, str] = os.environ) -> Iterator[UsageError]:
    """Every problem of the file and the variables, one error each, in the order of the file."""
    try:
        data = _read_file()
    except UsageError as error:
        yield error
        return
    for section, values in data.items():
        if section not in SECTIONS:
            yield _unknown(_place(section), f"section [{section}]", section, list(SECTIONS))
        elif not isinstance(values, dict):
            yield UsageError(f"{_place(section)}: {section} must be a section", f"write [{section}] on its own line")
        else:
            yield from _section_problems(section, values)
    yield from _variable_problems(environ)


def entries(config: Config) -> Iterator[tuple[str, Any, str, str]]:
    """(key, value, origin, help) of every setting, in order."""
    for section in SECTIONS:
        part = getattr(config, section)
        for f in dataclasses.fields(part):
            name = f"{section}.{f.name}"
            yield name, getattr(part, f.name), config.origins.get(name, "default"), f.metadata["help"]


def set_threshold(word: str, value: float) -> str:
    """Write the threshold of one wake word into config.toml, leave all else as it is, and return its path.

    Raises UsageError when the file cannot be read or is not valid.
    """
    import tomlkit  # noqa: PLC0415 - 20 ms, for the one command that writes; reading is tomllib's

    _read_file()
    path = Path(paths.config_file())
    document = tomlkit.parse(path.read_text("utf-8") if path.exists() else "")
    wake = document.setdefault("wake", tomlkit.table())
    wake.setdefault("thresholds", tomlkit.inline_table())[word] = value
    paths.private_dir(str(path.parent))
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(tomlkit.dumps(document), "utf-8")
    os.replace(fresh, path)
    return str(path)


def _read_file() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - 13 ms, paid only where a configuration exists

    path = Path(paths.config_file())
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}", "check its rights") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path} is not valid TOML: {exc}", "echoctl config path, then mend that line") from exc


def _build(data: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    parts: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    origins: dict[str, str] = {}
    for section, values in data.items():
        for spelled, value in values.items():
            key = _key(section, spelled)
            parts[section][key] = _convert(section, key, value)
            origins[f"{section}.{key}"] = paths.config_file()
    for section, key, name in _variables(environ):
        parts[section][key] = _parse(section, key, environ[name])
        origins[f"{section}.{key}"] = name
    default = Config()
    built = {s: dataclasses.replace(getattr(default, s), **values) for s, values in parts.items()}
    return Config(**built, origins=origins)


def _section_problems(section: str, values: Mapping[str, Any]) -> Iterator[UsageError]:
    known = _defaults(section)
    for spelled, value in values.items():
        key, name = _key(section, spelled), f"{section}.{spelled}"
        if key not in known:
            yield _unknown(_place(section, spelled), f"key {name}", key, list(known))
            continue
        try:
            _convert(section, key, value)
        except ValueError as exc:
            example = f"for example: {key} = {_example(section, key)}"
            yield UsageError(f"{_place(section, spelled)}: {name}: {exc}", example)
        if key != spelled and key in values:
            where = f"{_place(section, spelled)}: {name}"
            yield _twice(where, f"{section}.{key}", f"remove the line of {spelled}")


def _variable_problems(environ: Mapping[str, str]) -> Iterator[UsageError]:
    known = [_variable(section, key) for section in SECTIONS for key in _defaults(section)]
    for section, key, name in _variables(environ):
        try:
            _parse(section, key, environ[name])
        except ValueError as exc:
            yield UsageError(f"{name}: {exc}", f"unset {name}, or give it a value like {_example_text(section, key)}")
        if name not in known and _variable(section, key) in environ:
            yield _twice(name, _variable(section, key), f"unset {name}")
    ours = {name for _, _, name in _variables(environ)}
    for name in environ:
        section = name.removeprefix("ECHOCTL_").partition("_")[0].lower()
        if name.startswith("ECHOCTL_") and section in SECTIONS and name not in ours:
            yield _unknown("environment", f"variable {name}", name, known)


def _twice(old: str, new: str, hint: str) -> UsageError:
    return UsageError(f"{old} is the old name of {new}, which is set too", hint)


def _unknown(where: str, what: str, name: str, known: list[str]) -> UsageError:
    near = difflib.get_close_matches(name, known, 1)
    return UsageError(
        f"{where}: unknown {what}", f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
    )


def _place(section: str, key: str = "") -> str:
    """The file, and the line where it can be told (tomllib keeps none)."""
    path, inside = Path(paths.config_file()), False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.replace('"', "").replace("'", "").strip()
        if text.startswith("["):
            inside = text.strip("[ ]").partition(".")[0] == section
        word = text.partition("=")[0].strip()
        if (inside and word == key) or (not key and (inside or word == section)) or word == f"{section}.{key}":
            return f"{path}:{number}"
    return str(path)


def _key(section: str, spelled: str) -> str:
    """The key that is meant, also by an old name."""
    name = f"{section}.{spelled}"
    return OLD_NAMES.get(name, name).partition(".")[2]


def _defaults(section: str) -> dict[str, Any]:
    part = getattr(Config(), section)
    return {f.name: getattr(part, f.name) for f in dataclasses.fields(part)}


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for section in SECTIONS:
        for key in _defaults(section):
            old_keys = [old.partition(".")[2] for old, new in OLD_NAMES.items() if new == f"{section}.{key}"]
            for spelled in (key, *old_keys):
                if (name := _variable(section, spelled)) in environ:
                    yield section, key, name


def _variable(section: str, key: str) -> str:
    return f"ECHOCTL_{section}_{key}".upper()


def as_toml(value: object) -> str:
    """A setting's value as config.toml spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_quoted(word)} = {as_toml(v)}" for word, v in value.items()) + " }" if value else "{}"
        )
    if isinstance(value, tuple):
        return "[" + ", ".join(_quoted(word) for word in value) + "]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    # JSON's strings are TOML's basic strings.
    return json.dumps(text, ensure_ascii=False)


def _example(section: str, key: str) -> str:
    value = _defaults(section)[key]
    if isinstance(value, Mapping):
        return '{ mute = "x" }' if _holds_texts(section, key) else "{ alexa = 0.05 }"
    return as_toml(True if value is False else value or "…")


def _example_text(section: str, key: str) -> str:
    """As `_example`, in the spelling of a variable."""
    value = _defaults(section)[key]
    if isinstance(value, Mapping):
        return "mute=x,talk=t" if _holds_texts(section, key) else "alexa=0.05,computer=0.5"
    return ",".join(value) if isinstance(value, tuple) else as_toml(True if value is False else value).strip('"') or "…"


def _convert(section: str, key: str, value: Any) -> Any:
    """A TOML value as the field's type. Raises ValueError that says what was expected."""
    default = _defaults(section)[key]
    if isinstance(default, tuple):
        if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
            raise ValueError("expected a list of words")
        return tuple(value)
    if isinstance(default, Mapping):
        return _table(section, key, value)
    if type(value) is not type(default):
        raise ValueError(f"expected {_NAMES[type(default)]}")
    return _within(section, key, value)


def _table(section: str, key: str, value: object) -> dict[str, Any]:
    texts = _holds_texts(section, key)
    fits = _is_text if texts else _is_share
    if not isinstance(value, dict) or not all(fits(v) for v in value.values()):
        raise ValueError(f"expected a table of words and {'texts' if texts else 'numbers from 0 to 1'}")
    return dict(value)


def _holds_texts(section: str, key: str) -> bool:
    """Whether a table's values are texts; else they are shares."""
    part = getattr(Config(), section)
    return any(f.name == key and f.metadata.get("texts", False) for f in dataclasses.fields(part))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _within(section: str, key: str, value: Any) -> Any:
    if section == "vault" and key == "store" and value not in (*StoreMode, "none"):
        raise ValueError(f"expected one of {', '.join(StoreMode)}, none")
    if isinstance(value, int) and not isinstance(value, bool):
        limits = next(f.metadata for f in dataclasses.fields(getattr(Config(), section)) if f.name == key)
        if not limits["low"] <= value <= limits["high"]:
            raise ValueError(f"expected a number from {limits['low']} to {limits['high']}")
    return value


def _parse(section: str, key: str, text: str) -> Any:
    """A variable's text as the field's type: lists are split at commas, tables are word=number pairs."""
    default = _defaults(section)[key]
    if isinstance(default, bool):
        if text.lower() not in _WORDS:
            raise ValueError("expected true or false")
        return _WORDS[text.lower()]
    if isinstance(default, int):
        if not text.strip().lstrip("-").isdecimal():
            raise ValueError("expected a whole number")
        return _within(section, key, int(text))
    if isinstance(default, tuple):
        return _convert(section, key, [word.strip() for word in text.split(",") if word.strip()])
    if isinstance(default, Mapping):
        pairs = [pair.partition("=") for pair in text.split(",") if pair]
        if _holds_texts(section, key):
            return {word.strip(): value.strip() for word, _, value in pairs}
        try:
            return _convert(section, key, {word.strip(): float(number) for word, _, number in pairs})
        except ValueError as exc:
            raise ValueError("expected words and numbers from 0 to 1, as in alexa=0.05,computer=0.5") from exc
    return _within(section, key, text)


_NAMES: Mapping[type, str] = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
_WORDS: Mapping[str, bool] = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
