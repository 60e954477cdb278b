// How the projection went over the night: where nine in ten final shares of the two highest should fall; it narrows to the count.
import { at, cell, element, rowHead, write } from "./page.js";
import { percents, say, times } from "./say.js";

const SVG = "http://www.w3.org/2000/svg";
const SHOWN = 2, LEVEL = "90";
const KEPT = 240; // points on the page; then every other one goes
const ROWS = 12; // of the table, evenly
const HEIGHT = 220, TOP = 14, BOTTOM = 26, START = 50, END = 12; // CSS pixels
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5], STEPS_SHOWN = 5; // lines of the scale
const share = percents(1), whole = percents(0);
const clock = times({ timeStyle: "medium" });

function drawn(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

const head = (text, className = "") => Object.assign(element("th", text, className), { scope: "col" });
const range = ({ low, high }) => say("range", { low: share.format(low), high: share.format(high) });
const counted = (point, { votes }) => (point.valid ? share.format(votes / point.valid) : "–");

function pointOf(seq, asOf, valid, selections, votes) {
  const of = new Map(selections.map((one) => [one.selection, { votes: votes(one), middle: one.share.middle, low: one.share[LEVEL][0], high: one.share[LEVEL][1] }]));
  return { seq, ms: Date.parse(asOf), valid, of };
}

export class Fan {
  #epoch = null; // the journal they are of
  #points = []; // { seq, ms, valid, of: selection → { votes, middle, low, high } }, oldest first

  constructor(names) {
    this.names = names;
    new ResizeObserver(() => this.#draw()).observe(at("fan"));
    at("fan-table").addEventListener("toggle", () => this.#table());
  }

  // What was projected before the page was opened: `tally-projections/1`.
  fill({ points, position }) {
    this.#of(position);
    const known = points.map((point) => pointOf(point.seq, point.as_of, point.valid, point.selections, (one) => one.votes));
    const last = known.at(-1)?.seq ?? 0;
    this.#points = [...known, ...this.#points.filter((point) => point.seq > last)];
    this.#draw();
  }

  // A frame of the projection, beside the newest view: its votes are nearly those the frame was made from.
  take(frame, view) {
    this.#of(frame.position);
    if (frame.status !== "projected" || (this.#points.at(-1)?.seq ?? 0) >= frame.position.seq) return;
    const votes = new Map(view.totals.map((total) => [total.selection, total.votes]));
    this.#points.push(pointOf(frame.position.seq, frame.as_of, view.valid, frame.selections, (one) => votes.get(one.selection) ?? 0));
    if (this.#points.length > KEPT) this.#points = this.#points.filter((_, place, all) => place % 2 === 0 || place === all.length - 1);
    this.#draw();
  }

  // Of another journal nothing stays: it counts from 1 again.
  #of({ epoch }) {
    if (this.#epoch === epoch) return;
    if (this.#epoch !== null) this.#points = [];
    this.#epoch = epoch;
    this.#draw();
  }

  // The points and, of each, the selections that probably end highest as it is now.
  get #shown() {
    const highest = [...(this.#points.at(-1)?.of ?? [])].sort(([, a], [, b]) => b.middle - a.middle).slice(0, SHOWN).map(([selection]) => selection);
    return { highest, points: this.#points.filter((point) => highest.every((one) => point.of.has(one))) };
  }

  #draw() {
    const { highest, points } = this.#shown;
    if (points.length < 2) { // what was drawn before, of others or of another journal, is not this
      write(at("fan-words"), say("fan.begins"));
      for (const part of ["fan", "fan-heads", "fan-rows"]) at(part).replaceChildren();
      at("fan").setAttribute("aria-label", say("fan.begins"));
      return;
    }
    const [first, now] = [points[0], points.at(-1)];
    const said = highest.map((one) => say("fan.of", { who: this.#name(one), was: range(first.of.get(one)), now: range(now.of.get(one)), counted: counted(now, now.of.get(one)) })).join(" ");
    at("fan").replaceChildren(...this.#picture(highest, points));
    at("fan").setAttribute("aria-label", `${say("fan.label")} ${said}`);
    write(at("fan-words"), said);
    this.#table();
  }

  #name(selection) { return this.names[selection] ?? selection; }

  #picture(highest, points) {
    const width = Math.max(240, at("fan").clientWidth), right = width - END, bottom = HEIGHT - BOTTOM;
    at("fan").setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const [from, to] = [points[0].ms, Math.max(points.at(-1).ms, points[0].ms + 1)];
    const values = points.flatMap((point) => highest.flatMap((one) => {
      const { low, high, votes } = point.of.get(one);
      return point.valid ? [low, high, votes / point.valid] : [low, high];
    }));
    const least = Math.min(...values), most = Math.max(...values, least + STEPS[0]);
    const x = (ms) => START + (right - START) * (ms - from) / (to - from);
    const y = (value) => bottom - (bottom - TOP) * (value - least) / (most - least);
    const base = HEIGHT - 6;
    return [
      ...scale(least, most, y, right),
      drawn("text", { class: "axis", x: START, y: base }, clock.format(from)),
      drawn("text", { class: "axis", x: right, y: base, "text-anchor": "end" }, clock.format(to)),
      ...highest.flatMap((one, place) => this.#band(one, place, points, { x, y, right, bottom })),
    ];
  }

  // One selection: its range, the middle of it, the share counted, and its name where the range ends.
  #band(selection, place, points, { x, y, right, bottom }) {
    const along = (list, value) => list.map((point) => `${x(point.ms).toFixed(1)} ${y(value(point.of.get(selection), point)).toFixed(1)}`).join("L");
    const [above, below] = [along(points, (one) => one.high), along([...points].reverse(), (one) => one.low)];
    const sure = points.filter((point) => point.valid), { high, low } = points.at(-1).of.get(selection);
    const beside = place ? y(low) + 16 : y(high) - 6; // the first above its range, the second below
    return [
      drawn("path", { class: `band of-${place}`, d: `M${above}L${below}Z` }),
      drawn("path", { class: "middle", d: `M${along(points, (one) => one.middle)}` }),
      ...(sure.length ? [drawn("path", { class: "share", d: `M${along(sure, (one, point) => one.votes / point.valid)}` })] : []),
      drawn("text", { class: "name", x: right, y: Math.min(bottom - 4, Math.max(TOP - 2, beside)), "text-anchor": "end" }, this.#name(selection)),
    ];
  }

  // The same as a table, for who cannot see it.
  #table() {
    const { highest, points } = this.#shown;
    if (!at("fan-table").open || points.length < 2) return;
    const every = Math.ceil(points.length / ROWS);
    at("fan-heads").replaceChildren(head(say("picture.time")), ...highest.flatMap((one) => [
      head(say("fan.range", { who: this.#name(one) }), "number"), head(say("fan.counted", { who: this.#name(one) }), "number"),
    ]));
    at("fan-rows").replaceChildren(...points.filter((_, place) => place % every === 0 || place === points.length - 1).map((point) => {
      const row = element("tr");
      row.append(rowHead(clock.format(point.ms)), ...highest.flatMap((one) => [cell(range(point.of.get(one))), cell(counted(point, point.of.get(one)))]));
      return row;
    }));
  }
}

function scale(least, most, y, right) {
  const step = STEPS.find((one) => (most - least) / one <= STEPS_SHOWN) ?? STEPS.at(-1), written = step < 0.01 ? share : whole;
  const values = Array.from({ length: STEPS_SHOWN + 1 }, (_, place) => (Math.ceil(least / step) + place) * step).filter((value) => value <= most);
  return values.flatMap((value) => [
    drawn("line", { class: "rule", x1: START, x2: right, y1: y(value), y2: y(value) }),
    drawn("text", { class: "axis", x: START - 6, y: y(value) + 4, "text-anchor": "end" }, written.format(value)),
  ]);
}
