// Places: the map, where the night has one, and the table that says the same.
import { changeCell, changeHead } from "./swing.js";
import { coloursOf, swatch } from "./colours.js";
import { at, cell, element, fetchJson, near, number, ranked, rowHead } from "./page.js";
import { say } from "./say.js";

const COLUMNS_NAMED = 2; // the highest selections have a column each

export class Places {
  #rows = new Map(); // unit → its row, kept so that who reads one does not lose it
  #map = null;

  constructor({ selections, map }, names) {
    [this.names, this.colours] = [names, coloursOf(selections)];
    this.wanted = map ?? null;
  }

  show(view) {
    const below = view.subtotals ?? [];
    at("places-section").hidden = below.length < 2;
    if (below.length < 2) return;
    const first = ranked(view.totals).slice(0, COLUMNS_NAMED).map((t) => t.selection);
    this.#head(view, first);
    const rows = below.map((place) => this.#row(place, first));
    const body = at("places-body");
    if (rows.length !== body.children.length || rows.some((row, i) => row !== body.children[i])) body.replaceChildren(...rows);
    this.#draw(view, below);
  }

  #head(view, first) {
    const key = [...first, Boolean(view.swing)].join("\n");
    if (this.headed === key) return;
    this.headed = key;
    const head = (text, className) => Object.assign(element("th", text, className), { scope: "col" });
    const heads = first.flatMap((s) => {
      const called = this.names[s] ?? s, named = head(called, "number");
      named.prepend(swatch(this.colours[s]));
      return view.swing ? [named, changeHead(called)] : [named];
    });
    at("places-head").replaceChildren(head(say("place")), ...heads, head(say("places.units"), "number"));
  }

  #row(place, first) {
    let row = this.#rows.get(place.unit);
    if (!row) {
      row = element("tr");
      row.tabIndex = -1;
      row.dataset.unit = place.unit;
      this.#rows.set(place.unit, row);
    }
    const votes = new Map(place.totals.map((t) => [t.selection, t.votes]));
    row.replaceChildren(
      rowHead(place.name || place.unit),
      ...first.flatMap((s) => [cell(number.format(votes.get(s) ?? 0)), ...(place.swing ? [changeCell(place.swing, s)] : [])]),
      cell(number.format(place.units.completed)),
    );
    return row;
  }

  async #draw(view, below) {
    if (!this.wanted) return;
    const sure = new Map(view.claims.filter((c) => c.place !== undefined && c.claim === "carries" && c.status === "irreversible").map((c) => [c.place, c.who[0]]));
    const shown = below.map((place) => ({ ...place, sure: sure.get(place.unit) ?? null }));
    if (this.#map) { this.#map.places = shown; return; }
    if (this.latest) { this.latest = shown; return; } // it is on its way
    this.latest = shown;
    const map = at("map");
    map.hidden = false;
    await near(map, "100% 0px");
    try {
      const [topology] = await Promise.all([fetchJson(this.wanted.url), import("/static/map.bundle.js")]);
      map.open(topology, this.wanted.property, this.names, this.colours);
      map.addEventListener("place", (event) => this.#goTo(event.detail));
      this.#map = map;
      map.places = this.latest;
      if (!map.matches()) { map.hidden = true; this.wanted = null; }
    } catch {
      map.hidden = true;
      this.wanted = null; // the table says the same
    }
  }

  #goTo(unit) {
    const row = this.#rows.get(unit);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
  }
}
