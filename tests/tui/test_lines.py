from echoctl.tui.widgets.lines import columns, cut, fit, tail, wrap


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


def test_wide_characters_are_wrapped_by_cells() -> None:
    assert wrap("日本語です", 5, 9) == ["日本", "語で", "す"]
    assert wrap("台所の 電気を つけて", 8, 9) == ["台所の", "電気を", "つけて"]


def test_columns_stand_on_a_line_and_are_as_high_as_their_share() -> None:
    assert columns([0.0, 0.5, 1.0, 2.0], 2, ascii_only=False) == ["  ██", "▁███"]
    assert columns([0.0, 0.75, 1.0], 1, ascii_only=True) == ["_+#"]
