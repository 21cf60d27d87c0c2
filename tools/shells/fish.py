"""fish: a table of words and their help per command, and one function that knows where the cursor is.

A `complete` line per word is the usual way, but fish asks each command's condition anew at every Tab: 3 to 5 ms for
this tree, where the one function takes a tenth.
"""

from tools.shells.tree import Command

_HEAD = """\
# fish completion for echoctl, made by tools/make_completions.py from the command tree: do not edit.
# Words come from this file; recordings, rooms and the like from `echoctl _complete`.

# What may follow a command: subs and options (word TAB help), takes (option=VALUE) and places (VALUE, the last with +
# may be repeated). VALUE is file, one|of|these, @kind for `echoctl _complete kind`, or any for what nobody can guess.
function __echoctl_table
    set -g __echoctl_subs
    set -g __echoctl_options
    set -g __echoctl_takes
    set -g __echoctl_places
    switch "$argv[1]"
"""

_TAIL = r"""    end
end

# Offer what may stand for the VALUE $argv[1], where $argv[2] was typed, each with $argv[3] before it.
function __echoctl_offer
    set -l typed (string unescape -- $argv[2]; or string replace -r '^["\']' '' -- $argv[2])
    switch $argv[1]
        case any
        case file
            __fish_complete_path $typed | string replace -r -- '^' "$argv[3]"
        case '@*'
            set -l program (string replace -r '^~' $HOME -- (commandline -opc)[1])
            $program _complete (string sub -s 2 -- $argv[1]) $typed 2>/dev/null | string replace -r -- '^' "$argv[3]"
        case '*'
            string split '|' -- $argv[1] | string replace -r -- '^' "$argv[3]"
    end
end

function __echoctl_complete
    set -l path echoctl
    set -l option ''
    set -l place 1
    set -l typed (commandline -ct)
    __echoctl_table $path
    for word in (commandline -opc)[2..-1]
        if test -n "$option"
            set option ''
        else if string match -q -- '-*' $word
            for pair in $__echoctl_takes
                test "$word" = (string split -m 1 -f 1 = -- $pair); and set option $word
            end
        else if string match -q -- "$word"\t'*' $__echoctl_subs
            set path "$path $word"
            __echoctl_table $path
        else
            set place (math $place + 1)
        end
    end
    set -l before ''
    if test -z "$option"; and string match -q -- '--*=*' $typed
        set option (string replace -r '=.*' '' -- $typed)
        set before $option=
        set typed (string replace -r '^[^=]*=' '' -- $typed)
    end
    if test -n "$option"
        for pair in $__echoctl_takes
            string match -q -- "$option=*" $pair
            and __echoctl_offer (string replace -r '^[^=]*=' '' -- $pair) "$typed" $before
        end
    else if string match -q -- '-*' $typed
        printf '%s\n' $__echoctl_options
    else
        printf '%s\n' $__echoctl_subs
        set -l value $__echoctl_places[$place]
        if test -z "$value"; and string match -q -- '*+' "$__echoctl_places[-1]"
            set value $__echoctl_places[-1]
        end
        test -n "$value"; and __echoctl_offer (string trim -r -c + -- $value) "$typed" ''
    end
end

complete -c echoctl -f -k -a '(__echoctl_complete)'
"""


def write(root: Command) -> str:
    """The script."""
    return _HEAD + "".join(_case(command) for command in root.walk()) + _TAIL


def _case(command: Command) -> str:
    parts = {
        "subs": [f"{sub.path[-1]}\\t{_quoted(sub.help)}" for sub in command.subs],
        "options": [f"{name}\\t{_quoted(option.help)}" for option in command.options for name in option.names],
        "takes": [_quoted(f"{name}={value or 'any'}") for name, value in command.takes],
        "places": [_quoted((place.value or "any") + "+" * place.many) for place in command.places],
    }
    lines = "".join(
        f"            set __echoctl_{name}" + "".join(f" \\\n                {word}" for word in words) + "\n"
        for name, words in parts.items()
        if words
    )
    return f"        case '{' '.join(command.path)}'\n{lines}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
