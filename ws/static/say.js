// What a page says, in the language it is read in: words from words-xx.js; numbers, times, lists and plurals from the browser.
import { ended, speaker } from "./embed-words.js";

const page = document.documentElement;
const REGIONS = { es: "es-419", pt: "pt-BR" }; // whose numbers and dates, where the reader's browser names none of that language

async function dictionary() {
  try { return (await import(`./words-${page.lang}.js`)).default; } catch {
    [page.lang, page.dir] = ["en", "ltr"];
    return (await import("./words-en.js")).default;
  }
}
const words = await dictionary();

const lang = page.lang;
export const locale = navigator.languages.find((tag) => tag.includes("-") && tag.toLowerCase().split("-")[0] === lang) ?? REGIONS[lang] ?? lang;
export const number = new Intl.NumberFormat(locale);
const lists = { and: new Intl.ListFormat(locale, { type: "conjunction" }), or: new Intl.ListFormat(locale, { type: "disjunction" }) };
const plurals = new Intl.PluralRules(locale);

export const list = (parts, how = "and") => lists[how].format(parts);
export const percents = (digits) => new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
export const times = (options) => new Intl.DateTimeFormat(locale, options);

export const knows = (key) => Object.hasOwn(words, key);

// {braces} are filled in: numbers as such, lists with their "and". `{ one, other }` is chosen by `n`.
export function say(key, values = {}) {
  let found = words[key] ?? key;
  if (typeof found === "object") found = found[plurals.select(values.n)] ?? found.other;
  return found.replace(/\{(\w+)\}/g, (_, name) => written(values[name]));
}

function written(value) {
  if (typeof value === "number") return number.format(value);
  return Array.isArray(value) ? list(value) : value ?? "";
}

// What a word of the service is called here; one we have no name for stays as it is.
export const called = (family, name) => (knows(`${family}.${name}`) ? say(`${family}.${name}`) : name);

// How a contest ends, in the words of the widget; `who` are names.
const ending = speaker(lang).say;
export const outcome = (kind, who) => ended(ending, kind, list(who));

export const conditions = (assumptions) => (assumptions.length ? ending("given", { what: list(assumptions.map((one) => called("assumption", one))) }) : "");

// Links between our pages stay in the language that was asked for.
const asked = new URLSearchParams(location.search).has("lang");
export function kept(href) {
  if (!asked || !/^\/(?!v1\/|static\/|\/)/.test(href)) return href;
  const to = new URL(href, location.origin);
  to.searchParams.set("lang", lang);
  return to.pathname + to.search + to.hash;
}

// Text that stands in the HTML. An element inside it with `data-part` stays one, where its name stands in {braces}.
function fill() {
  for (const node of document.querySelectorAll("[data-say]")) {
    const parts = Object.fromEntries([...node.children].filter((one) => one.dataset.part).map((one) => [one.dataset.part, one]));
    const text = words[node.dataset.say];
    if (Object.keys(parts).length) node.replaceChildren(...text.split(/\{(\w+)\}/).map((part, place) => (place % 2 ? parts[part] : part)));
    else node.textContent = text;
  }
  for (const node of document.querySelectorAll("[data-say-label]")) node.setAttribute("aria-label", words[node.dataset.sayLabel]);
  for (const one of document.querySelectorAll('a[href^="/"]:not([hreflang])')) one.setAttribute("href", kept(one.getAttribute("href")));
  page.classList.remove("unsaid");
}
fill();
