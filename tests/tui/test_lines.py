from echoctl.tui.widgets.lines import cut, fit, tail, wrap


def test_text_is_cut_or_filled_to_cells() -> None:
    assert fit("ab", 4) == "ab  "
    assert fit("abcdef", 4) == "abc…"
    assert fit("日本語です", 5) == "日本…"
    assert fit("ab", 0) == ""
    assert cut("ab", 4) == "ab"


def test_of_what_is_being_said_the_end_matters() -> None:
    assert tail("turn on the light", 9) == "…he light"
    assert tail("short", 9) == "short"


def test_words_are_wrapped_and_the_last_line_cut() -> None:
    assert wrap("turn on the kitchen light", 12, 5) == ["turn on the", "kitchen", "light"]
    assert wrap("turn on the kitchen light", 12, 2) == ["turn on the", "kitchen lig…"]
    assert wrap("exactly twelve", 7, 2) == ["exactly", "twelve"]
    assert wrap("incomprehensibilities", 8, 3) == ["incompre", "hensibil", "ities"]
    assert wrap("", 8, 3) == []
