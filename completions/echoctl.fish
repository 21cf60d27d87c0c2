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

set -g __echoctl_takes --before --before-id --class --device --exec --format --from --identity --input --interface --limit --model --name --new-passphrase-file --older-than --output --passphrase-file --recipient --room --sha256 --since --ssh --store --text --theme --wake-word --wakes -i -n -o -r -w
set -g __echoctl_commands 'echoctl listen' 'echoctl tui' 'echoctl mute' 'echoctl unmute' 'echoctl status' 'echoctl history' 'echoctl history search' 'echoctl history play' 'echoctl history export' 'echoctl history import' 'echoctl history list' 'echoctl history show' 'echoctl history delete' 'echoctl history feedback' 'echoctl history stats' 'echoctl vault' 'echoctl vault init' 'echoctl vault status' 'echoctl vault passphrase' 'echoctl vault recover' 'echoctl traffic' 'echoctl traffic watch' 'echoctl traffic import' 'echoctl traffic endpoints' 'echoctl traffic bursts' 'echoctl traffic verdict' 'echoctl traffic devices' 'echoctl traffic devices name' 'echoctl model' 'echoctl model install' 'echoctl model list' 'echoctl model verify' 'echoctl model remove' 'echoctl devices' 'echoctl doctor' 'echoctl audit' 'echoctl config' 'echoctl config show' 'echoctl config validate' 'echoctl config path' 'echoctl db' 'echoctl db path' 'echoctl db check' 'echoctl plugins' 'echoctl plugins list' 'echoctl completion'

complete -c echoctl -n "__echoctl_at 'echoctl'" -a listen -d 'Wait for a wake word, record, transcribe and store, sealed'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a tui -d 'Show the dashboard: the ring, this moment, the history, the traffic'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a mute -d 'Close the microphone, and keep it closed'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a unmute -d 'Open the microphone again'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a status -d 'Show state, mute and counters, once or as they change'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a history -d 'List, show, search, export, import, correct and delete what was heard'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a vault -d 'How recordings are sealed, and who can open them'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a traffic -d 'Watch what a smart speaker sends, and judge it'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a model -d 'Install, list, verify and remove speech models'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a devices -d 'Show microphones and speakers'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a doctor -d 'Check the installation, each finding with its cure'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a audit -d 'Try whether what listens can get out, and look for leaks'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a config -d 'Show, check and find the settings'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a db -d 'Find the database, and check that it is sound'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a plugins -d 'List the plugins, without importing them'
complete -c echoctl -n "__echoctl_at 'echoctl'" -a completion -d 'Print the script that lets Tab complete all this'
complete -c echoctl -n "__echoctl_at 'echoctl'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl'" -l version -d 'Print the version'

complete -c echoctl -n "__echoctl_at 'echoctl listen'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l wake-word -s w -x -k -a '(__echoctl_ask wake-words)' -d 'Wake on this word; repeatable'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l input -s i -r -F -d 'A WAV or FLAC file, or raw pcm on stdin'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l device -x -d 'Microphone by name or number; see echoctl devices'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l realtime -d 'Play a file at the speed of life'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l demo -d 'Play the packaged sample into a store that is removed'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l once -d 'End after one request'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l now -d 'Push to talk: begin with a request, without a wake word'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l store -x -a 'times transcript audio both' -d 'What is kept of a request'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l no-store -d 'Keep nothing at all'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l room -x -k -a '(__echoctl_ask rooms)' -d 'A label for what is recorded here'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l exec -x -d 'Run CMD for each event, its JSON on stdin; no shell'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l chime -l no-chime -d 'Play a sound at start and end of a request'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l require-seal -l no-seal -d 'Refuse to listen when the kernel cannot keep the listener off the network; or do without that'
complete -c echoctl -n "__echoctl_at 'echoctl listen'" -l json -d 'Print events as NDJSON'

