// The page as it stood at an earlier moment: asked for by position, with a banner nobody overlooks, until it is live again.
import { at, fetchJson, write } from "./page.js";
import { say, times } from "./say.js";

const ASK_AFTER_MS = 120; // a slider that is dragged asks for where it rests
const exact = times({ timeStyle: "medium" });

// `paint(view, ms)` shows a view of that moment; `live()` shows the newest again.
export class Past {
  seq = null; // null: the page is live
  #asked = 0;
  #timer = null;

  constructor(contest, { paint, live }) {
    this.path = `/v1/contests/${encodeURIComponent(contest)}`;
    Object.assign(this, { paint, live });
    at("past-back").addEventListener("click", () => this.go(null));
    addEventListener("keydown", (event) => { if (event.key === "Escape" && this.on) this.go(null); });
  }

  get on() { return this.seq !== null; }

  // To the moment of a record, or back (null). The last one asked for wins, whichever is answered first.
  go(moment) {
    const asked = ++this.#asked;
    clearTimeout(this.#timer);
    if (moment === null) { this.#end(); return; }
    this.seq = moment.seq;
    document.body.classList.add("in-past");
    at("past").hidden = false;
    at("past-when").textContent = say("past.when", { time: exact.format(moment.ms) });
    at("past-live").textContent = "";
    this.#timer = setTimeout(() => this.#ask(moment, asked), ASK_AFTER_MS);
  }

  async #ask(moment, asked) {
    let view;
    try { view = await fetchJson(`${this.path}?at=${moment.seq}`); } catch { view = null; }
    if (asked !== this.#asked) return;
    if (!view) { at("past-when").textContent = say("past.unread"); return; }
    this.paint(view, moment.ms);
    at("past-position").textContent = ` ${say("past.position", { seq: moment.seq })}`;
    for (const one of at("calls").children) one.hidden = Number(one.dataset.seq) > moment.seq;
  }

  // What goes on meanwhile: said, not shown.
  goesOn(view) {
    write(at("past-live"), say("past.live", { seq: view.position.seq }));
  }

  #end() {
    if (!this.on) return;
    const focused = at("past").contains(document.activeElement);
    this.seq = null;
    document.body.classList.remove("in-past");
    at("past").hidden = true;
    at("past-position").textContent = "";
    for (const one of at("calls").children) one.hidden = false;
    this.live();
    if (focused) at("crossing").focus();
  }
}
