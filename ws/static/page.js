// What our own pages are made with: elements, numbers, times, answers. Widgets on other people's pages have their own.
import { placeOf } from "./mirror.js";
import { called, kept, number, say, times } from "./say.js";

export { number };
export const clock = times({ timeStyle: "medium", dateStyle: "medium" });

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

// Totals, the highest first.
export const ranked = (totals) => [...totals].sort((a, b) => b.votes - a.votes);

export function cell(text) { return element("td", text, "number"); }

export function link(href, text) {
  const made = element("a", text);
  made.href = kept(href);
  return made;
}

// Leaves a node alone that says it already: screen readers repeat what is written anew.
export function write(node, text) { if (node.textContent !== text) node.textContent = text; }

// Once a node is on the screen, or so far from it: what nobody scrolls to is not loaded.
export function near(node, rootMargin = "0px") {
  return new Promise((come) => {
    new IntersectionObserver((seen, observer) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      observer.disconnect();
      come();
    }, { rootMargin }).observe(node);
  });
}

export async function fetchJson(path) {
  const response = await fetch(await placeOf(path), { cache: "no-cache" });
  if (!response.ok) throw Object.assign(new Error(`${path}: ${response.status}`), { status: response.status });
  return response.json();
}

// Whether the election is a rehearsal, and what it is labelled.
export function label(view) {
  const known = view.label ? called("label", view.label) : "";
  const said = [view.is_test ? say("test") : "", known].filter(Boolean).join(" · ");
  at("label").hidden = !said;
  at("label").textContent = said;
}
