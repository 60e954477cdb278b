// Options of a ticker, and only those: what is not one of ours is left out, so that a typing error does not go on air.
import { LANGUAGES } from "./embed-words.js";

export const THEMES = ["auto", "light", "dark"];
export const ROWS = { compact: 3, normal: 6, card: 5 };
export const HEIGHTS = { compact: 300, normal: 500, card: 540 };
const ROWS_MAX = 50;

export function read(given) { // `given(name)`: an attribute or a parameter, or null
  const size = given("size"), theme = given("theme"), lang = given("lang"), rows = given("rows"), accent = given("accent");
  return {
    size: Object.hasOwn(ROWS, size ?? "") ? size : "normal",
    theme: THEMES.includes(theme) ? theme : "auto",
    lang: Object.hasOwn(LANGUAGES, lang ?? "") ? lang : null,
    rows: /^[0-9]{1,2}$/.test(rows ?? "") && rows >= 1 && rows <= ROWS_MAX ? Number(rows) : null,
    accent: /^[0-9A-Fa-f]{6}$/.test(accent ?? "") ? accent.toLowerCase() : null,
  };
}

export function query(options) { // as ws/widget.py writes it
  const said = new URLSearchParams();
  if (options.size !== "normal") said.set("size", options.size);
  if (options.theme !== "auto") said.set("theme", options.theme);
  for (const name of ["lang", "rows", "accent"]) if (options[name]) said.set(name, options[name]);
  return said.size ? `?${said}` : "";
}
