"""The reader pages in every language: through one night at once, in Chromium; no English left, nothing moves, axe is content."""

import contextlib
import re
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize, expect

from tests.house.tree import ROOT
from tests.service.browser import LANGUAGES, Seen, at_every_size, chromium, in_every_language
from tests.service.test_page import count_unlike, with_a_past
from tests.service.world import batch, report, town

pytestmark = pytest.mark.browser

Readers = dict[str, Seen]
STATIC, WEB = ROOT / "ws" / "static", ROOT / "ws" / "web"
RUN = 4  # words in a row; where two languages share them, something was not translated

TEXTS = """() => {
  const found = [document.title];
  const into = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (["SCRIPT", "STYLE", "NOSCRIPT"].includes(node.tagName)) continue;
      for (const name of ["aria-label", "aria-roledescription", "aria-valuetext", "title", "placeholder"]) found.push(node.getAttribute(name) ?? "");
      for (const child of node.childNodes) if (child.nodeType === Node.TEXT_NODE) found.push(child.data);
      if (node.shadowRoot) into(node.shadowRoot);
    }
  };
  into(document);
  return found.map((text) => text.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""


def runs(texts: list[str]) -> set[str]:
    """Every run of so many words; numbers, hashes and addresses are none."""
    found = set()
    for text in texts:
        words = re.findall(r"(?<![\w/.:])[^\W\d_]{2,}(?![\w/:])", text)
        found |= {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
    return found


async def left_in_english(readers: Readers) -> dict[str, list[str]]:
    """Runs of words that a page in another language shares with the English one."""
    english = runs(await readers["en"].page.evaluate(TEXTS))
    assert len(english) > 100, "the English page says something"
    return {
        lang: alike
        for lang, reader in readers.items()
        if lang != "en" and (alike := sorted(english & runs(await reader.page.evaluate(TEXTS))))
    }


async def is_sound(readers: Readers, state: str, into: Path, axe: str) -> None:
    """What holds in every state."""
    assert await left_in_english(readers) == {}, state
    for lang, seen in readers.items():
        said = await seen.page.evaluate("[document.documentElement.lang, document.documentElement.dir]")
        assert said == [lang, "ltr"]
        await seen.sound(axe, into / f"{state}-{lang}.png")


async def everywhere(readers: Readers, element: str, said: dict[str, str]) -> None:
    """One part of the page, in each language."""
    for lang, reader in readers.items():
        await expect(reader.page.locator(element).first).to_contain_text(said[lang], timeout=15_000)


@at_every_size
async def test_one_night_in_every_language(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    night = with_a_past(label="reconstruction")
    async with contextlib.AsyncExitStack() as browsing:
        async with town(tmp_path, night, projection_interval_ms=100) as client:
            readers = await browsing.enter_async_context(in_every_language(client.read, viewport=size))
            await everywhere(readers, "#verdict-head", {
                "en": "Waiting for the first count", "es": "A la espera del primer recuento", "pt": "À espera da primeira apuração",
            })  # fmt: skip
            await everywhere(
                readers, "#label", {"en": "reconstruction", "es": "reconstrucción", "pt": "reconstrução"}
            )
            await everywhere(
                readers,
                "#projection-text",
                {"en": "Too early", "es": "Demasiado pronto", "pt": "Cedo demais"},
            )
            await is_sound(readers, "nothing", tmp_path, axe)

            await count_unlike(client, 1, 30)
            await everywhere(readers, "#projection-head", {
                "en": "Ann will probably win", "es": "Ann ganará probablemente", "pt": "Ann provavelmente vencerá",
            })  # fmt: skip
            await everywhere(
                readers,
                "#verdict-head",
                {"en": "Not decided yet", "es": "Aún sin decidir", "pt": "Ainda sem definição"},
            )
            await everywhere(readers, "#coming", {"en": "5,000", "es": "5,000", "pt": "5.000"})
            await is_sound(readers, "counting", tmp_path, axe)

            await count_unlike(client, 31, 78)
            await everywhere(readers, "#verdict-head", {
                "en": "Irreversible: Ann elected", "es": "Irreversible: elección de Ann", "pt": "Irreversível: eleição de Ann",
            })  # fmt: skip
            for reader in readers.values():
                await reader.still()
            for reader in readers.values():
                await reader.page.locator("#proof summary").click()
                await expect(reader.page.locator("#proof-body li").first).to_be_visible(timeout=15_000)
                await reader.page.locator("tally-crossing summary").click()
            await everywhere(
                readers, "#proof-body li", {"en": "over Bo: ", "es": "sobre Bo: ", "pt": "sobre Bo: "}
            )
            await everywhere(readers, "#totals td.certain", {
                "en": "elected, irreversible", "es": "elección, irreversible", "pt": "eleição, irreversível",
            })  # fmt: skip
            await is_sound(readers, "irreversible", tmp_path, axe)

            await client.desk("dispute", units=[f"p{n:03}" for n in range(1, 79)], reason="protest")
            await everywhere(
                readers,
                "#verdict-text",
                {"en": "would overturn it", "es": "lo revertiría", "pt": "reverteria isso"},
            )
            await is_sound(readers, "disputed", tmp_path, axe)

            await client.desk("annul", units=[f"p{n:03}" for n in range(1, 71)], reason="ordered")
            status, _ = await client.post(batch("over", report("p080", 100, 50)))
            assert status == 202
            await everywhere(
                readers, "#counted", {"en": "1 under review", "es": "1 en revisión", "pt": "1 em revisão"}
            )
            await everywhere(
                readers,
                "#calls",
                {"en": "received, under review", "es": "recibido, en revisión", "pt": "recebido, em revisão"},
            )
            await everywhere(
                readers,
                "tally-crossing .mark.withdrawn",
                {"en": "withdrawn at", "es": "retirado a las", "pt": "retirado às"},
            )
            await is_sound(readers, "withdrawn", tmp_path, axe)
            for reader in readers.values():
                await reader.page.locator("tally-crossing input").press("Home")
            await everywhere(
                readers,
                "#past-when",
                {"en": "As it stood at", "es": "Como estaba a las", "pt": "Como estava às"},
            )
            await everywhere(
                readers, "#past-position", {"en": "(position 2)", "es": "(posición 2)", "pt": "(posição 2)"}
            )
            await is_sound(readers, "past", tmp_path, axe)
            for reader in readers.values():
                reader.clean(client.read)
        await everywhere(
            readers,
            "#connection",
            {"en": "connection lost", "es": "conexión perdida", "pt": "conexão perdida"},
        )
        await is_sound(readers, "lost", tmp_path, axe)


@at_every_size
async def test_the_observers_page_in_every_language(tmp_path: Path, axe: str, size: ViewportSize) -> None:
    async with town(tmp_path, with_a_past(is_test=True)) as client:
        for n in range(1, 41):
            await client.post(batch(f"b{n}", report(f"p{n:03}", 50, 30), is_test=True))
        async with in_every_language(f"{client.read}/observe#mayor", viewport=size) as readers:
            for reader in readers.values():
                summaries = reader.page.locator("#claims summary")
                await expect(summaries).to_have_count(6)
                for place in range(6):
                    await summaries.nth(place).click()
                await expect(reader.page.locator("#claims details:not(:has(li))")).to_have_count(0)
            await everywhere(
                readers,
                "#claims",
                {
                    "en": "Ann elected: not irreversible yet",
                    "es": "elección de Ann: aún no es irreversible",
                    "pt": "eleição de Ann: ainda não é irreversível",
                },
            )
            await everywhere(readers, "#label", {"en": "TEST", "es": "PRUEBA", "pt": "TESTE"})
            await is_sound(readers, "observe-open", tmp_path, axe)
            for n in range(41, 79):
                await client.post(batch(f"b{n}", report(f"p{n:03}", 50, 30), is_test=True))
            await client.desk("dispute", units=[f"p{n:03}" for n in range(1, 79)], reason="protest")
            await client.post(batch("over", report("p080", 100, 50), is_test=True))
            await everywhere(
                readers,
                "#doubt",
                {
                    "en": "quarantined: more ballots",
                    "es": "recibido, en revisión: más papeletas",
                    "pt": "recebido, em revisão: mais cédulas",
                },
            )
            await everywhere(
                readers,
                "#doubt-text",
                {"en": "would overturn it", "es": "lo revertiría", "pt": "reverteria isso"},
            )
            await is_sound(readers, "observe-doubt", tmp_path, axe)
            for reader in readers.values():
                reader.clean(client.read)


async def test_the_language_is_asked_for_or_the_browsers_and_links_keep_it(tmp_path: Path) -> None:
    async with town(tmp_path) as client, chromium() as browser:
        for locale, asked, lang, thousand in (
            ("pt-PT", "", "pt", "1200"), ("es-VE", "", "es", "1.200"), ("fr-FR", "", "en", "1,200"), ("en-GB", "?lang=es", "es", "1,200"),
            ("es-MX", "?lang=en", "en", "1,200"), ("en-US", "?lang=xx", "en", "1,200"), ("pt-BR", "?lang=constructor", "pt", "1.200"),
        ):  # fmt: skip
            context = await browser.new_context(locale=locale)
            page = await context.new_page()
            await page.goto(f"{client.read}/{asked}")
            await expect(page.locator("#verdict-head")).to_be_visible()
            found = await page.evaluate(
                "import('/static/say.js').then((m) => [document.documentElement.lang, m.number.format(1200)])"
            )
            assert found == [lang, thousand], (locale, asked)
            await context.close()
        page = await browser.new_page()
        await page.goto(f"{client.read}/contest/mayor?lang=pt")
        await page.locator("footer a").click()
        await expect(page.locator("h1")).to_have_text("Para observadores")
        await page.locator("#rows a").click()
        await page.locator("#chosen-links a").first.click()
        await expect(page.locator("#verdict-kind")).to_have_text("nada ainda")
        current = page.locator("#languages [aria-current]")
        await expect(current).to_have_text("Português")
        await page.locator("#languages a", has_text="Español").press("Enter")
        await expect(page.locator("#verdict-kind")).to_have_text("nada todavía")
        assert page.url == f"{client.read}/contest/mayor?lang=es"
        await expect(current).to_have_text("Español")


async def test_words_that_do_not_come_leave_the_page_in_english(tmp_path: Path) -> None:
    async with town(tmp_path) as client, chromium() as browser:
        page = await browser.new_page()
        await page.route("**/words-es.js", lambda route: route.abort())
        await page.goto(f"{client.read}/?lang=es")
        await expect(page.locator("#verdict-head")).to_have_text("Waiting for the first count")
        assert await page.evaluate("document.documentElement.lang") == "en"
        await page.route("**/say.js", lambda route: route.abort())
        await page.goto(f"{client.read}/?lang=pt")
        await expect(page.locator("#connection")).to_be_visible()  # and nothing is said that is not known
        context = await browser.new_context(java_script_enabled=False, locale="es-MX")
        plain = await context.new_page()
        await plain.goto(client.read)
        await expect(plain.locator("#verdict-head")).to_have_text("Waiting for the first count")


async def test_every_language_says_everything_and_the_html_what_english_says(tmp_path: Path) -> None:
    async with town(tmp_path) as client, chromium() as browser:
        page = await browser.new_page()
        await page.goto(client.read)
        said = await page.evaluate(
            """async (languages) => {
              const text = (entry) => typeof entry === "object" ? Object.values(entry).join(" ") : String(entry);
              const blanks = (entry) => [...new Set(text(entry).match(/\\{\\w+\\}/g))].sort().join(" ");
              return Promise.all(languages.map(async (lang) => Object.fromEntries(Object.entries((await import(`/static/words-${lang}.js`)).default)
                .map(([key, entry]) => [key, [blanks(entry), Object.values(entry).every(Boolean), text(entry)]]))));
            }""",
            list(LANGUAGES),
        )
        english = {key: blanks for key, (blanks, _, _) in said[0].items()}
        for lang, one in zip(LANGUAGES, said, strict=True):
            assert {key: blanks for key, (blanks, _, _) in one.items()} == english, lang
            assert all(filled for _, filled, _ in one.values()), lang
        for html in ("index", "observe"):
            drift = await page.evaluate(
                """async (path) => {
                  const words = (await import("/static/words-en.js")).default;
                  const page = new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html");
                  const faults = [];
                  for (const node of page.querySelectorAll("[data-say]")) {
                    const wanted = words[node.dataset.say];
                    for (const part of node.querySelectorAll("[data-part]")) part.textContent = `{${part.dataset.part}}`;
                    if (node.textContent.replace(/\\s+/g, " ").trim() !== wanted && !node.dataset.part) faults.push(node.dataset.say);
                  }
                  for (const node of page.querySelectorAll("[data-say-label]")) if (node.getAttribute("aria-label") !== words[node.dataset.sayLabel]) faults.push(node.dataset.sayLabel);
                  return faults;
                }""",
                f"/static/{html}.html",
            )
            assert drift == [], html
    asked = used()
    assert [key for key in english if not any(re.fullmatch(one, key) for one in asked)] == [], "said nowhere"
    assert [
        one for one in asked if re.fullmatch(r"[\w.\\-]+", one) and one.replace("\\", "") not in english
    ] == []


def used() -> set[str]:
    """Keys the pages ask for, as patterns: what is between ${ and } in a key may be anything."""
    found = set()
    for path in (*STATIC.glob("*.js"), *WEB.glob("*.js")):
        if path.name.startswith(("embed", "ticker", "customize", "words-")) or ".bundle." in path.name:
            continue
        text = path.read_text()
        found |= {re.escape(key) for key in re.findall(r'\b(?:say|knows)\("([^"]+)"', text)}
        found |= {
            re.escape(key)
            for pair in re.findall(r'\bsay\([^"`();]*\? "([^"]+)" : "([^"]+)"', text)
            for key in pair
        }
        found |= {re.escape(key) for key in re.findall(r'sayLabel = "([^"]+)"', text)}
        found |= {rf"{re.escape(family)}\.[\w-]+" for family in re.findall(r'\bcalled\("([^"]+)"', text)}
        for key in re.findall(r"\b(?:say|knows)\(`([^`]+)`", text):
            found.add(r"[\w.-]*".join(map(re.escape, re.split(r"\$\{[^}]*\}", key))))
    for path in STATIC.glob("*.html"):
        found |= {re.escape(key) for key in re.findall(r'data-say(?:-label)?="([^"]+)"', path.read_text())}
    return found


async def test_chances_of_which_one_must_come_true_add_up_to_a_hundred(tmp_path: Path) -> None:
    async with town(tmp_path) as client, chromium() as browser:
        page = await browser.new_page()
        await page.goto(client.read)
        for chances, shown in (
            ([0.505, 0.495], [51, 49]), ([0.335, 0.335, 0.33], [34, 33, 33]), ([0.994, 0.006], [99, 1]), ([0.999, 0.001], [99, 1]),
            ([0.5, 0.497, 0.003], [50, 50, 1]), ([1, 0], [99, 1]), ([0.6, 0.6, 0.8], [60, 60, 80]), ([], []),
        ):  # fmt: skip
            found = await page.evaluate(
                "(chances) => import('/static/projection.js').then((m) => m.hundredths(chances))", chances
            )
            assert found == shown, chances
