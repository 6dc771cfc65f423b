from omnisearch.context.likeness import Said

REPORT = (
    "In May the harbour took in forty ships, of which most brought timber and some brought salt."
)


def said(text: str) -> Said:
    found = Said()
    found.add(text)
    return found


def test_the_same_in_other_lines_is_a_repetition() -> None:
    assert said(REPORT).repeats(REPORT.replace(", ", ",\n\n  "))
    assert said(REPORT).repeats("the harbour took in forty ships, of which most brought timber")


def test_another_number_or_name_is_none() -> None:
    long = " ".join([REPORT] + [f"On day {n} nothing happened here." for n in range(60)])
    assert not said(long).repeats(long.replace("day 17 ", "day 99 "))
    assert not said(long).repeats(long.replace("May", "June"))
    assert said(long).repeats(long.replace("nothing happened", "nothing  happened"))


def test_little_that_is_new_is_a_repetition_where_most_is_the_same() -> None:
    words = "abcdefghijklmnopqrstuvwxy"
    long = " ".join(f"{one}{other}" for one in words for other in words[:8])
    assert said(long).repeats(long.replace("bc", "quiet"))
    assert not said(long).repeats("entirely other words stand here")


def test_nothing_repeats_nothing() -> None:
    assert not Said().repeats(REPORT)
    assert not said(REPORT).repeats("")
