// <tally-crossing>: the lead rising, the ballots that may still come falling, and the instant an outcome became irreversible.
import { LitElement, html, nothing, unsafeCSS } from "lit";
import uplotSheet from "uplot/dist/uPlot.min.css";
import { oneLead } from "/static/observe-words.js";
import { number } from "/static/page.js";
import sheet from "./crossing.css";
import { Night, POINTS_ASKED } from "./night.js";
import { Plot } from "./plot.js";
import * as say from "./words.js";

const DRAWN_EVERY_MS = 500; // at most twice a second, and
const TURNED_AFTER_MS = 250; // a claim that turned at once, unless something was drawn so shortly before
const READ_AGAIN_AFTER_MS = 1_000;
const ROWS = 12; // of the table, evenly in time
const MARKS_LABELLED = 3;
const DAY_MS = 86_400_000;
const STRIDE = 10;
const BY_KEY = { ArrowLeft: -1, ArrowRight: 1, PageUp: STRIDE, PageDown: -STRIDE, Home: -Infinity, End: Infinity };

const LABEL_AT = { lead: 0.62, coming: 0.06, assumed: 0.3 }; // of the width, where a line has its name

// The top at which a label covers no other and the fewest points of lines; of equals the nearest to the wanted one.
function clear(size, area, taken, spots, wanted) {
  const meets = (top, other) => top < other.top + other.height + 2 && other.top < top + size.height + 2
    && size.left < other.left + other.width && other.left < size.left + size.width;
  const cost = (top) => 1_000 * taken.filter((other) => meets(top, other)).length
    + spots.filter((spot) => meets(top, spot)).length + Math.abs(top - wanted) / 10_000;
  const lowest = area.top + area.height - size.height - 2;
  const tops = [Math.min(lowest, Math.max(2, wanted))];
  for (let top = 4; top <= lowest; top += 12) tops.push(top);
  return tops.reduce((best, top) => (cost(top) < cost(best) ? top : best));
}

class Crossing extends LitElement {
  static styles = [unsafeCSS(uplotSheet), unsafeCSS(sheet)];
  static properties = { said: { state: true } };

  #plot = null;
  #names = {};
  #oneLead = true;
  #path = "";
  #ask = null;
  fixed = false; // a copy has no earlier moments to show
  #drawnAt = 0;
  #timer = null;
  #place = null; // of the point that is read
  #seq = null; // of the moment that is shown
  #reading = null;
  #read = 0;
  #due = false; // a drawing, with the next update
  draws = 0; // how often it was drawn, for who watches

