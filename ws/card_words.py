"""What the card says, in each language a widget speaks; endings are the widget's."""

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "elected": "{} elected", "outright": "{} elected without a run-off", "runoff": "a run-off between {}",
        "anyrunoff": "a run-off is required", "passes": "the measure passes", "fails": "the measure fails",
        "allocation": "every seat is settled", "no-winner": "nobody wins in this round", "and": " and ",
        "irreversible": "Irreversible: {}", "withdrawn": "Not decided: what was irreversible has been withdrawn",
        "open": "Not decided yet", "none": "Nothing counted yet", "title": "{}: votes counted", "test": "TEST",
        "shaken": "not if disputed units are annulled", "given": "only if {}", "more": "and {} more",
        "lead": "Lead {}", "level": "Level", "uncapped": "{} open units have no hard limit on their ballots",
        "coming-one": "{} ballot can still come", "coming": "{} ballots can still come",
        "counted": "{} of {} units · {} ballots", "position": "position", "thousands": ",", "tenths": ".",
    },
    "es": {
        "elected": "elección de {}", "outright": "elección de {} sin segunda vuelta",
        "runoff": "segunda vuelta entre {}",
        "anyrunoff": "habrá segunda vuelta", "passes": "la medida se aprueba", "fails": "la medida se rechaza",
        "allocation": "todos los escaños están decididos", "no-winner": "nadie gana en esta vuelta", "and": " y ",
        "irreversible": "Irreversible: {}", "withdrawn": "Sin decidir: lo que era irreversible se ha retirado",
        "open": "Aún sin decidir", "none": "Aún no hay nada contado", "title": "{}: votos contados", "test": "PRUEBA",
        "shaken": "no si se anulan unidades impugnadas", "given": "solo si se cumple {}", "more": "y {} más",
        "lead": "Ventaja {}", "level": "Empate", "uncapped": "{} unidades abiertas sin límite firme de papeletas",
        "coming-one": "aún puede llegar {} papeleta", "coming": "aún pueden llegar {} papeletas",
        "counted": "{} de {} unidades · {} papeletas", "position": "posición", "thousands": ",", "tenths": ".",
    },
    "pt": {
        "elected": "eleição de {}", "outright": "eleição de {} sem segundo turno", "runoff": "segundo turno entre {}",
        "anyrunoff": "haverá segundo turno", "passes": "a proposta é aprovada", "fails": "a proposta é rejeitada",
        "allocation": "todas as cadeiras estão definidas", "no-winner": "ninguém vence neste turno", "and": " e ",
        "irreversible": "Irreversível: {}", "withdrawn": "Sem definição: o que era irreversível foi retirado",
        "open": "Ainda sem definição", "none": "Nada apurado ainda", "title": "{}: votos apurados", "test": "TESTE",
        "shaken": "não se unidades contestadas forem anuladas", "given": "só se valer {}", "more": "e mais {}",
        "lead": "Vantagem {}", "level": "Empate", "uncapped": "{} unidades abertas sem limite firme de cédulas",
        "coming-one": "ainda pode chegar {} cédula", "coming": "ainda podem chegar {} cédulas",
        "counted": "{} de {} unidades · {} cédulas", "position": "posição", "thousands": ".", "tenths": ",",
    },
}  # fmt: skip
ENDINGS = ("elected", "outright", "runoff", "passes", "fails", "allocation", "no-winner")
"""Claims that say how a contest ends."""


def number(count: int, words: dict[str, str]) -> str:
    """A whole number as its readers group it."""
    return f"{count:,}".replace(",", words["thousands"])