complete -c echoctl -n "__echoctl_at 'echoctl tui'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl tui'" -l no-listen -d 'Only look: do not open the microphone'
complete -c echoctl -n "__echoctl_at 'echoctl tui'" -l theme -x -d 'echoctl-dark, -light, -contrast, -mono or -ansi'
complete -c echoctl -n "__echoctl_at 'echoctl tui'" -l ascii -d 'Draw with plain ASCII characters'
complete -c echoctl -n "__echoctl_at 'echoctl tui'" -l no-motion -d 'Show each state as a still picture'

complete -c echoctl -n "__echoctl_at 'echoctl mute'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl mute'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl unmute'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl unmute'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl status'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl status'" -l follow -s f -d 'Go on, with a line for every change'
complete -c echoctl -n "__echoctl_at 'echoctl status'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl history'" -a search -d 'Find recordings by what was said, or corrected to have been said; the newest first'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -a play -d 'Play a recording on the speaker'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -a export -d 'Write recordings to files, to a folder, or to stdout'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -a import -d 'Bring back what `history export --format dir` or `--format age` has written'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -a list -d 'List recordings, the newest first'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -a show -d 'Show one recording: its text, and with --json each word with its times'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -a delete -d 'Delete recordings for good: their keys are overwritten, so no passphrase and no tool opens them again'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -a feedback -d 'Say whether a transcript is right, and what was really said'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -a stats -d 'Count recordings: by wake word, room, and what people said of the transcripts'
complete -c echoctl -n "__echoctl_at 'echoctl history'" -s h -l help -d 'Show the help and exit'

complete -c echoctl -n "__echoctl_at 'echoctl history search'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l regex -d 'TEXT is a Python regular expression'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l since -x -d 'From then on: 7d, 12h, 30m, 2026-11-23'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l before -x -d 'Before then'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l older-than -x -d 'Older than that: 7d, 12h, 30m'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l room -x -k -a '(__echoctl_ask rooms)' -d 'Only of this room'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l wake-word -x -k -a '(__echoctl_ask wake-words)' -d 'Only those that this word began'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l limit -s n -x -d 'How many at most; 0: all'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l before-id -x -k -a '(__echoctl_ask recordings)' -d 'Go on after this recording'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l passphrase-file -r -F -d 'The passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl history search'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl history play'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history play'" -l device -x -d 'Speaker by name or number; see echoctl devices'
complete -c echoctl -n "__echoctl_at 'echoctl history play'" -l passphrase-file -r -F -d 'The passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl history play'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl history play' 0" -k -a '(__echoctl_ask recordings)'

complete -c echoctl -n "__echoctl_at 'echoctl history export'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l since -x -d 'From then on: 7d, 12h, 30m, 2026-11-23'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l before -x -d 'Before then'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l older-than -x -d 'Older than that: 7d, 12h, 30m'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l room -x -k -a '(__echoctl_ask rooms)' -d 'Only of this room'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l wake-word -x -k -a '(__echoctl_ask wake-words)' -d 'Only those that this word began'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l all -d 'Everything that was heard'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l format -x -a 'wav flac opus dir age' -d 'Default: as -o FILE ends, else wav'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -s o -l output -r -F -d 'Where to; -: stdout, even a terminal'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -s r -l recipient -x -d 'With --format age: whom it is for; several times'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l passphrase-file -r -F -d 'The passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl history export'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl history export' 0 from" -k -a '(__echoctl_ask recordings)'

complete -c echoctl -n "__echoctl_at 'echoctl history import'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history import'" -l identity -r -F -d 'The age identity that opens it, if it is sealed'
complete -c echoctl -n "__echoctl_at 'echoctl history import'" -l dry-run -d 'Look at everything and keep nothing'
complete -c echoctl -n "__echoctl_at 'echoctl history import'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl history import' 0" -r -F

