// A night as a line over time: points from the history and from live views, and what turned when. Pure: no page, no clock.
import { ENDS } from "/static/observe-words.js";

export const POINTS_ASKED = 180; // of the history, for the whole night at once
const POINTS_KEPT = 600; // a night of a million records is still a picture
const TURNS_KEPT = 1_000; // and as many corrections, as in the picture of the history
const MARKED = new Set(["correction", "withdrawal", "reopened", "dispute", "annul", "restore"]);

// Of a view, or of a point of the history.
const pointOf = (one, seq) => ({
  seq, ms: Date.parse(one.as_of), leader: one.leader, lead: one.lead,
  coming: one.outstanding.certain, assumed: one.outstanding.assumptions ?? {},
});
const kindOf = (claim) => claim.split(":", 1)[0];

// A desk verb on many units is one correction.
function grouped(corrections) {
  const found = new Map();
  for (const one of corrections) {
    const key = JSON.stringify([one.seq, one.kind, one.reason]);
    const known = found.get(key);
    if (known) known.units += one.units;
    else found.set(key, { ...one });
  }
  return [...found.values()];
}

export class Night {
  points = [];
  turns = []; // { seq, ms, claim, status, grade, assumptions }, oldest first
  corrections = []; // { seq, ms, kind, unit, units, reason }, oldest first; `unit` is the first of so many

  constructor(contest) { this.contest = contest; }

  get last() { return this.points.at(-1) ?? null; }

  // The history's picture, and after it what live views said meanwhile.
  fill(history) {
    const first = history.points.findIndex((point) => point.ballots_cast);
    const known = first < 0 ? [] : history.points.slice(first).map((point) => pointOf(point, point.seq));
    const seq = Math.max(history.position.seq, known.at(-1)?.seq ?? 0);
    this.points = [...known, ...this.points.filter((point) => point.seq > seq)];
    this.turns = [
      ...history.claims.map((turn) => ({ ...turn, ms: Date.parse(turn.as_of) })),
      ...this.turns.filter((turn) => turn.seq > seq),
    ];
    this.corrections = [
      ...grouped(history.corrections.map((one) => ({ seq: one.seq, ms: Date.parse(one.as_of), kind: one.kind, unit: one.unit, units: 1, reason: one.reason }))),
      ...this.corrections.filter((one) => one.seq > seq),
    ];
  }

  // One view of the stream. `turned`: a claim did; `unsure`: at a record between two frames, so the history knows when.
  take(view) {
    const point = pointOf(view, view.position.seq);
    const said = { turned: false, unsure: false };
    if (!view.ballots_cast || (this.last && point.seq < this.last.seq)) return said;
    if (this.last?.seq === point.seq) this.points.pop();
    this.points.push(point);
    if (this.points.length > POINTS_KEPT) this.#thin();
    for (const claim of view.claims) {
      if (claim.status === "open" || claim.since === null) continue;
      const known = this.turns.findLast((turn) => turn.claim === claim.id);
      if (known && known.status === claim.status && known.grade === claim.grade && known.seq >= claim.since) continue;
      const here = claim.since === point.seq || Boolean(known && known.status === claim.status);
      this.turns.push({
        seq: here ? point.seq : claim.since, ms: point.ms, claim: claim.id, status: claim.status, grade: claim.grade,
        assumptions: claim.assumptions,
      });
      said.turned = true;
      said.unsure ||= claim.since !== point.seq;
    }
    this.turns = this.turns.slice(-TURNS_KEPT);
    return said;
  }

  // A frame of the calls channel; whether it holds a correction or a verb of the desk in this contest.
  heard(frame) {
    const { seq } = frame.position;
    if (this.corrections.some((one) => one.seq === seq)) return false;
    const found = frame.events.filter((one) => MARKED.has(one.kind) && (one.contest === this.contest || one.contests?.includes(this.contest)));
    this.corrections.push(...grouped(found.map((one) => ({
      seq, ms: Date.parse(frame.as_of), kind: one.kind, unit: one.unit ?? one.units[0], units: one.units?.length ?? 1, reason: one.reason ?? "",
    }))));
    this.corrections = this.corrections.slice(-TURNS_KEPT);
    return found.length > 0;
  }

  // The assumptions under which something was said to be outstanding, by name.
  get assumptions() { return [...new Set(this.points.flatMap((point) => Object.keys(point.assumed)))]; }

  // What turned of how the contest ends, grouped by record: became irreversible, certain, or was withdrawn.
  marks() {
    const stands = new Map(), found = new Map();
    for (const turn of this.turns) {
      if (!ENDS.includes(kindOf(turn.claim))) continue;
      const was = stands.get(turn.claim);
      stands.set(turn.claim, turn);
      const kind = turn.status === "withdrawn" ? "withdrawn"
        : was?.status !== "irreversible" ? "irreversible"
        : turn.grade === "certain" && was.grade !== "certain" ? "certain" : null;
      if (!kind) continue;
      const key = `${turn.seq} ${kind}`;
      const mark = found.get(key) ?? { seq: turn.seq, ms: turn.ms, kind, grade: turn.grade, assumptions: turn.assumptions, claims: [], stands: false };
      mark.claims.push(turn.claim);
      found.set(key, mark);
    }
    const marks = [...found.values()];
    for (const mark of marks) {
      mark.stands = mark.kind !== "withdrawn" && mark.claims.some((claim) => {
        const now = stands.get(claim);
        return now.status === "irreversible" && !marks.some((later) => later.seq > mark.seq && later.kind === "withdrawn" && later.claims.includes(claim));
      });
    }
    return marks;
  }

  // The place of the newest point at or before an instant; the first where there is none.
  placeAt(ms) {
    let low = 0, high = this.points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.points[middle].ms <= ms) low = middle + 1; else high = middle;
    }
    return Math.max(0, low - 1);
  }

  // About `rows` points evenly in time, and each at which something turned: what a table shows.
  sampled(rows) {
    const { points, last } = this;
    if (!last) return [];
    const [{ ms }] = points;
    const places = new Set([points.length - 1]);
    for (let row = 0; row < rows - 1; row++) places.add(this.placeAt(ms + Math.floor(((last.ms - ms) * row) / (rows - 1))));
    const more = rows - places.size; // where the night came in bursts, evenly over its records as well
    for (let row = 1; row <= more; row++) places.add(Math.floor(((points.length - 1) * row) / (more + 1)));
    for (const { ms: at, seq } of this.marks()) places.add(this.placeOf(seq, at));
    return [...places].sort((a, b) => a - b).map((place) => points[place]);
  }

  placeOf(seq, ms) {
    const place = this.points.findLastIndex((point) => point.seq <= seq);
    return place < 0 ? this.placeAt(ms) : place;
  }

  // Every other point, but the ends and those at which something turned.
  #thin() {
    const kept = new Set(this.turns.map((turn) => turn.seq));
    this.points = this.points.filter((point, place) => place % 2 === 0 || place === this.points.length - 1 || kept.has(point.seq));
  }
}
