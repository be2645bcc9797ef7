"""Near-duplicates are found without comparing all with all, and a sample shows what the rows hold."""

import random
import time

from migrator_tui.project.importing.likeness import near_duplicates
from migrator_tui.project.importing.sampling import Strata

WORDS = [f"word{n}" for n in range(2000)]


def texts(count: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=chance.randint(8, 40))) for _ in range(count)]


def test_texts_that_are_nearly_the_same_form_groups() -> None:
    made = ["Where is my parcel? Ordered 9 days ago!", "where is my parcel?? ordered 9 days ago", *texts(3), "", ""]
    made += [made[3] + " thanks", "Where is my parcel? Ordered it 9 days ago", "Cancel my subscription today please"]
    assert near_duplicates(made) == [[0, 1, 8], [3, 7]]


def test_nearly_all_planted_pairs_are_found_in_a_time_that_grows_as_their_number() -> None:
    seconds = []
    for count in (1_000, 8_000):
        originals = texts(count)
        planted = [text.replace(text.split()[2], "other", 1) for text in originals]
        pairs = sum(len(a) > 0 and similar(a, b) for a, b in zip(originals, planted, strict=True))
        begun = time.perf_counter()
        groups = near_duplicates([*originals, *planted])
        seconds.append(time.perf_counter() - begun)
        found = sum(group == [n, n + count] for n, group in ((group[0], group) for group in groups))
        assert found >= 0.99 * pairs
    assert seconds[1] < 8 * 5 * seconds[0]  # eight times as many; all with all would be 64 times


def similar(a: str, b: str) -> bool:
    from rapidfuzz import fuzz

    return fuzz.ratio(a, b) >= 90


def test_a_phrase_that_all_share_does_not_make_it_slow() -> None:
    made = [f"Dear support team, I have a question about my order number {n}: {t}" for n, t in enumerate(texts(4000))]
    begun = time.perf_counter()
    assert near_duplicates(made) == []
    assert time.perf_counter() - begun < 20


def rows() -> list[list[str]]:
    """50,000 rows; a few of them are of a kind that a blind draw of 50 would miss 19 times in 20."""
    chance = random.Random(3)
    made = [
        [f"tag {chance.choice('abcde')}", "language en", f"length {chance.choice(['short', 'long'])}"]
        for _ in range(50_000)
    ]
    for number, label in enumerate(("language ja", "tag legal", "tool refund", "model old", "length very long")):
        for row in range(number * 9_000, number * 9_000 + 40):
            made[row] = [*made[row][:2], label]
    return made


def test_fifty_of_fifty_thousand_show_every_label_and_are_the_same_each_time() -> None:
    made = rows()

    def drawn(seed: int) -> list[int]:
        strata = Strata()
        for number, labels in enumerate(made):
            strata.add(number, labels)
        return strata.sample(50, seed)

    first = drawn(7)
    assert len(set(first)) == 50 and first == sorted(first)
    assert {label for row in first for label in made[row]} == {label for labels in made for label in labels}
    assert drawn(7) == first
    assert drawn(8) != first


def test_among_rows_of_one_kind_the_most_different_are_taken_first() -> None:
    strata = Strata()
    keys = [(1, 2, 3, 4)] * 40 + [(10 * n, 10 * n + 1, 10 * n + 2, 10 * n + 3) for n in range(1, 6)]
    for number in range(len(keys)):
        strata.add(number, ["tag x"])
    taken = strata.sample(5, 1, keys)
    assert len({keys[row] for row in taken}) >= 4
    assert strata.sample(100, 1, keys) == list(range(len(keys)))
