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
        case 'echoctl'
            set __echoctl_subs \
                listen\t'Wait for a wake word, record, transcribe and store, sealed' \
                tui\t'Show the dashboard: the ring, this moment, the history, the traffic' \
                mute\t'Close the microphone, and keep it closed' \
                unmute\t'Open the microphone again' \
                status\t'Show state, mute and counters, once or as they change' \
                history\t'List, search, show, play, export, correct and delete what was heard' \
                vault\t'How recordings are sealed, and who can open them' \
                traffic\t'Watch what a smart speaker sends, and judge it' \
                retention\t'How long recordings are kept, and what goes next' \
                guest\t'Stays: what a guest says goes when the guest does' \
                model\t'Install, list, verify and remove speech models' \
                wake\t'Measure wake words, and set how sure is sure' \
                devices\t'Show microphones and speakers' \
                doctor\t'Check the installation, each finding with its cure' \
                audit\t'Try whether what listens can get out, and look for leaks' \
                config\t'Show, check and find the settings' \
                db\t'Find the database, and check that it is sound' \
                plugins\t'List the plugins, without importing them' \
                completion\t'Print the script that lets Tab complete all this'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --version\t'Print the version'
        case 'echoctl listen'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --wake-word\t'Wake on this word; repeatable' \
                -w\t'Wake on this word; repeatable' \
                --input\t'A WAV or FLAC file, or raw pcm on stdin' \
                -i\t'A WAV or FLAC file, or raw pcm on stdin' \
                --device\t'Microphone by name or number; see echoctl devices' \
                --realtime\t'Play a file at the speed of life' \
                --demo\t'Play the packaged sample into a store that is removed' \
                --once\t'End after one request' \
                --now\t'Push to talk: begin with a request, without a wake word' \
                --store\t'What is kept of a request' \
                --no-store\t'Keep nothing at all' \
                --room\t'A label for what is recorded here' \
                --exec\t'Run CMD for each event, its JSON on stdin; no shell' \
                --chime\t'Play a sound at start and end of a request' \
                --no-chime\t'Play a sound at start and end of a request' \
                --require-sandbox\t'Refuse to listen unless the kernel shuts the listener in (`--require-sandbox full`: in every way); or do without' \
                --no-sandbox\t'Refuse to listen unless the kernel shuts the listener in (`--require-sandbox full`: in every way); or do without' \
                --json\t'Print events as NDJSON'
            set __echoctl_takes \
                '--wake-word=@wake-words' \
                '-w=@wake-words' \
                '--input=file' \
                '-i=file' \
                '--device=any' \
                '--store=times|transcript|audio|both' \
                '--room=@rooms' \
                '--exec=file'
        case 'echoctl tui'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --no-listen\t'Only look: do not open the microphone' \
                --theme\t'echoctl-dark, -light, -contrast, -mono or -ansi' \
                --ascii\t'Draw with plain ASCII characters' \
                --no-motion\t'Show each state as a still picture'
            set __echoctl_takes \
                '--theme=echoctl-dark|echoctl-light|echoctl-contrast|echoctl-mono|echoctl-ansi'
        case 'echoctl mute'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl unmute'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl status'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --follow\t'Go on, with a line for every change' \
                -f\t'Go on, with a line for every change' \
                --json\t'Print JSON instead of a table'
        case 'echoctl history'
            set __echoctl_subs \
                list\t'List recordings, the newest first' \
                show\t'Show one recording: its text, and with --json each word with its times' \
                search\t'Find recordings by what was said, or corrected to have been said; the newest first' \
                play\t'Play a recording on the speaker' \
                export\t'Write recordings to files, to a folder, or to stdout' \
                import\t'Bring back what `history export --format dir` or `--format age` has written' \
                feedback\t'Say whether a transcript is right, and what was really said' \
                delete\t'Delete recordings for good: their keys are overwritten, so no passphrase and no tool opens them again' \
                stats\t'Count recordings: by wake word, room, and what people said of the transcripts'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl history list'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --since\t'From then on: 7d, 12h, 30m, 2026-11-23' \
                --before\t'Before then' \
                --older-than\t'Older than that: 7d, 12h, 30m' \
                --room\t'Only of this room' \
                --wake-word\t'Only those that this word began' \
                --limit\t'How many at most; 0: all' \
                -n\t'How many at most; 0: all' \
                --before-id\t'The page that follows this recording' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --identity\t'A guest\'s identity is in FILE: open that private stay' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--since=any' \
                '--before=any' \
                '--older-than=any' \
                '--room=@rooms' \
                '--wake-word=@wake-words' \
                '--limit=any' \
                '-n=any' \
                '--before-id=@recordings' \
                '--passphrase-file=file' \
                '--identity=file'
        case 'echoctl history show'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --identity\t'A guest\'s identity is in FILE: open that private stay' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--passphrase-file=file' \
                '--identity=file'
            set __echoctl_places \
                '@recordings'
        case 'echoctl history search'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --regex\t'TEXT is a Python regular expression' \
                --since\t'From then on: 7d, 12h, 30m, 2026-11-23' \
                --before\t'Before then' \
                --older-than\t'Older than that: 7d, 12h, 30m' \
                --room\t'Only of this room' \
                --wake-word\t'Only those that this word began' \
                --limit\t'How many at most; 0: all' \
                -n\t'How many at most; 0: all' \
                --before-id\t'Go on after this recording' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --identity\t'A guest\'s identity is in FILE: open that private stay' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--since=any' \
                '--before=any' \
                '--older-than=any' \
                '--room=@rooms' \
                '--wake-word=@wake-words' \
                '--limit=any' \
                '-n=any' \
                '--before-id=@recordings' \
                '--passphrase-file=file' \
                '--identity=file'
            set __echoctl_places \
                'any'
        case 'echoctl history play'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --device\t'Speaker by name or number; see echoctl devices' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --identity\t'A guest\'s identity is in FILE: open that private stay' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--device=any' \
                '--passphrase-file=file' \
                '--identity=file'
            set __echoctl_places \
                '@recordings'
        case 'echoctl history export'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --since\t'From then on: 7d, 12h, 30m, 2026-11-23' \
                --before\t'Before then' \
                --older-than\t'Older than that: 7d, 12h, 30m' \
                --room\t'Only of this room' \
                --wake-word\t'Only those that this word began' \
                --all\t'Everything that was heard' \
                --format\t'Default: as -o FILE ends, else wav' \
                -o\t'Where to; -: stdout, even a terminal' \
                --output\t'Where to; -: stdout, even a terminal' \
                -r\t'With --format age: whom it is for; several times' \
                --recipient\t'With --format age: whom it is for; several times' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --identity\t'A guest\'s identity is in FILE: open that private stay' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--since=any' \
                '--before=any' \
                '--older-than=any' \
                '--room=@rooms' \
                '--wake-word=@wake-words' \
                '--format=wav|flac|opus|dir|age' \
                '-o=file' \
                '--output=file' \
                '-r=any' \
                '--recipient=any' \
                '--passphrase-file=file' \
                '--identity=file'
            set __echoctl_places \
                '@recordings+'
        case 'echoctl history import'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --identity\t'The age identity that opens it, if it is sealed' \
                --dry-run\t'Look at everything and keep nothing' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--identity=file'
            set __echoctl_places \
                'file'
        case 'echoctl history feedback'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --text\t'What was said instead; kept sealed' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --identity\t'A guest\'s identity is in FILE: open that private stay' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--text=any' \
                '--passphrase-file=file' \
                '--identity=file'
            set __echoctl_places \
                '@recordings' \
                'right|wrong'
        case 'echoctl history delete'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --since\t'From then on: 7d, 12h, 30m, 2026-11-23' \
                --before\t'Before then' \
                --older-than\t'Older than that: 7d, 12h, 30m' \
                --room\t'Only of this room' \
                --wake-word\t'Only those that this word began' \
                --guest\t'Only of this guest\'s stay' \
                --matching\t'Only those with these words; opens the vault' \
                --all\t'Everything that was heard' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --yes\t'Do not ask' \
                -y\t'Do not ask' \
                --dry-run\t'Show the plan and touch nothing' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--since=any' \
                '--before=any' \
                '--older-than=any' \
                '--room=@rooms' \
                '--wake-word=@wake-words' \
                '--guest=@guests' \
                '--matching=any' \
                '--passphrase-file=file'
            set __echoctl_places \
                '@recordings+'
        case 'echoctl history stats'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl vault'
            set __echoctl_subs \
                status\t'Show what opens the vault, and what it holds' \
                init\t'Make the vault: a device key, and a database that is sealed to it' \
                passphrase\t'Set, change or remove the passphrase' \
                recover\t'Open the vault with its recovery line when the passphrase or the device key is lost, and set a new passphrase' \
                verify\t'Open everything that is stored, and name each recording that is damaged' \
                backup\t'Write everything into one file, as it is now, while a listener goes on' \
                restore\t'Make a store of a backup, where there is none yet' \
                rotate\t'Make every older copy of the database useless: new keys for what is kept, the old device key destroyed' \
                receipts\t'List what was purged: when, why, how much, and how far each step has come'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl vault status'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl vault init'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl vault passphrase'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --remove\t'Let the device key alone open the vault again' \
                --keyring\t'Let this login\'s keyring open it too, or no more' \
                --no-keyring\t'Let this login\'s keyring open it too, or no more' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --new-passphrase-file\t'The new passphrase is the first line of FILE' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--passphrase-file=file' \
                '--new-passphrase-file=file'
        case 'echoctl vault recover'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --make\t'Make a recovery line and show it, this once' \
                --from\t'The recovery line is in FILE' \
                --device-only\t'Set no passphrase: let the device key alone open the vault' \
                --end\t'Let the recovery line open nothing any more' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --new-passphrase-file\t'The new passphrase is the first line of FILE' \
                --yes\t'Do not ask' \
                -y\t'Do not ask' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--from=file' \
                '--passphrase-file=file' \
                '--new-passphrase-file=file'
        case 'echoctl vault verify'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--passphrase-file=file'
        case 'echoctl vault backup'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
            set __echoctl_places \
                'file'
        case 'echoctl vault restore'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
            set __echoctl_places \
                'file'
        case 'echoctl vault rotate'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --passphrase-file\t'The passphrase is the first line of FILE' \
                --yes\t'Do not ask' \
                -y\t'Do not ask' \
                --dry-run\t'Show the plan and touch nothing' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--passphrase-file=file'
        case 'echoctl vault receipts'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl traffic'
            set __echoctl_subs \
                watch\t'Watch what devices send, live: who talks to whom, how much, and uploads that have the shape of speech' \
                import\t'Read captures: pcap or pcapng, gzip or not, by tcpdump, Wireshark or a router' \
                endpoints\t'List whom devices talk to, with bytes up and down, the busiest upload first' \
                bursts\t'List upload bursts: voice, possible, status, bulk or keepalive, each with the wake word that explains it' \
                verdict\t'Say whether the speaker sent speech that nobody called for, with the evidence and its limits' \
                report\t'Show the rate over time with its wake words, and who gets how much before, during and after a request' \
                experiment\t'Watch the speaker in silence, while you ask it, and while it is muted; a verdict for each' \
                devices\t'List the devices that were seen, and say which of them are speakers'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl traffic watch'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --interface\t'The network interface that the packets pass' \
                -i\t'The network interface that the packets pass' \
                --ssh\t'Capture there, root@router: over your own ssh' \
                --device\t'Only this device, by name or MAC address' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--interface=@interfaces' \
                '-i=@interfaces' \
                '--ssh=any' \
                '--device=@devices'
        case 'echoctl traffic import'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
            set __echoctl_places \
                'file+'
        case 'echoctl traffic endpoints'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --since\t'From then on: 7d, 12h, 30m, 2026-11-23; else all' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--since=any'
            set __echoctl_places \
                '@devices'
        case 'echoctl traffic bursts'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --since\t'From then on: 7d, 12h, 30m, 2026-11-23; else all' \
                --class\t'Only these; may be given several times' \
                --endpoint\t'Only to this name or address' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--since=any' \
                '--class=voice|possible|status|bulk|keepalive' \
                '--endpoint=@endpoints'
            set __echoctl_places \
                '@devices'
        case 'echoctl traffic verdict'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --since\t'7d, 12h, 30m, a date or time; else all that was watched' \
                --wakes\t'Times of wake words from elsewhere, one per line, instead of ours' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--since=any' \
                '--wakes=file'
            set __echoctl_places \
                '@devices'
        case 'echoctl traffic report'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --since\t'7d, 12h, a date or time; else the last week watched' \
                --wakes\t'Times of wake words from elsewhere, one per line, instead of ours' \
                --html\t'Write a page that needs nothing else; - is stdout' \
                --svg\t'Write the two pictures alone; - is stdout' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--since=any' \
                '--wakes=file' \
                '--html=file' \
                '--svg=file'
            set __echoctl_places \
                '@devices'
        case 'echoctl traffic experiment'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --interface\t'The interface that its packets pass' \
                -i\t'The interface that its packets pass' \
                --ssh\t'Capture there, root@router, over your own ssh' \
                --replay\t'Judge a capture of such an experiment instead' \
                --phase\t'With --replay: idle=0-300, asked=300-420, muted=420-540, in s' \
                --wakes\t'Times of wake words from elsewhere, one per line, instead of ours' \
                --prompt\t'Press Enter at each wake word; else the listener marks them' \
                --silence\t'Minutes of silence' \
                --asks\t'Requests to make' \
                --muted-asks\t'Requests to make to the muted speaker' \
                --pause\t'Seconds per request' \
                --html\t'Write the pictures of all phases as a page' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--interface=@interfaces' \
                '-i=@interfaces' \
                '--ssh=any' \
                '--replay=file' \
                '--phase=any' \
                '--wakes=file' \
                '--silence=any' \
                '--asks=any' \
                '--muted-asks=any' \
                '--pause=any' \
                '--html=file'
            set __echoctl_places \
                '@devices'
        case 'echoctl traffic devices'
            set __echoctl_subs \
                name\t'Say what a device is called, and whether it is a smart speaker: only speakers are judged'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl traffic devices name'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --speaker\t'Whether it is a smart speaker' \
                --no-speaker\t'Whether it is a smart speaker' \
                --model\t'Its model, for thresholds of its own: echo, nest-mini, homepod …' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--model=any'
            set __echoctl_places \
                '@devices' \
                'any'
        case 'echoctl retention'
            set __echoctl_subs \
                set\t'Set limits; those that are not named stay as they are' \
                show\t'Show the rules, and what they take next' \
                run\t'Delete what the rules say, now, and check out guests who should have left; for a timer'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl retention set'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --max-age\t'30d, 12h; none: no limit' \
                --max-count\t'The newest N; none: all' \
                --max-size\t'500M, 2G; none: no end' \
                --room\t'Only for this room, beside the general rule' \
                --yes\t'Do not ask' \
                -y\t'Do not ask' \
                --dry-run\t'Show the plan and touch nothing' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--max-age=any' \
                '--max-count=any' \
                '--max-size=any' \
                '--room=@rooms'
        case 'echoctl retention show'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl retention run'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --dry-run\t'Show the plan and touch nothing' \
                --json\t'Print JSON instead of a table'
        case 'echoctl guest'
            set __echoctl_subs \
                check-in\t'Begin a guest\'s stay' \
                check-out\t'End a stay and delete all that was recorded in it' \
                list\t'List stays, the newest first'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl guest check-in'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --room\t'The room of what is recorded during the stay' \
                --until\t'Leaves then: 3d, 2026-11-30; retention checks out' \
                --muted\t'Mute for the whole stay' \
                --no-store\t'Keep nothing of what the guest says' \
                --private\t'Seal to a key that only the guest gets: you can delete, not open' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--room=@rooms' \
                '--until=any'
            set __echoctl_places \
                'any'
        case 'echoctl guest check-out'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --yes\t'Do not ask' \
                -y\t'Do not ask' \
                --dry-run\t'Show the plan and touch nothing' \
                --json\t'Print JSON instead of a table'
            set __echoctl_places \
                '@guests'
        case 'echoctl guest list'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl model'
            set __echoctl_subs \
                install\t'Install the small English model (41 MB), or another one with --from' \
                list\t'List the installed speech models, and the wake word engines with their licences' \
                verify\t'Hash every file of a model and compare with what was recorded when it was installed' \
                remove\t'Remove an installed model'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl model install'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --from\t'A folder, .zip or .tar.gz, or where to fetch one' \
                --name\t'What to call it here' \
                --sha256\t'What --from must hash to' \
                --yes\t'Do not ask' \
                -y\t'Do not ask' \
                --dry-run\t'Show the plan and touch nothing' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--from=file' \
                '--name=@models' \
                '--sha256=any'
        case 'echoctl model list'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl model verify'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
            set __echoctl_places \
                '@models'
        case 'echoctl model remove'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --yes\t'Do not ask' \
                -y\t'Do not ask' \
                --dry-run\t'Show the plan and touch nothing' \
                --json\t'Print JSON instead of a table'
            set __echoctl_places \
                '@models'
        case 'echoctl wake'
            set __echoctl_subs \
                test\t'Measure how often a wake word is missed, how often something else wakes, and how fast, at several thresholds'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl wake test'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --without\t'Sound without the word; repeatable' \
                --manifest\t'A table of sounds: file, word, and if known start and end' \
                --microphone\t'Say the word so many times' \
                --device\t'Microphone by name or number; see echoctl devices' \
                --wake-word\t'The word; the first configured one when left out' \
                -w\t'The word; the first configured one when left out' \
                --save\t'Write the best threshold into config.toml' \
                --json\t'Print JSON instead of a table'
            set __echoctl_takes \
                '--without=file' \
                '--manifest=file' \
                '--microphone=any' \
                '--device=any' \
                '--wake-word=@wake-words' \
                '-w=@wake-words'
            set __echoctl_places \
                'file+'
        case 'echoctl devices'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl doctor'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl audit'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl config'
            set __echoctl_subs \
                show\t'Show every setting, its value and where the value comes from' \
                validate\t'List unknown names and values of a wrong kind, in config.toml and the ECHOCTL_ variables' \
                path\t'Print the path of config.toml, whether it exists or not'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl config show'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
            set __echoctl_places \
                'listen.wake_words|listen.device|listen.preroll_ms|listen.pause_ms|listen.min_speech_ms|listen.no_speech_ms|listen.max_ms|listen.room|listen.chime|listen.require_sandbox|listen.exec|wake.refractory_ms|wake.thresholds|vault.store|vault.passphrase_command|speech.model|led.sysfs|hooks.transcripts|tui.theme|tui.motion|tui.ascii|tui.auto_lock_min|tui.keys+'
        case 'echoctl config validate'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl config path'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl db'
            set __echoctl_subs \
                path\t'Print where the database is, or would be' \
                check\t'Look for damage, and empty the write-ahead log'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl db path'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl db check'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl plugins'
            set __echoctl_subs \
                list\t'List the installed plugins, and whether they run'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
        case 'echoctl plugins list'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit' \
                --json\t'Print JSON instead of a table'
        case 'echoctl completion'
            set __echoctl_options \
                -h\t'Show the help and exit' \
                --help\t'Show the help and exit'
            set __echoctl_places \
                'bash|zsh|fish|powershell'
    end
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
