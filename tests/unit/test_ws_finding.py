"""What people type finds what they mean, and every way of looking agrees."""

import random

from ws.finding import Index, plain

PLACES = [
    ("01", "Mérida, Estado"), ("0101", "Libertador"), ("010101", "El Llano"), ("02", "ZULIA"),
    ("0201", "San Francisco"), ("llano-1", "Groß Gerau"), ("1", "Łódź"),
]  # fmt: skip


def test_case_accents_and_the_order_of_words_do_not_count() -> None:
    index = Index(PLACES)
    assert index.find("merida") == index.find("MÉRIDA") == ["01"]
    assert index.find("francisco san") == index.find("san francisco") == ["0201"]
    assert index.find("gross") == ["llano-1"]
    assert index.find("zulia libertador") == []
    assert index.find(" ") == [one for one, _ in PLACES]


def test_the_id_itself_comes_first_then_what_begins_with_it() -> None:
    assert Index(PLACES).find("01") == ["01", "0101", "010101", "0201"]
    assert Index(PLACES).find("1")[0] == "1"
    assert Index(PLACES).find("llano") == ["llano-1", "010101"]


def test_names_with_line_breaks_stay_one_line() -> None:
    assert Index([("a", "one\ntwo"), ("b", "three")]).find("two") == ["a"]


def test_it_finds_what_a_look_at_every_line_finds() -> None:
    chance = random.Random(7)
    letters = "abé 1"
    named = [(f"{n}", "".join(chance.choices(letters, k=6))) for n in range(300)]
    index = Index(named)
    for _ in range(300):
        asked = "".join(chance.choices(letters, k=chance.randint(1, 4)))
        words = plain(asked).split()
        expected = {one for one, name in named if all(word in plain(f"{one} {name}") for word in words)}
        assert set(index.find(asked)) == expected, asked