complete -c echoctl -n "__echoctl_at 'echoctl history list'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l since -x -d 'From then on: 7d, 12h, 30m, 2026-11-23'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l before -x -d 'Before then'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l older-than -x -d 'Older than that: 7d, 12h, 30m'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l room -x -k -a '(__echoctl_ask rooms)' -d 'Only of this room'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l wake-word -x -k -a '(__echoctl_ask wake-words)' -d 'Only those that this word began'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l limit -s n -x -d 'How many at most; 0: all'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l before-id -x -k -a '(__echoctl_ask recordings)' -d 'The page that follows this recording'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l passphrase-file -r -F -d 'The passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl history list'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl history show'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history show'" -l passphrase-file -r -F -d 'The passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl history show'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl history show' 0" -k -a '(__echoctl_ask recordings)'

complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l since -x -d 'From then on: 7d, 12h, 30m, 2026-11-23'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l before -x -d 'Before then'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l older-than -x -d 'Older than that: 7d, 12h, 30m'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l room -x -k -a '(__echoctl_ask rooms)' -d 'Only of this room'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l wake-word -x -k -a '(__echoctl_ask wake-words)' -d 'Only those that this word began'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l all -d 'Everything that was heard'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l yes -s y -d 'Do not ask'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l dry-run -d 'Show the plan and touch nothing'
complete -c echoctl -n "__echoctl_at 'echoctl history delete'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl history delete' 0 from" -k -a '(__echoctl_ask recordings)'

complete -c echoctl -n "__echoctl_at 'echoctl history feedback'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history feedback'" -l text -x -d 'What was said instead; kept sealed'
complete -c echoctl -n "__echoctl_at 'echoctl history feedback'" -l passphrase-file -r -F -d 'The passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl history feedback'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl history feedback' 0" -k -a '(__echoctl_ask recordings)'
complete -c echoctl -n "__echoctl_at 'echoctl history feedback' 1" -a 'right wrong'

complete -c echoctl -n "__echoctl_at 'echoctl history stats'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl history stats'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl vault'" -a init -d 'Make the vault: a device key, and a database that is sealed to it'
complete -c echoctl -n "__echoctl_at 'echoctl vault'" -a status -d 'Show what opens the vault, and what it holds'
complete -c echoctl -n "__echoctl_at 'echoctl vault'" -a passphrase -d 'Set, change or remove the passphrase'
complete -c echoctl -n "__echoctl_at 'echoctl vault'" -a recover -d 'Open the vault with its recovery line when the passphrase or the device key is lost, and set a new passphrase'
complete -c echoctl -n "__echoctl_at 'echoctl vault'" -s h -l help -d 'Show the help and exit'

complete -c echoctl -n "__echoctl_at 'echoctl vault init'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl vault init'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl vault status'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl vault status'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl vault passphrase'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl vault passphrase'" -l remove -d 'Let the device key alone open the vault again'
complete -c echoctl -n "__echoctl_at 'echoctl vault passphrase'" -l passphrase-file -r -F -d 'The passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl vault passphrase'" -l new-passphrase-file -r -F -d 'The new passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl vault passphrase'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl vault recover'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl vault recover'" -l make -d 'Make a recovery line and show it, this once'
complete -c echoctl -n "__echoctl_at 'echoctl vault recover'" -l from -r -F -d 'The recovery line is in FILE'
complete -c echoctl -n "__echoctl_at 'echoctl vault recover'" -l device-only -d 'Set no passphrase: let the device key alone open the vault'
complete -c echoctl -n "__echoctl_at 'echoctl vault recover'" -l passphrase-file -r -F -d 'The passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl vault recover'" -l new-passphrase-file -r -F -d 'The new passphrase is the first line of FILE'
complete -c echoctl -n "__echoctl_at 'echoctl vault recover'" -l yes -s y -d 'Do not ask'
complete -c echoctl -n "__echoctl_at 'echoctl vault recover'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl traffic'" -a watch -d 'Watch what devices send, live: who talks to whom, how much, and uploads that have the shape of speech'
complete -c echoctl -n "__echoctl_at 'echoctl traffic'" -a import -d 'Read captures: pcap or pcapng, gzip or not, by tcpdump, Wireshark or a router'
complete -c echoctl -n "__echoctl_at 'echoctl traffic'" -a endpoints -d 'List whom devices talk to, with bytes up and down, the busiest upload first'
complete -c echoctl -n "__echoctl_at 'echoctl traffic'" -a bursts -d 'List upload bursts: voice, possible, status, bulk or keepalive, each with the wake word that explains it'
complete -c echoctl -n "__echoctl_at 'echoctl traffic'" -a verdict -d 'Say whether the speaker sent speech that nobody called for, with the evidence and its limits'
complete -c echoctl -n "__echoctl_at 'echoctl traffic'" -a devices -d 'List the devices that were seen, and say which of them are speakers'
complete -c echoctl -n "__echoctl_at 'echoctl traffic'" -s h -l help -d 'Show the help and exit'

