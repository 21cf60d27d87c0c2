"""fish: a `complete` line per word, each under the condition that its command was typed."""

from tools.shells.tree import FILE, Command, Option

_HEAD = """\
# fish completion for echoctl, made by tools/make_completions.py from the command tree: do not edit.
# Words come from this file; recordings, rooms and the like from `echoctl _complete`.

# Where are we? Sets __echoctl_path (the command) and __echoctl_place (how many arguments it has already).
function __echoctl_look
    set -l words (commandline -opc)
    test "$words" = "$__echoctl_line"; and return
    set -g __echoctl_line $words
    set -g __echoctl_path echoctl
    set -g __echoctl_place 0
    set -l skip
    for word in $words[2..-1]
        if set -q skip[1]
            set -e skip
        else if contains -- $word $__echoctl_takes
            set skip yes
        else if string match -q -- '-*' $word
            continue
        else if contains -- "$__echoctl_path $word" $__echoctl_commands
            set __echoctl_path "$__echoctl_path $word"
        else
            set __echoctl_place (math $__echoctl_place + 1)
        end
    end
end

# True in this command; with a number only at that argument, with `from` at that one and all after it.
function __echoctl_at
    __echoctl_look
    test "$__echoctl_path" = "$argv[1]"; or return
    switch "$argv[3]"
        case from
            test $__echoctl_place -ge $argv[2]
        case '*'
            test -z "$argv[2]"; or test $__echoctl_place -eq $argv[2]
    end
end

# The values of a kind, each with what it is.
function __echoctl_ask
    set -l program (string replace -r '^~' $HOME -- (commandline -opc)[1])
    $program _complete $argv[1] (string unescape -- (commandline -ct | string replace -r '^--[a-z-]+=' '')) 2>/dev/null
end

complete -c echoctl -f
"""


def write(root: Command) -> str:
    """The script."""
    commands = list(root.walk())
    takes = sorted({name for command in commands for name, _ in command.takes})
    paths = " ".join(f"'{' '.join(command.path)}'" for command in commands[1:])
    tables = f"\nset -g __echoctl_takes {' '.join(takes)}\nset -g __echoctl_commands {paths}\n"
    return _HEAD + tables + "".join(_lines(command) for command in commands)


def _lines(command: Command) -> str:
    here = " ".join(command.path)
    lines = [f"-n \"__echoctl_at '{here}'\" -a {sub.path[-1]} -d {_quoted(sub.help)}" for sub in command.subs]
    lines += [f"-n \"__echoctl_at '{here}'\" {_option(option)}" for option in command.options]
    lines += [
        f"-n \"__echoctl_at '{here}' {at}{' from' if place.many else ''}\" {_value(place.value)}"
        for at, place in enumerate(command.places)
        if place.value
    ]
    return "\n" + "".join(f"complete -c echoctl {line}\n" for line in lines)


def _option(option: Option) -> str:
    names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    if option.value is not None:
        names += ["-x" * (option.value != FILE), _value(option.value)]
    return " ".join([*filter(None, names), "-d", _quoted(option.help)])


def _value(value: str) -> str:
    if value == FILE:
        return "-r -F"
    if value.startswith("@"):
        # -k: the newest first, as they come.
        return f"-k -a '(__echoctl_ask {value[1:]})'"
    return f"-a '{value.replace('|', ' ')}'" if value else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
