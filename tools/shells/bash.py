"""bash: a table of words per command, and a function that knows where the cursor is.

Written for bash 3.2, which macOS has, and newer; tested with 5.2 alone.
"""

from tools.shells.tree import Command

_HEAD = """\
# bash completion for echoctl, made by tools/make_completions.py from the command tree: do not edit.
# Words come from this file; recordings, rooms and the like from `echoctl _complete`.

# What may follow a command: subs, flags, takes (option=VALUE) and places (VALUE, the last with + may be repeated).
# VALUE is file, one|of|these, @kind for `echoctl _complete kind`, or any for what nobody can guess.
_echoctl_words() {
    subs='' flags='-h --help' takes='' places=''
    case $1 in
"""

_TAIL = r"""    esac
}

# Offer those words of $1 that begin with $cur.
_echoctl_match() {
    local word
    for word in $1; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
}

# Offer what may stand for the VALUE $1.
_echoctl_offer() {
    local value quote='' typed=$cur
    case $1 in
    any) ;;
    file) compopt -o default 2>/dev/null ;;
    @*)
        case $cur in
        [\"\']*) quote=${cur:0:1} typed=${cur:1} ;;
        *) typed=${cur//\\/} ;;
        esac
        while IFS=$'\t' read -r value _; do
            if [[ -z $quote ]]; then
                # readline has split the word at its colons and replaces what follows the last one
                [[ $COMP_WORDBREAKS == *:* ]] && value=${value#"${typed%"${typed##*:}"}"}
                printf -v value %q "$value"
            fi
            COMPREPLY+=("$value")
        done < <("${COMP_WORDS[0]/#\~/$HOME}" _complete "${1#@}" "$typed" 2>/dev/null)
        ;;
    *) _echoctl_match "${1//|/ }" ;;
    esac
}

_echoctl() {
    local at=echoctl cur word option='' place=0 i n=-1
    local subs flags takes places
    local -a words
    COMPREPLY=()
    # readline splits at colons and equals signs: put those words together again
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((n > 0)) && { [[ $word == [:=]* ]] || [[ ${words[n]} == *[:=] ]]; }; then
            words[n]+=$word
        else
            words[++n]=$word
        fi
    done
    cur=${words[n]}
    _echoctl_words "$at"
    for ((i = 1; i < n; i++)); do
        word=${words[i]}
        if [[ $option ]]; then
            option=''
        elif [[ $word == -* ]]; then
            [[ " $takes" == *" $word="* ]] && option=$word
        elif [[ " $subs " == *" $word "* ]]; then
            at+=" $word"
            _echoctl_words "$at"
        else
            place=$((place + 1))
        fi
    done
    if [[ -z $option && $cur == --*=* ]]; then
        option=${cur%%=*} cur=${cur#*=}
    fi
    if [[ $option ]]; then
        word=" $takes "
        [[ $word == *" $option="* ]] || return 0
        word=${word#*" $option="}
        _echoctl_offer "${word%% *}"
    elif [[ $cur == -* ]]; then
        for word in $takes; do
            flags+=" ${word%%=*}"
        done
        _echoctl_match "$flags"
    else
        _echoctl_match "$subs"
        for word in $places; do
            if ((place-- == 0)) || [[ $word == *+ ]]; then
                _echoctl_offer "${word%+}"
                break
            fi
        done
    fi
}

# Without compopt (bash 3.2) file names are offered wherever nothing else is.
if type compopt >/dev/null 2>&1; then
    complete -F _echoctl echoctl
else
    complete -o default -F _echoctl echoctl
fi
"""


def write(root: Command) -> str:
    """The script."""
    return _HEAD + "".join(_case(command) for command in root.walk()) + _TAIL


def _case(command: Command) -> str:
    parts = {
        "subs": [sub.path[-1] for sub in command.subs],
        "flags": command.switches if command.switches != ["-h", "--help"] else [],
        "takes": [f"{name}={value or 'any'}" for name, value in command.takes],
        "places": [f"{place.value or 'any'}{'+' * place.many}" for place in command.places],
    }
    lines = "".join(f"        {name}='{' '.join(words)}'\n" for name, words in parts.items() if words)
    return f"    '{' '.join(command.path)}')\n{lines}        ;;\n" if lines else ""