complete -c echoctl -n "__echoctl_at 'echoctl traffic watch'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl traffic watch'" -l interface -s i -x -d 'The network interface that the packets pass'
complete -c echoctl -n "__echoctl_at 'echoctl traffic watch'" -l ssh -x -d 'Capture there, root@router: over your own ssh'
complete -c echoctl -n "__echoctl_at 'echoctl traffic watch'" -l device -x -k -a '(__echoctl_ask devices)' -d 'Only this device, by name or MAC address'
complete -c echoctl -n "__echoctl_at 'echoctl traffic watch'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl traffic import'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl traffic import'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl traffic import' 0 from" -r -F

complete -c echoctl -n "__echoctl_at 'echoctl traffic endpoints'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl traffic endpoints'" -l since -x -d 'From then on: 7d, 12h, 30m, 2026-11-23'
complete -c echoctl -n "__echoctl_at 'echoctl traffic endpoints'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl traffic endpoints' 0" -k -a '(__echoctl_ask devices)'

complete -c echoctl -n "__echoctl_at 'echoctl traffic bursts'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl traffic bursts'" -l since -x -d 'From then on: 7d, 12h, 30m, 2026-11-23'
complete -c echoctl -n "__echoctl_at 'echoctl traffic bursts'" -l class -x -a 'voice possible status bulk keepalive' -d 'Only these; may be given several times'
complete -c echoctl -n "__echoctl_at 'echoctl traffic bursts'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl traffic bursts' 0" -k -a '(__echoctl_ask devices)'

complete -c echoctl -n "__echoctl_at 'echoctl traffic verdict'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl traffic verdict'" -l since -x -d '7d, 12h, 30m, a date or time; else all that was watched'
complete -c echoctl -n "__echoctl_at 'echoctl traffic verdict'" -l wakes -r -F -d 'Times of wake words from elsewhere, one per line, instead of ours'
complete -c echoctl -n "__echoctl_at 'echoctl traffic verdict'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl traffic verdict' 0" -k -a '(__echoctl_ask devices)'

complete -c echoctl -n "__echoctl_at 'echoctl traffic devices'" -a name -d 'Say what a device is called, and whether it is a smart speaker: only speakers are judged'
complete -c echoctl -n "__echoctl_at 'echoctl traffic devices'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl traffic devices'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl traffic devices name'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl traffic devices name'" -l speaker -l no-speaker -d 'Whether it is a smart speaker'
complete -c echoctl -n "__echoctl_at 'echoctl traffic devices name'" -l model -x -d 'Its model, for thresholds of its own: echo, nest-mini, homepod …'
complete -c echoctl -n "__echoctl_at 'echoctl traffic devices name'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl traffic devices name' 0" -k -a '(__echoctl_ask devices)'

