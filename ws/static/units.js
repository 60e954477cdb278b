// Every unit of a contest, a page of a table at a time: down the places, or found by id and name.
import { mirrored } from "./mirror.js";
import { at, element, fetchJson, link, number, ranked, rowHead, write } from "./page.js";
import { called, percents, say } from "./say.js";

const ROWS = 100; // asked for and in the document at once, however many units there are
const TYPED_FOR_MS = 150;
const ASK_EVERY_MS = 5_000; // for who looks at the table, while the count goes on
const NEAR = "400px"; // from where the table is asked for before it is in sight
const CELLS = [say("unit"), say("stands"), "", "", say("ballots"), say("turnout"), say("units.from")];
const NUMERIC = [2, 3, 4, 5];
const percent = percents(1);

export class Units {
  #parent = null;
  #befores = []; // where the pages before this one began
  #after = null;
  #next = null;
  #nextOf = null; // how many pages were before the one that `#next` is told of
  #first = 0;
  #near = false;
  #asked = 0; // the newest question; older answers are not shown
  #askedAt = 0;
  #seen = null; // what the rows on the page are of
  #timer = null;
  #view = null;
  #past = null;
  #copy = null; // where the pages of a copy are found
  #begun = false;

  constructor(contest, names) {
    this.path = `/v1/contests/${encodeURIComponent(contest)}`;
    this.names = names;
    if (!mirrored) this.#begin();
  }

  // The section stays hidden where there is nothing to show in it: in a copy without tables.
  async #beginCopy() {
    const { copied } = await import("./units-copy.js");
    const copy = await copied(this.path).catch(() => null);
    if (!copy || this.#begun) return;
    this.#copy = copy;
    if (!copy.searchable) {
      const label = at("units-search").closest("label");
      label.hidden = true;
      label.after(element("p", say("units.unsearched"), "quiet"));
    }
    this.#begin();
  }

