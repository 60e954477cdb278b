// What our own pages are made with: elements, numbers, times, answers. Widgets on other people's pages have their own.
import { placeOf } from "./mirror.js";

export const number = new Intl.NumberFormat(navigator.language);
export const clock = new Intl.DateTimeFormat(navigator.language, { timeStyle: "medium", dateStyle: "medium" });

export const at = (id) => document.getElementById(id);

export function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

export function rowHead(text) {
  const head = element("th", text);
  head.scope = "row";
  return head;
}

export function link(href, text) {
  const made = element("a", text);
  made.href = href;
  return made;
}

// Leaves a node alone that says it already: screen readers repeat what is written anew.
export function write(node, text) { if (node.textContent !== text) node.textContent = text; }

export async function fetchJson(path) {
  const response = await fetch(await placeOf(path), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}
