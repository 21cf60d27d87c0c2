# bash completion for echoctl, made by tools/make_completions.py from the command tree: do not edit.
# Words come from this file; recordings, rooms and the like from `echoctl _complete`.

# What may follow a command: subs, flags, takes (option=VALUE) and places (VALUE, the last with + may be repeated).
# VALUE is file, one|of|these, @kind for `echoctl _complete kind`, or any for what nobody can guess.
_echoctl_words() {
    subs='' flags='-h --help' takes='' places=''
    case $1 in
    'echoctl')
        subs='listen tui mute unmute status history vault traffic retention guest model wake devices doctor audit config db plugins completion'
        flags='-h --help --version'
        ;;
    'echoctl listen')
        flags='-h --help --realtime --demo --once --now --no-store --chime --no-chime --require-sandbox --no-sandbox --json'
        takes='--wake-word=@wake-words -w=@wake-words --input=file -i=file --device=any --store=times|transcript|audio|both --room=@rooms --exec=file'
        ;;
    'echoctl tui')
        flags='-h --help --no-listen --ascii --no-motion'
        takes='--theme=echoctl-dark|echoctl-light|echoctl-contrast|echoctl-mono|echoctl-ansi'
        ;;
    'echoctl mute')
        flags='-h --help --json'
        ;;
    'echoctl unmute')
        flags='-h --help --json'
        ;;
    'echoctl status')
        flags='-h --help --follow -f --json'
        ;;
    'echoctl history')
        subs='list show search play export import feedback delete stats'
        ;;
    'echoctl history list')
        flags='-h --help --json'
        takes='--since=any --before=any --older-than=any --room=@rooms --wake-word=@wake-words --limit=any -n=any --before-id=@recordings --passphrase-file=file --identity=file'
        ;;
    'echoctl history show')
        flags='-h --help --json'
        takes='--passphrase-file=file --identity=file'
        places='@recordings'
        ;;
    'echoctl history search')
        flags='-h --help --regex --json'
        takes='--since=any --before=any --older-than=any --room=@rooms --wake-word=@wake-words --limit=any -n=any --before-id=@recordings --passphrase-file=file --identity=file'
        places='any'
        ;;
    'echoctl history play')
        flags='-h --help --json'
        takes='--device=any --passphrase-file=file --identity=file'
        places='@recordings'
        ;;
    'echoctl history export')
        flags='-h --help --all --json'
        takes='--since=any --before=any --older-than=any --room=@rooms --wake-word=@wake-words --format=wav|flac|opus|dir|age -o=file --output=file -r=any --recipient=any --passphrase-file=file --identity=file'
        places='@recordings+'
        ;;
    'echoctl history import')
        flags='-h --help --dry-run --json'
        takes='--identity=file'
        places='file'
        ;;
    'echoctl history feedback')
        flags='-h --help --json'
        takes='--text=any --passphrase-file=file --identity=file'
        places='@recordings right|wrong'
        ;;
    'echoctl history delete')
        flags='-h --help --all --yes -y --dry-run --json'
        takes='--since=any --before=any --older-than=any --room=@rooms --wake-word=@wake-words --guest=@guests --matching=any --passphrase-file=file'
        places='@recordings+'
        ;;
    'echoctl history stats')
        flags='-h --help --json'
        ;;
    'echoctl vault')
        subs='status init passphrase recover verify backup restore rotate receipts'
        ;;
    'echoctl vault status')
        flags='-h --help --json'
        ;;
    'echoctl vault init')
        flags='-h --help --json'
        ;;
    'echoctl vault passphrase')
        flags='-h --help --remove --keyring --no-keyring --json'
        takes='--passphrase-file=file --new-passphrase-file=file'
        ;;
    'echoctl vault recover')
        flags='-h --help --make --device-only --end --yes -y --json'
        takes='--from=file --passphrase-file=file --new-passphrase-file=file'
        ;;
    'echoctl vault verify')
        flags='-h --help --json'
        takes='--passphrase-file=file'
        ;;
    'echoctl vault backup')
        flags='-h --help --json'
        places='file'
        ;;
    'echoctl vault restore')
        flags='-h --help --json'
        places='file'
        ;;
    'echoctl vault rotate')
        flags='-h --help --yes -y --dry-run --json'
        takes='--passphrase-file=file'
        ;;
    'echoctl vault receipts')
        flags='-h --help --json'
        ;;
    'echoctl traffic')
        subs='watch import endpoints bursts verdict report experiment devices'
        ;;
    'echoctl traffic watch')
        flags='-h --help --json'
        takes='--interface=@interfaces -i=@interfaces --ssh=any --device=@devices'
        ;;
    'echoctl traffic import')
        flags='-h --help --json'
        places='file+'
        ;;
    'echoctl traffic endpoints')
        flags='-h --help --json'
        takes='--since=any'
        places='@devices'
        ;;
    'echoctl traffic bursts')
        flags='-h --help --json'
        takes='--since=any --class=voice|possible|status|bulk|keepalive --endpoint=@endpoints'
        places='@devices'
        ;;
    'echoctl traffic verdict')
        flags='-h --help --json'
        takes='--since=any --wakes=file'
        places='@devices'
        ;;
    'echoctl traffic report')
        flags='-h --help --json'
        takes='--since=any --wakes=file --html=file --svg=file'
        places='@devices'
        ;;
    'echoctl traffic experiment')
        flags='-h --help --prompt --json'
        takes='--interface=@interfaces -i=@interfaces --ssh=any --replay=file --phase=any --wakes=file --silence=any --asks=any --muted-asks=any --pause=any --html=file'
        places='@devices'
        ;;
    'echoctl traffic devices')
        subs='name'
        flags='-h --help --json'
        ;;
    'echoctl traffic devices name')
        flags='-h --help --speaker --no-speaker --json'
        takes='--model=any'
        places='@devices any'
        ;;
    'echoctl retention')
        subs='set show run'
        ;;
    'echoctl retention set')
        flags='-h --help --yes -y --dry-run --json'
        takes='--max-age=any --max-count=any --max-size=any --room=@rooms'
        ;;
    'echoctl retention show')
        flags='-h --help --json'
        ;;
    'echoctl retention run')
        flags='-h --help --dry-run --json'
        ;;
    'echoctl guest')
        subs='check-in check-out list'
        ;;
    'echoctl guest check-in')
        flags='-h --help --muted --no-store --private --json'
        takes='--room=@rooms --until=any'
        places='any'
        ;;
    'echoctl guest check-out')
        flags='-h --help --yes -y --dry-run --json'
        places='@guests'
        ;;
    'echoctl guest list')
        flags='-h --help --json'
        ;;
    'echoctl model')
        subs='install list verify remove'
        ;;
    'echoctl model install')
        flags='-h --help --yes -y --dry-run --json'
        takes='--from=file --name=@models --sha256=any'
        ;;
    'echoctl model list')
        flags='-h --help --json'
        ;;
    'echoctl model verify')
        flags='-h --help --json'
        places='@models'
        ;;
    'echoctl model remove')
        flags='-h --help --yes -y --dry-run --json'
        places='@models'
        ;;
    'echoctl wake')
        subs='test'
        ;;
    'echoctl wake test')
        flags='-h --help --save --json'
        takes='--without=file --manifest=file --microphone=any --device=any --wake-word=@wake-words -w=@wake-words'
        places='file+'
        ;;
    'echoctl devices')
        flags='-h --help --json'
        ;;
    'echoctl doctor')
        flags='-h --help --json'
        ;;
    'echoctl audit')
        flags='-h --help --json'
        ;;
    'echoctl config')
        subs='show validate path'
        ;;
    'echoctl config show')
        flags='-h --help --json'
        places='listen.wake_words|listen.device|listen.preroll_ms|listen.pause_ms|listen.min_speech_ms|listen.no_speech_ms|listen.max_ms|listen.room|listen.chime|listen.require_sandbox|listen.exec|wake.refractory_ms|wake.thresholds|vault.store|vault.passphrase_command|speech.model|led.sysfs|hooks.transcripts|tui.theme|tui.motion|tui.ascii|tui.auto_lock_min|tui.keys+'
        ;;
    'echoctl config validate')
        flags='-h --help --json'
        ;;
    'echoctl config path')
        flags='-h --help --json'
        ;;
    'echoctl db')
        subs='path check'
        ;;
    'echoctl db path')
        flags='-h --help --json'
        ;;
    'echoctl db check')
        flags='-h --help --json'
        ;;
    'echoctl plugins')
        subs='list'
        ;;
    'echoctl plugins list')
        flags='-h --help --json'
        ;;
    'echoctl completion')
        places='bash|zsh|fish|powershell'
        ;;
    esac
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