complete -c echoctl -n "__echoctl_at 'echoctl model'" -a install -d 'Install the small English model (41 MB), or another one with --from'
complete -c echoctl -n "__echoctl_at 'echoctl model'" -a list -d 'List the installed speech models, and the wake word engines with their licences'
complete -c echoctl -n "__echoctl_at 'echoctl model'" -a verify -d 'Hash every file of a model and compare with what was recorded when it was installed'
complete -c echoctl -n "__echoctl_at 'echoctl model'" -a remove -d 'Remove an installed model'
complete -c echoctl -n "__echoctl_at 'echoctl model'" -s h -l help -d 'Show the help and exit'

complete -c echoctl -n "__echoctl_at 'echoctl model install'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl model install'" -l from -r -F -d 'A folder, .zip or .tar.gz, or where to fetch one'
complete -c echoctl -n "__echoctl_at 'echoctl model install'" -l name -x -k -a '(__echoctl_ask models)' -d 'What to call it here'
complete -c echoctl -n "__echoctl_at 'echoctl model install'" -l sha256 -x -d 'What --from must hash to'
complete -c echoctl -n "__echoctl_at 'echoctl model install'" -l yes -s y -d 'Do not ask'
complete -c echoctl -n "__echoctl_at 'echoctl model install'" -l dry-run -d 'Show the plan and touch nothing'
complete -c echoctl -n "__echoctl_at 'echoctl model install'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl model list'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl model list'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl model verify'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl model verify'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl model verify' 0" -k -a '(__echoctl_ask models)'

complete -c echoctl -n "__echoctl_at 'echoctl model remove'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl model remove'" -l yes -s y -d 'Do not ask'
complete -c echoctl -n "__echoctl_at 'echoctl model remove'" -l dry-run -d 'Show the plan and touch nothing'
complete -c echoctl -n "__echoctl_at 'echoctl model remove'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl model remove' 0" -k -a '(__echoctl_ask models)'

complete -c echoctl -n "__echoctl_at 'echoctl devices'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl devices'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl doctor'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl doctor'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl audit'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl audit'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl config'" -a show -d 'Show every setting, its value and where the value comes from'
complete -c echoctl -n "__echoctl_at 'echoctl config'" -a validate -d 'List every problem of config.toml and of the ECHOCTL_ variables'
complete -c echoctl -n "__echoctl_at 'echoctl config'" -a path -d 'Print the path of config.toml, whether it exists or not'
complete -c echoctl -n "__echoctl_at 'echoctl config'" -s h -l help -d 'Show the help and exit'

complete -c echoctl -n "__echoctl_at 'echoctl config show'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl config show'" -l json -d 'Print JSON instead of a table'
complete -c echoctl -n "__echoctl_at 'echoctl config show' 0 from" -a 'listen.wake_words listen.device listen.preroll_ms listen.pause_ms listen.min_speech_ms listen.no_speech_ms listen.max_ms listen.room listen.chime listen.require_seal listen.exec wake.refractory_ms wake.thresholds vault.store vault.passphrase_command speech.model led.sysfs hooks.transcripts tui.theme tui.motion tui.ascii tui.auto_lock_min tui.keys'

complete -c echoctl -n "__echoctl_at 'echoctl config validate'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl config validate'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl config path'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl config path'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl db'" -a path -d 'Print where the database is, or would be'
complete -c echoctl -n "__echoctl_at 'echoctl db'" -a check -d 'Look for damage, and empty the write-ahead log'
complete -c echoctl -n "__echoctl_at 'echoctl db'" -s h -l help -d 'Show the help and exit'

complete -c echoctl -n "__echoctl_at 'echoctl db path'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl db path'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl db check'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl db check'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl plugins'" -a list -d 'List the installed plugins, and whether they run'
complete -c echoctl -n "__echoctl_at 'echoctl plugins'" -s h -l help -d 'Show the help and exit'

complete -c echoctl -n "__echoctl_at 'echoctl plugins list'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl plugins list'" -l json -d 'Print JSON instead of a table'

complete -c echoctl -n "__echoctl_at 'echoctl completion'" -s h -l help -d 'Show the help and exit'
complete -c echoctl -n "__echoctl_at 'echoctl completion' 0" -a 'bash zsh fish powershell'
