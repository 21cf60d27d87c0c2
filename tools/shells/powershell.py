"""PowerShell: one table, one function. Its structure is tested; no PowerShell has run it (docs/completions.md)."""

from tools.shells.tree import Command

_HEAD = """\
# PowerShell completion for echoctl, made by tools/make_completions.py from the command tree: do not edit.
# Words come from this file; recordings, rooms and the like from `echoctl _complete`.

Register-ArgumentCompleter -Native -CommandName echoctl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # For each command: its words and their help, the options that take a value, and the values of its arguments.
    # A value is 'file', 'one|of|these', '@kind' for `echoctl _complete kind`, or '' for what nobody can guess.
    $commands = @{
"""

_TAIL = """\
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
            if ($text -match "[^\\w.:-]") { $text = "'" + $text.Replace("'", "''") + "'" }
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
"""


def write(root: Command) -> str:
    """The script."""
    return _HEAD + "".join(_entry(command) for command in root.walk()) + _TAIL


def _entry(command: Command) -> str:
    words = [(sub.path[-1], sub.help) for sub in command.subs]
    words += [(name, option.help) for option in command.options for name in option.names]
    places = ", ".join(_quoted(place.value + "+" * place.many) for place in command.places)
    return (
        f"        {_quoted(' '.join(command.path))} = @{{\n"
        f"            Words = [ordered]@{{\n{_pairs(words)}            }}\n"
        f"            Takes = @{{\n{_pairs(command.takes)}            }}\n"
        f"            Places = @({places})\n"
        "        }\n"
    )


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return "".join(f"                {_quoted(name)} = {_quoted(text)}\n" for name, text in pairs)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
