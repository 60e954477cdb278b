// What happened to a contest, the newest first: claims that turned, corrections, what the desk did.
import { idWords } from "./observe-words.js";
import { at, clock, element } from "./page.js";
import { called, conditions, say } from "./say.js";

const SHOWN = 40;

export class Happened {
  #told = { epoch: "", seq: 0 };

  constructor(names) { this.names = names; }

  // One frame of the channel of calls, at a page that shows the past up to `until`; null: it is live. Whether it is news.
  take(frame, until) {
    const { epoch, seq } = frame.position;
    if (epoch === this.#told.epoch && seq <= this.#told.seq) return false; // a resumed stream may say an event again
    const list = at("calls");
    if (epoch !== this.#told.epoch) list.replaceChildren(); // the first word, or another journal
    this.#told = { epoch, seq };
    for (const event of frame.events) {
      const item = element("li", `${clock.format(new Date(frame.as_of))}: ${this.#words(event)}`);
      item.dataset.seq = seq;
      item.hidden = until !== null && seq > until;
      list.prepend(item);
    }
    while (list.children.length > SHOWN) list.lastElementChild.remove();
    return true;
  }

  #words(event) {
    const { kind, unit, units, reason } = event;
    switch (kind) {
      case "claim": return event.status === "irreversible"
        ? say("event.claim", { claim: idWords(event.claim, this.names), grade: `${called("grade", event.grade)}${conditions(event.assumptions)}` })
        : say("event.withdrawn", { claim: idWords(event.claim, this.names) });
      case "correction": case "withdrawal": case "reopened": return say("event.unit", { what: called("event", kind), unit, reason });
      case "quarantined": return say("event.quarantined", { unit, rule: called("rule", event.rule) });
      case "bound-violated": return say("event.bound", { unit, n: event.ballots, cap: event.cap, source: called("source", event.source) });
      default: return `${units ? say("event.units", { what: called("event", kind), n: units.length }) : called("event", kind)}: ${reason ?? ""}`;
    }
  }
}
