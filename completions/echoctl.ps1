# PowerShell completion for echoctl, made by tools/make_completions.py from the command tree: do not edit.
# Words come from this file; recordings, rooms and the like from `echoctl _complete`.

Register-ArgumentCompleter -Native -CommandName echoctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # For each command: its words and their help, the options that take a value, and the values of its arguments.
    # A value is 'file', 'one|of|these', '@kind' for `echoctl _complete kind`, or '' for what nobody can guess.
    $commands = @{
        'echoctl' = @{
            Words = [ordered]@{
                'listen' = 'Wait for a wake word, record, transcribe and store, sealed'
                'tui' = 'Show the dashboard: the ring, this moment, the history, the traffic'
                'mute' = 'Close the microphone, and keep it closed'
                'unmute' = 'Open the microphone again'
                'status' = 'Show state, mute and counters, once or as they change'
                'history' = 'List, search, show, play, export, correct and delete what was heard'
                'vault' = 'How recordings are sealed, and who can open them'
                'traffic' = 'Watch what a smart speaker sends, and judge it'
                'retention' = 'How long recordings are kept, and what goes next'
                'guest' = 'Stays: what a guest says goes when the guest does'
                'model' = 'Install, list, verify and remove speech models'
                'wake' = 'Measure wake words, and set how sure is sure'
                'devices' = 'Show microphones and speakers'
                'doctor' = 'Check the installation, each finding with its cure'
                'audit' = 'Try whether what listens can get out, and look for leaks'
                'config' = 'Show, check and find the settings'
                'db' = 'Find the database, and check that it is sound'
                'plugins' = 'List the plugins, without importing them'
                'completion' = 'Print the script that lets Tab complete all this'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--version' = 'Print the version'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl listen' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--wake-word' = 'Wake on this word; repeatable'
                '-w' = 'Wake on this word; repeatable'
                '--input' = 'A WAV or FLAC file, or raw pcm on stdin'
                '-i' = 'A WAV or FLAC file, or raw pcm on stdin'
                '--device' = 'Microphone by name or number; see echoctl devices'
                '--realtime' = 'Play a file at the speed of life'
                '--demo' = 'Play the packaged sample into a store that is removed'
                '--once' = 'End after one request'
                '--now' = 'Push to talk: begin with a request, without a wake word'
                '--store' = 'What is kept of a request'
                '--no-store' = 'Keep nothing at all'
                '--room' = 'A label for what is recorded here'
                '--exec' = 'Run CMD for each event, its JSON on stdin; no shell'
                '--chime' = 'Play a sound at start and end of a request'
                '--no-chime' = 'Play a sound at start and end of a request'
                '--require-sandbox' = 'Refuse to listen unless the kernel shuts the listener in (`--require-sandbox full`: in every way); or do without'
                '--no-sandbox' = 'Refuse to listen unless the kernel shuts the listener in (`--require-sandbox full`: in every way); or do without'
                '--json' = 'Print events as NDJSON'
            }
            Takes = @{
                '--wake-word' = '@wake-words'
                '-w' = '@wake-words'
                '--input' = 'file'
                '-i' = 'file'
                '--device' = ''
                '--store' = 'times|transcript|audio|both'
                '--room' = '@rooms'
                '--exec' = 'file'
            }
            Places = @()
        }
        'echoctl tui' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--no-listen' = 'Only look: do not open the microphone'
                '--theme' = 'echoctl-dark, -light, -contrast, -mono or -ansi'
                '--ascii' = 'Draw with plain ASCII characters'
                '--no-motion' = 'Show each state as a still picture'
            }
            Takes = @{
                '--theme' = 'echoctl-dark|echoctl-light|echoctl-contrast|echoctl-mono|echoctl-ansi'
            }
            Places = @()
        }
        'echoctl mute' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl unmute' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl status' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--follow' = 'Go on, with a line for every change'
                '-f' = 'Go on, with a line for every change'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl history' = @{
            Words = [ordered]@{
                'list' = 'List recordings, the newest first'
                'show' = 'Show one recording: its text, and with --json each word with its times'
                'search' = 'Find recordings by what was said, or corrected to have been said; the newest first'
                'play' = 'Play a recording on the speaker'
                'export' = 'Write recordings to files, to a folder, or to stdout'
                'import' = 'Bring back what `history export --format dir` or `--format age` has written'
                'feedback' = 'Say whether a transcript is right, and what was really said'
                'delete' = 'Delete recordings for good: their keys are overwritten, so no passphrase and no tool opens them again'
                'stats' = 'Count recordings: by wake word, room, and what people said of the transcripts'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl history list' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--since' = 'From then on: 7d, 12h, 30m, 2026-11-23'
                '--before' = 'Before then'
                '--older-than' = 'Older than that: 7d, 12h, 30m'
                '--room' = 'Only of this room'
                '--wake-word' = 'Only those that this word began'
                '--limit' = 'How many at most; 0: all'
                '-n' = 'How many at most; 0: all'
                '--before-id' = 'The page that follows this recording'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--identity' = 'A guest''s identity is in FILE: open that private stay'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--since' = ''
                '--before' = ''
                '--older-than' = ''
                '--room' = '@rooms'
                '--wake-word' = '@wake-words'
                '--limit' = ''
                '-n' = ''
                '--before-id' = '@recordings'
                '--passphrase-file' = 'file'
                '--identity' = 'file'
            }
            Places = @()
        }
        'echoctl history show' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--identity' = 'A guest''s identity is in FILE: open that private stay'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--passphrase-file' = 'file'
                '--identity' = 'file'
            }
            Places = @('@recordings')
        }
        'echoctl history search' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--regex' = 'TEXT is a Python regular expression'
                '--since' = 'From then on: 7d, 12h, 30m, 2026-11-23'
                '--before' = 'Before then'
                '--older-than' = 'Older than that: 7d, 12h, 30m'
                '--room' = 'Only of this room'
                '--wake-word' = 'Only those that this word began'
                '--limit' = 'How many at most; 0: all'
                '-n' = 'How many at most; 0: all'
                '--before-id' = 'Go on after this recording'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--identity' = 'A guest''s identity is in FILE: open that private stay'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--since' = ''
                '--before' = ''
                '--older-than' = ''
                '--room' = '@rooms'
                '--wake-word' = '@wake-words'
                '--limit' = ''
                '-n' = ''
                '--before-id' = '@recordings'
                '--passphrase-file' = 'file'
                '--identity' = 'file'
            }
            Places = @('')
        }
        'echoctl history play' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--device' = 'Speaker by name or number; see echoctl devices'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--identity' = 'A guest''s identity is in FILE: open that private stay'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--device' = ''
                '--passphrase-file' = 'file'
                '--identity' = 'file'
            }
            Places = @('@recordings')
        }
        'echoctl history export' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--since' = 'From then on: 7d, 12h, 30m, 2026-11-23'
                '--before' = 'Before then'
                '--older-than' = 'Older than that: 7d, 12h, 30m'
                '--room' = 'Only of this room'
                '--wake-word' = 'Only those that this word began'
                '--all' = 'Everything that was heard'
                '--format' = 'Default: as -o FILE ends, else wav'
                '-o' = 'Where to; -: stdout, even a terminal'
                '--output' = 'Where to; -: stdout, even a terminal'
                '-r' = 'With --format age: whom it is for; several times'
                '--recipient' = 'With --format age: whom it is for; several times'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--identity' = 'A guest''s identity is in FILE: open that private stay'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--since' = ''
                '--before' = ''
                '--older-than' = ''
                '--room' = '@rooms'
                '--wake-word' = '@wake-words'
                '--format' = 'wav|flac|opus|dir|age'
                '-o' = 'file'
                '--output' = 'file'
                '-r' = ''
                '--recipient' = ''
                '--passphrase-file' = 'file'
                '--identity' = 'file'
            }
            Places = @('@recordings+')
        }
        'echoctl history import' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--identity' = 'The age identity that opens it, if it is sealed'
                '--dry-run' = 'Look at everything and keep nothing'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--identity' = 'file'
            }
            Places = @('file')
        }
        'echoctl history feedback' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--text' = 'What was said instead; kept sealed'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--identity' = 'A guest''s identity is in FILE: open that private stay'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--text' = ''
                '--passphrase-file' = 'file'
                '--identity' = 'file'
            }
            Places = @('@recordings', 'right|wrong')
        }
        'echoctl history delete' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--since' = 'From then on: 7d, 12h, 30m, 2026-11-23'
                '--before' = 'Before then'
                '--older-than' = 'Older than that: 7d, 12h, 30m'
                '--room' = 'Only of this room'
                '--wake-word' = 'Only those that this word began'
                '--guest' = 'Only of this guest''s stay'
                '--matching' = 'Only those with these words; opens the vault'
                '--all' = 'Everything that was heard'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--yes' = 'Do not ask'
                '-y' = 'Do not ask'
                '--dry-run' = 'Show the plan and touch nothing'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--since' = ''
                '--before' = ''
                '--older-than' = ''
                '--room' = '@rooms'
                '--wake-word' = '@wake-words'
                '--guest' = '@guests'
                '--matching' = ''
                '--passphrase-file' = 'file'
            }
            Places = @('@recordings+')
        }
        'echoctl history stats' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl vault' = @{
            Words = [ordered]@{
                'status' = 'Show what opens the vault, and what it holds'
                'init' = 'Make the vault: a device key, and a database that is sealed to it'
                'passphrase' = 'Set, change or remove the passphrase'
                'recover' = 'Open the vault with its recovery line when the passphrase or the device key is lost, and set a new passphrase'
                'verify' = 'Open everything that is stored, and name each recording that is damaged'
                'backup' = 'Write everything into one file, as it is now, while a listener goes on'
                'restore' = 'Make a store of a backup, where there is none yet'
                'rotate' = 'Make every older copy of the database useless: new keys for what is kept, the old device key destroyed'
                'receipts' = 'List what was purged: when, why, how much, and how far each step has come'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl vault status' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl vault init' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl vault passphrase' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--remove' = 'Let the device key alone open the vault again'
                '--keyring' = 'Let this login''s keyring open it too, or no more'
                '--no-keyring' = 'Let this login''s keyring open it too, or no more'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--new-passphrase-file' = 'The new passphrase is the first line of FILE'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--passphrase-file' = 'file'
                '--new-passphrase-file' = 'file'
            }
            Places = @()
        }
        'echoctl vault recover' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--make' = 'Make a recovery line and show it, this once'
                '--from' = 'The recovery line is in FILE'
                '--device-only' = 'Set no passphrase: let the device key alone open the vault'
                '--end' = 'Let the recovery line open nothing any more'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--new-passphrase-file' = 'The new passphrase is the first line of FILE'
                '--yes' = 'Do not ask'
                '-y' = 'Do not ask'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--from' = 'file'
                '--passphrase-file' = 'file'
                '--new-passphrase-file' = 'file'
            }
            Places = @()
        }
        'echoctl vault verify' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--passphrase-file' = 'file'
            }
            Places = @()
        }
        'echoctl vault backup' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @('file')
        }
        'echoctl vault restore' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @('file')
        }
        'echoctl vault rotate' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--passphrase-file' = 'The passphrase is the first line of FILE'
                '--yes' = 'Do not ask'
                '-y' = 'Do not ask'
                '--dry-run' = 'Show the plan and touch nothing'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--passphrase-file' = 'file'
            }
            Places = @()
        }
        'echoctl vault receipts' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl traffic' = @{
            Words = [ordered]@{
                'watch' = 'Watch what devices send, live: who talks to whom, how much, and uploads that have the shape of speech'
                'import' = 'Read captures: pcap or pcapng, gzip or not, by tcpdump, Wireshark or a router'
                'endpoints' = 'List whom devices talk to, with bytes up and down, the busiest upload first'
                'bursts' = 'List upload bursts: voice, possible, status, bulk or keepalive, each with the wake word that explains it'
                'verdict' = 'Say whether the speaker sent speech that nobody called for, with the evidence and its limits'
                'report' = 'Show the rate over time with its wake words, and who gets how much before, during and after a request'
                'experiment' = 'Watch the speaker in silence, while you ask it, and while it is muted; a verdict for each'
                'devices' = 'List the devices that were seen, and say which of them are speakers'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl traffic watch' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--interface' = 'The network interface that the packets pass'
                '-i' = 'The network interface that the packets pass'
                '--ssh' = 'Capture there, root@router: over your own ssh'
                '--device' = 'Only this device, by name or MAC address'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--interface' = '@interfaces'
                '-i' = '@interfaces'
                '--ssh' = ''
                '--device' = '@devices'
            }
            Places = @()
        }
        'echoctl traffic import' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @('file+')
        }
        'echoctl traffic endpoints' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--since' = 'From then on: 7d, 12h, 30m, 2026-11-23; else all'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--since' = ''
            }
            Places = @('@devices')
        }
        'echoctl traffic bursts' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--since' = 'From then on: 7d, 12h, 30m, 2026-11-23; else all'
                '--class' = 'Only these; may be given several times'
                '--endpoint' = 'Only to this name or address'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--since' = ''
                '--class' = 'voice|possible|status|bulk|keepalive'
                '--endpoint' = '@endpoints'
            }
            Places = @('@devices')
        }
        'echoctl traffic verdict' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--since' = '7d, 12h, 30m, a date or time; else all that was watched'
                '--wakes' = 'Times of wake words from elsewhere, one per line, instead of ours'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--since' = ''
                '--wakes' = 'file'
            }
            Places = @('@devices')
        }
        'echoctl traffic report' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--since' = '7d, 12h, a date or time; else the last week watched'
                '--wakes' = 'Times of wake words from elsewhere, one per line, instead of ours'
                '--html' = 'Write a page that needs nothing else; - is stdout'
                '--svg' = 'Write the two pictures alone; - is stdout'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--since' = ''
                '--wakes' = 'file'
                '--html' = 'file'
                '--svg' = 'file'
            }
            Places = @('@devices')
        }
        'echoctl traffic experiment' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--interface' = 'The interface that its packets pass'
                '-i' = 'The interface that its packets pass'
                '--ssh' = 'Capture there, root@router, over your own ssh'
                '--replay' = 'Judge a capture of such an experiment instead'
                '--phase' = 'With --replay: idle=0-300, asked=300-420, muted=420-540, in s'
                '--wakes' = 'Times of wake words from elsewhere, one per line, instead of ours'
                '--prompt' = 'Press Enter at each wake word; else the listener marks them'
                '--silence' = 'Minutes of silence'
                '--asks' = 'Requests to make'
                '--muted-asks' = 'Requests to make to the muted speaker'
                '--pause' = 'Seconds per request'
                '--html' = 'Write the pictures of all phases as a page'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--interface' = '@interfaces'
                '-i' = '@interfaces'
                '--ssh' = ''
                '--replay' = 'file'
                '--phase' = ''
                '--wakes' = 'file'
                '--silence' = ''
                '--asks' = ''
                '--muted-asks' = ''
                '--pause' = ''
                '--html' = 'file'
            }
            Places = @('@devices')
        }
        'echoctl traffic devices' = @{
            Words = [ordered]@{
                'name' = 'Say what a device is called, and whether it is a smart speaker: only speakers are judged'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl traffic devices name' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--speaker' = 'Whether it is a smart speaker'
                '--no-speaker' = 'Whether it is a smart speaker'
                '--model' = 'Its model, for thresholds of its own: echo, nest-mini, homepod …'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--model' = ''
            }
            Places = @('@devices', '')
        }
        'echoctl retention' = @{
            Words = [ordered]@{
                'set' = 'Set limits; those that are not named stay as they are'
                'show' = 'Show the rules, and what they take next'
                'run' = 'Delete what the rules say, now, and check out guests who should have left; for a timer'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl retention set' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--max-age' = '30d, 12h; none: no limit'
                '--max-count' = 'The newest N; none: all'
                '--max-size' = '500M, 2G; none: no end'
                '--room' = 'Only for this room, beside the general rule'
                '--yes' = 'Do not ask'
                '-y' = 'Do not ask'
                '--dry-run' = 'Show the plan and touch nothing'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--max-age' = ''
                '--max-count' = ''
                '--max-size' = ''
                '--room' = '@rooms'
            }
            Places = @()
        }
        'echoctl retention show' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl retention run' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--dry-run' = 'Show the plan and touch nothing'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl guest' = @{
            Words = [ordered]@{
                'check-in' = 'Begin a guest''s stay'
                'check-out' = 'End a stay and delete all that was recorded in it'
                'list' = 'List stays, the newest first'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl guest check-in' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--room' = 'The room of what is recorded during the stay'
                '--until' = 'Leaves then: 3d, 2026-11-30; retention checks out'
                '--muted' = 'Mute for the whole stay'
                '--no-store' = 'Keep nothing of what the guest says'
                '--private' = 'Seal to a key that only the guest gets: you can delete, not open'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--room' = '@rooms'
                '--until' = ''
            }
            Places = @('')
        }
        'echoctl guest check-out' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--yes' = 'Do not ask'
                '-y' = 'Do not ask'
                '--dry-run' = 'Show the plan and touch nothing'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @('@guests')
        }
        'echoctl guest list' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl model' = @{
            Words = [ordered]@{
                'install' = 'Install the small English model (41 MB), or another one with --from'
                'list' = 'List the installed speech models, and the wake word engines with their licences'
                'verify' = 'Hash every file of a model and compare with what was recorded when it was installed'
                'remove' = 'Remove an installed model'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl model install' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--from' = 'A folder, .zip or .tar.gz, or where to fetch one'
                '--name' = 'What to call it here'
                '--sha256' = 'What --from must hash to'
                '--yes' = 'Do not ask'
                '-y' = 'Do not ask'
                '--dry-run' = 'Show the plan and touch nothing'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--from' = 'file'
                '--name' = '@models'
                '--sha256' = ''
            }
            Places = @()
        }
        'echoctl model list' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl model verify' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @('@models')
        }
        'echoctl model remove' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--yes' = 'Do not ask'
                '-y' = 'Do not ask'
                '--dry-run' = 'Show the plan and touch nothing'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @('@models')
        }
        'echoctl wake' = @{
            Words = [ordered]@{
                'test' = 'Measure how often a wake word is missed, how often something else wakes, and how fast, at several thresholds'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl wake test' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--without' = 'Sound without the word; repeatable'
                '--manifest' = 'A table of sounds: file, word, and if known start and end'
                '--microphone' = 'Say the word so many times'
                '--device' = 'Microphone by name or number; see echoctl devices'
                '--wake-word' = 'The word; the first configured one when left out'
                '-w' = 'The word; the first configured one when left out'
                '--save' = 'Write the best threshold into config.toml'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
                '--without' = 'file'
                '--manifest' = 'file'
                '--microphone' = ''
                '--device' = ''
                '--wake-word' = '@wake-words'
                '-w' = '@wake-words'
            }
            Places = @('file+')
        }
        'echoctl devices' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl doctor' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl audit' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl config' = @{
            Words = [ordered]@{
                'show' = 'Show every setting, its value and where the value comes from'
                'validate' = 'List unknown names and values of a wrong kind, in config.toml and the ECHOCTL_ variables'
                'path' = 'Print the path of config.toml, whether it exists or not'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl config show' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @('listen.wake_words|listen.device|listen.preroll_ms|listen.pause_ms|listen.min_speech_ms|listen.no_speech_ms|listen.max_ms|listen.room|listen.chime|listen.require_sandbox|listen.exec|wake.refractory_ms|wake.thresholds|vault.store|vault.passphrase_command|speech.model|led.sysfs|hooks.transcripts|tui.theme|tui.motion|tui.ascii|tui.auto_lock_min|tui.keys+')
        }
        'echoctl config validate' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl config path' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl db' = @{
            Words = [ordered]@{
                'path' = 'Print where the database is, or would be'
                'check' = 'Look for damage, and empty the write-ahead log'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl db path' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl db check' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl plugins' = @{
            Words = [ordered]@{
                'list' = 'List the installed plugins, and whether they run'
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl plugins list' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
                '--json' = 'Print JSON instead of a table'
            }
            Takes = @{
            }
            Places = @()
        }
        'echoctl completion' = @{
            Words = [ordered]@{
                '-h' = 'Show the help and exit'
                '--help' = 'Show the help and exit'
            }
            Takes = @{
            }
            Places = @('bash|zsh|fish|powershell')
        }
    }

    $program = $commandAst.CommandElements[0].ToString()
    $path = 'echoctl'
    $option = ''
    $place = 0
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -and $before.Count) { $before = @($before | Select-Object -SkipLast 1) }
    foreach ($word in $before) {
        $here = $commands[$path]
        if ($option) { $option = '' }
        elseif ($here.Takes.ContainsKey($word)) { $option = $word }
        elseif ($word.StartsWith('-')) { continue }
        elseif ($commands.ContainsKey("$path $word")) { $path = "$path $word" }
        else { $place++ }
    }
    $here = $commands[$path]
    $value = $null
    if ($option) { $value = $here.Takes[$option] }
    elseif (-not $wordToComplete.StartsWith('-') -and $here.Places.Count) {
        if ($place -lt $here.Places.Count) { $value = $here.Places[$place].TrimEnd('+') }
        elseif ($here.Places[-1].EndsWith('+')) { $value = $here.Places[-1].TrimEnd('+') }
    }

    $found = @()
    if ($value -and $value.StartsWith('@')) {
        $found = @(& $program _complete $value.Substring(1) $wordToComplete 2>$null | ForEach-Object {
            $text, $what = $_ -split "`t", 2
            if ($text -match "[^\w.:-]") { $text = "'" + $text.Replace("'", "''") + "'" }
            [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', "$what ")
        })
    } elseif ($value -and $value -ne 'file') {
        $found = @($value.Split('|') | Where-Object { $_.StartsWith($wordToComplete) } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
        })
    }
    if (-not $option) {
        $found += @($here.Words.GetEnumerator() | Where-Object {
            $_.Key.StartsWith($wordToComplete) -and ($_.Key.StartsWith('-') -eq $wordToComplete.StartsWith('-'))
        } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_.Key, $_.Key, 'ParameterValue', $_.Value)
        })
    }
    $found
}