  constructor() {
    super();
    Object.assign(this, { night: null, view: null, said: "", past: null, problem: "", ready: false });
    this.seen = () => this.#soon();
    this.repainted = () => this.#plot?.repainted();
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.seen);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.repainted);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.seen);
    this.scheme.removeEventListener("change", this.repainted);
    this.sized?.disconnect();
    clearTimeout(this.#timer);
    clearTimeout(this.#reading);
  }

  // What the page knows of its contest (`tally-names/1`), the names it shows, and how it asks for JSON.
  async open(contest, names, ask) {
    this.#ask = ask;
    this.#names = names;
    this.#oneLead = oneLead(contest);
    this.#path = `/v1/contests/${encodeURIComponent(contest.id)}/history?points=${POINTS_ASKED}`;
    this.night ??= new Night(contest.id);
    await this.reread();
  }

  // The whole night from the history: at first, after a lost connection, and when a claim turned between two frames.
  async reread() {
    const read = ++this.#read;
    try {
      const history = await this.#ask(this.#path);
      if (read !== this.#read) return;
      this.night.fill(history);
      this.problem = "";
    } catch { this.problem = say.TEXT.lost; }
    this.ready = true;
    this.#draw();
  }

  // A view of the stream.
  take(view) {
    if (this.past === null) this.view = view;
    if (!this.night) return;
    if ((this.epoch ??= view.position.epoch) !== view.position.epoch) { // another journal: another night
      this.epoch = view.position.epoch;
      this.night = new Night(this.night.contest);
      this.reread();
    }
    const { turned, unsure } = this.night.take(view);
    if (unsure) this.#reading ??= setTimeout(() => { this.#reading = null; this.reread(); }, READ_AGAIN_AFTER_MS);
    this.#soon(turned);
  }

  // A frame of the calls channel.
  heard(frame) { if (this.night?.heard(frame)) this.#soon(); }

  // The view the page shows: of an earlier moment (`ms` is its instant), or live again (null).
  shows(view, ms) {
    this.view = view;
    this.past = ms;
    this.#draw();
  }

  #soon(turned = false) {
    if (document.hidden) return; // drawn when it is seen again
    const due = this.#drawnAt + (turned ? TURNED_AFTER_MS : DRAWN_EVERY_MS);
    if (this.#timer && due >= this.drawAt) return;
    clearTimeout(this.#timer);
    this.drawAt = due;
    this.#timer = setTimeout(() => this.#draw(), Math.max(0, due - performance.now()));
  }

  #draw() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (document.hidden) return;
    this.#drawnAt = performance.now();
    this.draws += 1;
    this.#due = true;
    this.requestUpdate();
  }

  firstUpdated() {
    this.box = this.renderRoot.querySelector(".plot");
    const styles = getComputedStyle(this);
    this.#plot = new Plot(this.box, {
      colour: (name) => styles.getPropertyValue(`--${name}`).trim(),
      height: () => this.box.clientHeight,
      over: (place) => { if (!this.keyed) this.#say(place); },
      drawn: () => this.#placed(),
    });
    this.sized = new ResizeObserver(() => this.#plot.resized());
    this.sized.observe(this.box);
  }

  updated() {
    if (!this.#due || !this.night?.last) return;
    this.#due = false;
    const { points } = this.night;
    const lines = [];
    if (this.#oneLead) lines.push({ key: "lead", kind: "lead", values: points.map((point) => point.lead) });
    lines.push({ key: "coming", kind: "coming", values: points.map((point) => point.coming) });
    for (const name of this.night.assumptions) {
      lines.push({ key: `if ${name}`, kind: "assumed", values: points.map((point) => point.assumed[name] ?? null) });
    }
    const marks = this.night.marks();
    const standing = marks.filter((mark) => mark.stands && mark.kind === "irreversible");
    const corrections = this.night.corrections.filter((one) => one.ms >= points[0].ms);
    this.#plot.draw(points.map((point) => point.ms), lines, {
      sureFrom: standing.length ? standing.at(-1).ms : null, marks, corrections, past: this.past,
    });
  }

  // Labels and slider go where the lines are.
  #placed() {
    const plot = this.#plot, area = plot.area(), root = this.renderRoot;
    const input = root.querySelector("input");
    input.style.left = `${area.left - 8}px`;
    input.style.width = `${area.width + 16}px`;
    const taken = [];
    const lines = plot.lines();
    [...root.querySelectorAll(".line")].forEach((spot, place) => {
      const line = lines[place];
      const at = line && line.values[this.night.placeAt(plot.instant(LABEL_AT[line.kind]))];
      spot.hidden = at === null || at === undefined;
      if (spot.hidden) return;
      const left = area.left + area.width * LABEL_AT[line.kind];
      const size = { left, width: spot.offsetWidth, height: spot.offsetHeight };
      const wanted = plot.top(at) + (line.kind === "coming" ? -size.height - 6 : 8);
      const top = clear(size, area, taken, [], wanted);
      Object.assign(spot.style, { left: `${left}px`, top: `${top}px` });
      taken.push({ ...size, top });
    });
    const drawn = plot.spots();
    for (const mark of root.querySelectorAll(".mark")) {
      const at = plot.left(Number(mark.dataset.ms));
      const size = { width: mark.offsetWidth, height: mark.offsetHeight };
      size.left = at > area.left + area.width / 2 ? at - size.width - 6 : at + 6;
      const top = clear(size, area, taken, drawn, area.top + area.height - size.height - 8);
      Object.assign(mark.style, { left: `${size.left}px`, top: `${top}px` });
      taken.push({ ...size, top });
    }
  }

  #say(place) {
    if (place === null || !this.night?.points[place]) return;
    this.#place = place;
    this.said = say.reading(this.night.points[place], this.#names, this.#oneLead, this.#days());
  }

  #days() {
    const { points } = this.night;
    return points.length > 1 && points.at(-1).ms - points[0].ms > DAY_MS;
  }

  #key(event) {
    if (!(event.key in BY_KEY) || !this.night?.last || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const last = this.night.points.length - 1;
    const from = this.#place ?? (BY_KEY[event.key] > 0 ? -1 : last + 1);
    const place = Math.min(last, Math.max(0, from + BY_KEY[event.key]));
    this.keyed = true;
    this.#plot.point(place);
    this.keyed = false;
    this.#say(place);
  }

  #slideKey(event) {
    const step = BY_KEY[event.key] ?? { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (step === undefined || !this.night?.last || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const last = this.night.points.length - 1;
    const from = this.past === null ? last : this.night.placeOf(this.#seq, this.past); // records may share an instant
    this.#moment(Math.min(last, Math.max(0, from + step)));
  }

  #slid(event) { this.#moment(Number(event.target.value) >= this.night.last.ms ? this.night.points.length - 1 : this.night.placeAt(Number(event.target.value))); }

  // Asks the page for an earlier moment; the newest point is live.
  #moment(place) {
    const { points } = this.night;
    this.#go(place >= points.length - 1 ? null : points[place]);
  }

  #go(point) {
    this.past = point?.ms ?? null;
    this.#seq = point?.seq ?? null;
    this.#draw();
    this.dispatchEvent(new CustomEvent("moment", { detail: point && { seq: point.seq, ms: point.ms } }));
  }

  #marked(mark) {
    if (mark.stands && this.past === null) this.dispatchEvent(new CustomEvent("proof", { detail: mark }));
    else if (!this.fixed) this.#go(mark);
  }

  render() {
    const { night } = this;
    const last = night?.last ?? null;
    const empty = last ? nothing : html`<p class="empty">${this.ready ? say.TEXT.empty : say.TEXT.waiting}</p>`;
    const marks = last ? night.marks().slice(-MARKS_LABELLED) : [];
    const wrong = last ? night.corrections.filter((one) => one.ms >= night.points[0].ms).length : 0;
    return html`
      <p class="explained">${say.explained(this.#oneLead)} ${this.problem}</p>
      <div class="frame">
        <div class="plot" tabindex="0" role="application" aria-roledescription=${say.TEXT.chart} aria-label=${say.label(this.#oneLead)}
          aria-describedby="reading" @keydown=${this.#key}></div>
        ${empty}
        ${last ? this.#lineLabels() : nothing}
        ${marks.map((mark) => html`<button type="button" class="mark ${mark.kind} ${mark.stands || mark.kind === "withdrawn" ? "" : "undone"}"
          data-ms=${mark.ms} data-seq=${mark.seq} @click=${() => this.#marked(mark)}
          ><span class="who">${say.markWho(mark, this.#names)}</span> ${say.mark(mark, this.#days())}<span class="hidden">. ${say.leadsTo(mark)}</span></button>`)}
      </div>
      <p class="reading" id="reading" role="status">${this.said || say.TEXT.hint}</p>
      <p class="key"><label for="moment">${say.TEXT.slider}:</label> <output for="moment">${last ? (this.past !== null ? say.time(this.past, this.#days()) : this.fixed ? say.TEXT.fixed : say.TEXT.now) : "–"}</output>
        ${wrong ? html`<span class="wrong">${say.corrections(wrong)}</span>` : nothing}</p>
      <div class="slide"><input type="range" id="moment" step="1" ?disabled=${!last || this.fixed}
        min=${last ? night.points[0].ms : 0} max=${last ? last.ms : 1} .value=${String(this.past ?? last?.ms ?? 1)}
        aria-valuetext=${last ? (this.past === null ? say.TEXT.now : say.time(this.past, this.#days())) : say.TEXT.empty}
        @input=${this.#slid} @keydown=${this.#slideKey}></div>
      <p class="needs">${this.#oneLead ? say.needs(this.view, this.#names) : nothing}</p>
      <details @toggle=${() => this.requestUpdate()}><summary>${say.TEXT.table}</summary>${last && this.renderRoot.querySelector("details")?.open ? this.#table() : nothing}</details>`;
  }

  #lineLabels() {
    const names = [...(this.#oneLead ? [["lead", say.LEAD]] : []), ["coming", say.COMING],
      ...this.night.assumptions.map((name) => ["assumed", say.ifAssumed(name)])];
    return names.map(([kind, name]) => html`<span class="line ${kind}" aria-hidden="true">${name}</span>`);
  }

  #table() {
    const { night } = this;
    const rows = night.sampled(ROWS), marks = night.marks(), days = this.#days();
    const { assumptions: assumed } = night;
    const turned = new Map();
    for (const mark of marks) {
      const row = rows.findLast((point) => point.seq <= mark.seq) ?? rows[0];
      turned.set(row, [...(turned.get(row) ?? []), mark]);
    }
    for (const one of night.corrections.slice(-ROWS)) {
      const row = rows.find((point) => point.seq >= one.seq) ?? rows.at(-1);
      turned.set(row, [...(turned.get(row) ?? []), one]);
    }
    const told = (one) => one.claims
      ? html`<div class="turned ${one.kind}">${say.markWho(one, this.#names)}: ${say.mark(one, days)}</div>`
      : html`<div class="turned withdrawn">${say.time(one.ms, days)}: ${say.correction(one)}</div>`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${say.TEXT.caption}><table>
      <caption>${say.TEXT.caption}</caption>
      <thead><tr><th scope="col">${say.TEXT.time}</th><th scope="col" class="number">${say.TEXT.position}</th>
        ${this.#oneLead ? html`<th scope="col" class="number">${say.LEAD}</th>` : nothing}<th scope="col" class="number">${say.COMING}</th>
        ${assumed.map((name) => html`<th scope="col" class="number">${say.ifAssumed(name)}</th>`)}<th scope="col">${say.TEXT.turned}</th></tr></thead>
      <tbody>${rows.map((point) => html`<tr data-seq=${point.seq}><th scope="row">${say.time(point.ms, days)}</th><td class="number">${number.format(point.seq)}</td>
        ${this.#oneLead ? html`<td class="number">${number.format(point.lead)}${point.leader ? ` (${this.#names[point.leader] ?? point.leader})` : ""}</td>` : nothing}
        <td class="number">${say.coming(point.coming)}</td>${assumed.map((name) => html`<td class="number">${name in point.assumed ? say.coming(point.assumed[name]) : "–"}</td>`)}
        <td>${(turned.get(point) ?? []).map(told)}</td></tr>`)}</tbody></table></div>`;
  }
}

customElements.define("tally-crossing", Crossing);
