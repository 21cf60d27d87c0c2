"""zsh: a function per command on top of _arguments, with the help lines as descriptions."""

from tools.shells.tree import FILE, Command, Option, Place

_HEAD = """\
#compdef echoctl
# zsh completion for echoctl, made by tools/make_completions.py from the command tree: do not edit.
# Words come from this file; recordings, rooms and the like from `echoctl _complete`.

# Offer the values of a kind, each with what it is.
_echoctl_ask() {
  local line
  local -a found
  for line in ${(f)"$(${~program} _complete $1 ${(Q)PREFIX} 2>/dev/null)"}; do
    found+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
  done
  _describe -V $1 found
}

# Offer the commands below $1, or complete the one that was typed.
_echoctl_below() {
  local group=$1 curcontext=$curcontext state
  shift
  _arguments -C '(-h --help)'{-h,--help}'[Show the help and exit]' $@ '1: :->command' '*:: :->rest'
  case $state in
    command) _echoctl_commands_$group ;;
    rest) (( $+functions[_echoctl_${group}_$words[1]] )) && _echoctl_${group}_$words[1] ;;
  esac
}
"""

_TAIL = """
_echoctl() {
  local program=$words[1]
  _echoctl_root
}

# Sourced: bind it. Loaded by name from fpath: run it.
if [[ $funcstack[1] == _echoctl ]]; then
  _echoctl "$@"
else
  compdef _echoctl echoctl
fi
"""


def write(root: Command) -> str:
    """The script."""
    return _HEAD + "".join(_function(command) for command in root.walk()) + _TAIL


def _function(command: Command) -> str:
    name = "_".join(["root", *command.path[1:]])
    if not command.subs:
        specs = [_option(option) for option in command.options]
        specs += [_place(at, place) for at, place in enumerate(command.places, 1)]
        body = " \\\n    ".join(specs)
        return f"\n_echoctl_{name}() {{\n  _arguments -s -S \\\n    {body}\n}}\n"
    lines = "".join(f"    '{sub.path[-1]}:{_quoted(sub.help)}'\n" for sub in command.subs)
    table = f"  local -a commands=(\n{lines}  )\n  _describe -V command commands\n"
    own = "".join(f" \\\n    {_option(option)}" for option in command.options[1:])
    return f"\n_echoctl_commands_{name}() {{\n{table}}}\n\n_echoctl_{name}() {{\n  _echoctl_below {name}{own}\n}}\n"


def _option(option: Option) -> str:
    text, names = f"[{_quoted(option.help).replace('[', '(').replace(']', ')')}]", list(option.names)
    if option.value is not None:
        text += f":{names[-1].strip('-')}:{_action(option.value)}"
        names = [f"{name}=" if name.startswith("--") else f"{name}+" for name in names]
    if len(names) == 1:
        return f"'{'*' * option.many}{names[0]}{text}'"
    before = "*" if option.many else f"({' '.join(option.names)})"
    return f"'{before}'{{{','.join(names)}}}'{text}'"


def _place(at: int, place: Place) -> str:
    return f"'{'*' if place.many else at}:{_quoted(place.name)}:{_action(place.value)}'"


def _action(value: str) -> str:
    if value == FILE:
        return "_files"
    if value.startswith("@"):
        # With a space before it _arguments calls it as it stands.
        return f" _echoctl_ask {value[1:]}"
    return f"({value.replace('|', ' ')})" if value else " "


def _quoted(text: str) -> str:
    """For single quotes, and with the colons that _arguments splits at escaped."""
    return text.replace("\\", "\\\\").replace("'", "'\\''").replace(":", "\\:")
