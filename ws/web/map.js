// <tally-map>: places coloured by who leads there, how far, and how much is counted; its twin is the table of places.
import { geoEqualEarth, geoIdentity, geoMercator, geoPath } from "d3-geo";
import { LitElement, html, nothing, svg, unsafeCSS } from "lit";
import { feature } from "topojson-client";
import { OTHERS } from "/static/colours.js";
import { WORDS as say } from "/static/map-words.js";
import { ranked } from "/static/page.js";
import sheet from "./map.css";

const WIDTH = 960, HEIGHT = 720, MARGIN = 16;
const STEPS = [[0.02, 0.3], [0.05, 0.45], [0.1, 0.62], [0.2, 0.8], [Infinity, 1]]; // of the lead, and how full its colour is
const FEW = 0.5; // less than this share of units counted is striped
const TOWARDS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ASIDE = 2.5; // how much farther a place is that lies aside of the way an arrow points
const MATCHED_MIN = 2;
const WIDE_DEGREES = 120, POLAR_DEGREES = 72; // beyond these Mercator misleads
const TIP_GAP = 14;
const LEADERS = 2; // have their room in the legend from the start
const LETTER = 9.5; // wide: a name stands where there is room for it
const LINE = 24; // high

// Names as they are compared: without accents, case and marks.
const plain = (text) => String(text).normalize("NFD").replace(/[^\p{L}\p{N}]+/gu, "").toLowerCase();

// Coordinates beyond degrees are those of a page already.
function projectionOf(features) {
  const [[west, south], [east, north]] = geoPath().bounds(features);
  if (west < -180.1 || east > 180.1 || south < -90.1 || north > 90.1) return geoIdentity();
  const flat = east - west > WIDE_DEGREES || Math.max(-south, north) > POLAR_DEGREES ? geoEqualEarth() : geoMercator();
  return flat.rotate([-(west + east) / 2, 0]);
}

class TallyMap extends LitElement {
  static styles = unsafeCSS(sheet);
  static properties = { places: { attribute: false }, drawn: { state: true }, over: { state: true } };

  #names = {};
  #colours = {};
  #here = null; // the place the keyboard is at
  #outlines = []; // with the place each is of

  constructor() {
    super();
    Object.assign(this, { places: [], drawn: null, over: null });
  }