  #begin() {
    this.#begun = true;
    at("units-section").hidden = false;
    this.#heads();
    at("units-search").addEventListener("input", () => this.#soon(TYPED_FOR_MS, () => this.#open(null)));
    at("units-back").addEventListener("click", () => this.#turn(false));
    at("units-next").addEventListener("click", () => this.#turn(true));
    new IntersectionObserver(([one]) => { this.#near = one.isIntersecting; this.#look(); }, { rootMargin: NEAR }).observe(at("units-section"));
    addEventListener("visibilitychange", () => this.#look());
  }

  // The view the page shows; `past`: the record it is of, null while it is live.
  show(view, past) {
    const moved = past !== this.#past;
    this.#view = view;
    this.#past = past;
    if (moved) this.#askedAt = 0;
    if (this.#begun) this.#look();
    else this.#beginCopy();
  }

  get #search() { return at("units-search").value.trim(); }

  // Asks, if somebody looks and there is something new; not more often than every ASK_EVERY_MS.
  #look() {
    if (!this.#view || !this.#near || document.hidden) return;
    if (this.#seen === this.#key()) return;
    const wait = this.#askedAt + ASK_EVERY_MS - Date.now();
    if (wait <= 0) this.#ask();
    else if (this.#timer === null) this.#soon(wait, () => this.#look());
  }

  #soon(ms, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.#timer = null; then(); }, ms);
  }

  #key() { return `${this.#view.position.epoch}/${this.#view.position.seq}/${this.#past}`; }

  #open(parent) {
    if (parent !== null) at("units-search").value = "";
    this.#parent = parent;
    [this.#befores, this.#after, this.#first, this.#nextOf] = [[], null, 0, null];
    this.#ask();
  }

  #turn(on) {
    if (on && this.#nextOf !== this.#befores.length) { this.#ask(); return; } // the page to turn from has not come: it is asked for again
    if (on) this.#befores.push(this.#after);
    this.#after = on ? this.#next : this.#befores.pop() ?? null;
    this.#first = this.#befores.length * ROWS;
    at("units").focus();
    this.#ask();
  }

  async #ask() {
    const asked = ++this.#asked, key = this.#key(), search = this.#search;
    this.#askedAt = Date.now();
    at("units-box").setAttribute("aria-busy", "true");
    let page;
    try { page = await (this.#copy ? this.#copied(search, asked) : this.#served(search)); } catch { page = null; }
    if (asked !== this.#asked) return;
    at("units-box").removeAttribute("aria-busy");
    if (page === null) { write(at("units-shown"), say("units.unread")); return; }
    this.#seen = key;
    this.#draw(page, search);
    this.#look();
  }

  #served(search) {
    const query = new URLSearchParams({ limit: ROWS });
    if (search) query.set("q", search);
    else if (this.#parent !== null) query.set("parent", this.#parent);
    if (this.#after !== null) query.set("after", this.#after);
    if (this.#past !== null) query.set("at", this.#past);
    return fetchJson(`${this.path}/units?${query}`);
  }

  #copied(search, asked) {
    const number = this.#befores.length + 1;
    return search ? this.#copy.found(search, number, () => asked === this.#asked) : this.#copy.page(this.#parent, number);
  }

  #heads() {
    at("units-head").replaceChildren(...CELLS.map((text, index) => {
      const head = element("th", text, NUMERIC.includes(index) ? "number" : "");
      head.scope = "col";
      return head;
    }));
  }

  #draw(page, search) {
    const first = ranked(this.#view.totals).slice(0, 2).map((one) => one.selection);
    [2, 3].forEach((cell, index) => write(at("units-head").children[cell], this.names[first[index]] ?? first[index] ?? "–"));
    const body = at("units-body");
    while (body.children.length > page.units.length) body.lastElementChild.remove();
    page.units.forEach((one, index) => {
      const row = body.children[index] ?? body.appendChild(made(() => this.#open(row.unit)));
      this.#fill(row, one, first);
      row.setAttribute("aria-rowindex", this.#first + index + 2); // the head is the first
    });
    at("units-table").setAttribute("aria-rowcount", page.total + 1);
    [this.#next, this.#nextOf] = [page.next, this.#befores.length];
    const found = !page.total ? say("units.none") : say(search ? "found" : "units.total", { n: page.total });
    const shown = page.total > ROWS ? `, ${say("units.page", { first: this.#first + 1, last: Math.min(this.#first + ROWS, page.total) })}` : "";
    write(at("units-shown"), found + shown);
    at("units-pages").hidden = page.total <= ROWS;
    at("units-back").disabled = !this.#befores.length;
    at("units-next").disabled = page.next === null;
    this.#trail(page.path, search);
  }

  #trail(path, search) {
    const steps = [{ unit: null, name: say("units.all") }, ...path].map(({ unit, name }, index) => {
      if (index === path.length && !search) {
        const here = element("span", name || unit);
        here.setAttribute("aria-current", "location");
        return here;
      }
      const step = button(name || unit);
      step.addEventListener("click", () => { at("units-search").value = ""; this.#open(unit); at("units").focus(); });
      return step;
    });
    at("units-path").replaceChildren(...steps.flatMap((step, index) => index ? [" › ", step] : [step]));
    at("units-path").hidden = steps.length < 2 && !search;
  }

  #fill(row, one, first) {
    const [head, stands, votes, more, ballots, turnout, from] = row.children;
    const [open, plain, id] = head.children, sum = one.totals !== undefined;
    const title = [one.name || one.unit, sum || one.type === "total" ? "" : called("type", one.type)].filter(Boolean).join(", ");
    row.unit = one.unit;
    [open.hidden, plain.hidden] = [!sum, sum];
    write(sum ? open : plain, title);
    write(id, one.name ? one.unit : "");
    write(stands, sum ? together(one.units) : alone(one));
    stands.className = one.under_review || one.standing && one.standing !== "stands" ? "doubtful" : "";
    const counts = sum ? Object.fromEntries(one.totals.map((total) => [total.selection, total.votes])) : one.counts;
    [votes, more].forEach((cell, index) => write(cell, counts?.[first[index]] === undefined ? "–" : number.format(counts[first[index]])));
    write(ballots, sum || counts ? number.format(one.ballots_cast) : "–");
    const registered = sum ? one.voters_registered_counted : one.voters_registered;
    write(turnout, registered && (sum || counts) ? percent.format(one.ballots_cast / registered) : "–");
    write(from.firstElementChild, one.batch ? say("units.batch", { source: one.source, batch: one.batch }) : "");
    const proof = from.lastElementChild;
    proof.hidden = sum;
    if (!sum) proof.href = one.file ?? `${this.path}/units?parent=${encodeURIComponent(one.unit)}${this.#past === null ? "" : `&at=${this.#past}`}`;
    write(proof, one.position ? say("units.row-of", { n: one.position.seq }) : say("units.row"));
  }
}

function together({ completed, in_process, quarantined, disputed, annulled }) {
  const parts = [["completed", completed], ["in-process", in_process], ["under-review", quarantined], ["disputed", disputed], ["annulled", annulled]];
  return parts.filter(([, n], index) => n || !index).map(([what, n]) => say(`n.${what}`, { n })).join(", ");
}

function alone(one) {
  if (one.under_review || one.standing === "quarantined") return say("stands.quarantined");
  const parts = [called("progress", one.progress), one.standing === "stands" ? "" : called("stands", one.standing), one.unreconciled ? say("stands.unreconciled") : ""];
  return parts.filter(Boolean).join(", ");
}

function button(text) {
  const made = element("button", text, "as-link");
  made.type = "button";
  return made;
}

function made(open) {
  const row = element("tr"), head = rowHead(""), from = element("td"), name = button("");
  name.addEventListener("click", open);
  head.append(name, element("span"), element("span", "", "quiet id"));
  from.append(element("span"), " ", link("", say("units.row")));
  row.append(head, ...CELLS.slice(1, -1).map((_, index) => element("td", "", NUMERIC.includes(index + 1) ? "number" : "")), from);
  return row;
}