  // The outlines, the property of theirs that names units (null: any), and what selections are called and coloured.
  open(topology, property, names, colours) {
    [this.#names, this.#colours] = [names, colours];
    const layers = Object.values(topology.objects).filter((one) => one.geometries?.length);
    const wanted = layers.find((layer) => layer.geometries.some((one) => one.properties?.[property] !== undefined))
      ?? topology.objects.states ?? layers[0];
    const features = feature(topology, wanted);
    const path = geoPath(projectionOf(features).fitExtent([[MARGIN, MARGIN], [WIDTH - MARGIN, HEIGHT - MARGIN]], features)).digits(1);
    this.drawn = features.features.map((one) => ({
      d: path(one),
      at: path.centroid(one),
      name: one.properties?.name,
      width: widthOf(path.bounds(one)),
      keys: (property ? [one.properties?.[property]] : [one.id, ...Object.values(one.properties ?? {})])
        .filter((key) => key !== undefined && key !== null && key !== "").map(plain),
    })).filter((one) => one.d);
  }

  willUpdate(changed) { if (changed.has("places") || changed.has("drawn")) this.#outlines = this.#joined(); }

  // Whether enough of the places are on it; else it would be an empty box.
  matches() { return this.#joined().filter((one) => one.place).length >= MATCHED_MIN; }

  #joined() {
    const units = new Map();
    for (const place of this.places) for (const key of [place.name, place.unit]) if (key) units.set(plain(key), place);
    return (this.drawn ?? []).map((one) => ({ ...one, place: one.keys.map((key) => units.get(key)).find(Boolean) ?? null }));
  }

  #of(place) {
    const votes = place.totals.reduce((sum, one) => sum + one.votes, 0);
    if (!votes) return { votes, leader: null, lead: 0, ranked: [] };
    const sorted = ranked(place.totals), [first, second] = sorted;
    const lead = (first.votes - (second?.votes ?? 0)) / votes;
    return { votes, leader: lead ? first.selection : null, lead, ranked: sorted.slice(0, 3).filter((one) => one.votes) };
  }

  #called(selection) { return this.#names[selection] ?? selection; }

  #said(place) {
    const { votes, leader, lead } = this.#of(place);
    return [
      place.name || place.unit,
      !votes ? say.none : leader ? say.ahead(this.#called(leader), lead) : say.level,
      say.counted(place.units),
      place.units.disputed ? say.disputed(place.units.disputed) : "",
      place.sure ? `${this.#called(place.sure)}, ${say.sure}` : "",
    ].filter(Boolean);
  }

  render() {
    const joined = this.#outlines, known = joined.filter((one) => one.place);
    const on = new Set(known.map((one) => one.place.unit));
    const away = this.places.filter((place) => !on.has(place.unit)).map((place) => place.name || place.unit);
    const stop = on.has(this.#here) ? this.#here : known[0]?.place.unit;
    return html`
      <div class="frame" @pointerleave=${() => { this.over = null; }}>
        <svg class="map" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label=${say.map} @keydown=${this.#key}>
          ${patterns()}
          ${joined.filter((one) => !one.place).map((one) => svg`<path class="land" d=${one.d}></path>`)}
          ${known.map((one) => this.#shape(one, one.place.unit === stop))}
          ${known.filter((one) => one.place.sure).map((one) => svg`<path class="over sure" d=${one.d}></path>`)}
          <g class="names" aria-hidden="true">${named(known).map(({ name, at: [x, y] }) => svg`<text x=${x} y=${y}>${name}</text>`)}</g>
        </svg>
        ${this.#tip(known)}
      </div>
      ${this.drawn ? this.#legend(known) : nothing}
      <p>${away.length && this.drawn ? say.away(away) : nothing}</p>`;
  }

  #shape({ d, place }, stop) {
    const { votes, leader, lead } = this.#of(place), unit = place.unit;
    const few = votes && place.units.completed < FEW * place.units.total;
    return svg`<g role="button" tabindex=${stop ? 0 : -1} data-unit=${unit} aria-label=${this.#said(place).join(", ")}
        @pointermove=${(event) => this.#point(unit, event)} @focus=${() => { this.#here = unit; this.over = { unit }; }}
        @blur=${() => { this.over = null; }} @click=${() => this.#open(unit)}>
      <path class="land" d=${d}></path>
      <path class="over" d=${d} fill=${votes ? this.#colours[leader] ?? OTHERS : "url(#dots)"} fill-opacity=${votes ? fullness(lead) : 1}></path>
      ${few ? svg`<path class="over" d=${d} fill="url(#stripes)"></path>` : nothing}
      ${place.units.disputed ? svg`<path class="over" d=${d} fill="url(#crossed)"></path>` : nothing}
      <path class="ring" d=${d}></path><path class="ring" d=${d}></path>
    </g>`;
  }

  #tip(known) {
    const one = this.over && known.find(({ place }) => place.unit === this.over.unit);
    if (!one) return nothing;
    const [name, ...rest] = this.#said(one.place), { votes, ranked } = this.#of(one.place);
    return html`<div class="tip" aria-hidden="true"><strong>${name}</strong>
      ${ranked.map((total) => html`<span>${say.share(this.#called(total.selection), total.votes, total.votes / votes)}</span>`)}
      ${rest.map((text) => html`<span>${text}</span>`)}</div>`;
  }

  #legend(known) {
    const leaders = [...new Set(known.map((one) => this.#of(one.place).leader).filter(Boolean))];
    const box = (inside) => svg`<svg viewBox="0 0 32 18" preserveAspectRatio="none" aria-hidden="true">${patterns()}${inside}</svg>`;
    const filled = (fill) => box(svg`<rect width="32" height="18" fill=${fill}></rect>`);
    const some = (what) => known.some(({ place }) => what(place));
    return html`<ul aria-label=${say.legend}>
      ${leaders.map((who) => html`<li>${filled(this.#colours[who] ?? OTHERS)}${say.leads(this.#called(who))}</li>`)}
      ${Array.from({ length: Math.max(0, LEADERS - leaders.length) }, () => html`<li class="later" aria-hidden="true">&nbsp;</li>`)}
      <li class="ramp">${box(STEPS.map(([, full], i) => svg`<rect x=${i * 6.4} width="6.5" height="18" fill=${this.#colours[leaders[0]] ?? OTHERS} fill-opacity=${full}></rect>`))}${say.lead}</li>
      <li>${filled("url(#dots)")}${say.empty}</li>
      <li>${box(svg`<rect width="32" height="18" fill=${this.#colours[leaders[0]] ?? OTHERS}></rect><rect width="32" height="18" fill="url(#stripes)"></rect>`)}${say.partial}</li>
      <li>${filled("url(#crossed)")}${say.hatched}</li>
      ${some((place) => place.sure) ? html`<li>${box(svg`<rect x="2" y="2" width="28" height="14" fill="none" stroke="currentColor" stroke-width="4"></rect>`)}${say.outlined}</li>` : nothing}
    </ul>`;
  }

  #point(unit, event) {
    const box = this.renderRoot.querySelector(".frame").getBoundingClientRect();
    this.over = { unit, x: event.clientX - box.left, y: event.clientY - box.top };
  }

  // The tip beside the pointer, or beside the middle of the place the keyboard is at; always inside.
  updated() {
    const tip = this.renderRoot.querySelector(".tip");
    if (!tip) return;
    const box = this.renderRoot.querySelector(".frame").getBoundingClientRect();
    let { x, y } = this.over;
    if (x === undefined) {
      const shape = this.renderRoot.querySelector(`g[data-unit="${CSS.escape(this.over.unit)}"]`).getBoundingClientRect();
      [x, y] = [(shape.left + shape.right) / 2 - box.left, (shape.top + shape.bottom) / 2 - box.top];
    }
    const left = x + TIP_GAP + tip.offsetWidth > box.width ? x - TIP_GAP - tip.offsetWidth : x + TIP_GAP;
    const top = Math.min(y + TIP_GAP, box.height - tip.offsetHeight - 2);
    tip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  }

  #open(unit) { this.dispatchEvent(new CustomEvent("place", { detail: unit })); }

  #key(event) {
    const unit = event.target.closest?.("g[data-unit]")?.dataset.unit;
    if (!unit) return;
    if (event.key === "Escape") { this.over = null; return; }
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.#open(unit); return; }
    const known = this.#outlines.filter((one) => one.place);
    const next = event.key === "Home" ? known[0] : event.key === "End" ? known.at(-1) : towards(known, unit, TOWARDS[event.key]);
    if (!next) return;
    event.preventDefault();
    this.renderRoot.querySelector(`g[data-unit="${CSS.escape(next.place.unit)}"]`).focus();
    this.requestUpdate();
  }
}

// Names where there is room for them, the widest places first.
function named(known) {
  const placed = [];
  for (const one of [...known].sort((a, b) => b.width - a.width)) {
    const name = String(one.name ?? (one.place.name || one.place.unit)), room = name.length * LETTER;
    const free = placed.every((other) => Math.abs(other.at[1] - one.at[1]) > LINE || Math.abs(other.at[0] - one.at[0]) > (other.room + room) / 2 + LETTER);
    if (room < one.width && free) placed.push({ name, at: one.at, room });
  }
  return placed;
}

function widthOf([[left], [right]]) { return right - left; }

function fullness(lead) { return STEPS.find(([most]) => lead < most)[1]; }

// The nearest place in the direction of an arrow.
function towards(known, unit, way) {
  if (!way) return null;
  const from = known.find((one) => one.place.unit === unit).at;
  let best = null, least = Infinity;
  for (const one of known) {
    const [dx, dy] = [one.at[0] - from[0], one.at[1] - from[1]];
    const along = dx * way[0] + dy * way[1];
    if (along <= 0.5) continue;
    const cost = along + ASIDE * Math.abs(dx * way[1] - dy * way[0]);
    if (cost < least) [best, least] = [one, cost];
  }
  return best;
}

function patterns() {
  return svg`<defs>
    <pattern id="dots" width="8" height="8" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1.1"></circle></pattern>
    <pattern id="stripes" width="9" height="9" patternUnits="userSpaceOnUse"><path d="M0 2.2h9" stroke-width="4.4"></path></pattern>
    <pattern id="crossed" width="11" height="11" patternUnits="userSpaceOnUse"><path d="M0 0L11 11M11 0L0 11" stroke-width="1.6"></path></pattern>
  </defs>`;
}

customElements.define("tally-map", TallyMap);
