// Draws one contest from its view. Counted facts and proven claims, nothing projected. Names are text, never markup.
import { ROWS } from "./embed-options.js";
import { ended, settled } from "./embed-words.js";

const ANNOUNCE_EVERY_MS = 10_000;
const CERTIFICATES_SHOWN = 5;
const isolated = (name) => `\u2068${name}\u2069`; // a name keeps its own direction inside a sentence

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };

export class Drawing {
  constructor(root, speaker, options, { origin, level }) {
    Object.assign(this, { speaker, options, origin, names: new Map(), parties: new Map(), announcedAt: 0, announcing: null, certified: "" });
    const say = speaker.say;
    const box = element("section", `ticker ${options.size}`);
    box.dataset.theme = options.theme;
    box.lang = speaker.lang;
    if (options.accent) box.style.setProperty("--accent", `#${options.accent}`);
    this.badge = element("p", "badge");
    this.badge.hidden = true;
    this.title = element("p", "title");
    this.title.setAttribute("role", "heading");
    this.title.setAttribute("aria-level", String(level));
    this.title.dir = "auto";
    const head = element("div", "head");
    head.append(this.title, this.badge);
    this.claim = element("p", "claim");
    this.claimText = element("span", "said", say("none"));
    this.claimSince = element("span", "since");
    this.claimLinks = element("span", "links");
    this.claim.append(this.claimText, " ", this.claimSince, " ", this.claimLinks);
    this.shaken = element("p", "shaken", say("shaken"));
    this.shaken.hidden = true;
    this.lead = element("p", "lead");
    this.facts = element("p", "facts");
    const foot = element("p", "foot");
    this.state = element("span", "state", say("connecting"));
    this.asof = element("span", "asof");
    foot.append(this.state, " ", this.asof);
    this.live = element("p", "hidden");
    this.live.setAttribute("aria-live", "polite");
    box.append(head, this.#table(), this.lead, this.claim, this.shaken, this.facts, foot, this.live);
    root.append(box);
    this.box = box;
  }

  #table() {
    const say = this.speaker.say;
    const table = element("table");
    this.caption = element("caption", "hidden");
    const columns = element("colgroup"), line = element("tr");
    for (const [key, className] of [["selection", "who"], ["votes", "votes"], ["share", "share"]]) {
      const head = element("th", className);
      head.scope = "col";
      head.append(element("span", "", say(key)));
      line.append(head);
      columns.append(element("col", className));
    }
    const top = element("thead");
    top.append(line);
    this.rows = element("tbody");
    table.append(this.caption, columns, top, this.rows);
    return table;
  }

  known(names) {
    for (const one of names.selections) {
      this.names.set(one.id, one.name || one.id);
      this.parties.set(one.id, one.party ?? "");
    }
  }

  named(id) { return this.names.get(id) ?? id; }

  missing() {
    write(this.claimText, this.speaker.say("missing"));
    write(this.state, "");
    this.claim.classList.add("missing");
  }

  show(view) {
    this.view = view;
    const { say, time } = this.speaker;
    const called = view.name || view.contest;
    write(this.title, called);
    this.box.setAttribute("aria-label", called);
    write(this.caption, say("caption", { contest: called }));
    const badge = [view.is_test ? say("test") : "", view.label ?? ""].filter(Boolean).join(" · ");
    this.badge.hidden = !badge;
    write(this.badge, badge);
    this.#totals(view);
    const coming = view.outstanding.certain;
    const rest = coming === null ? say("unknown", { n: view.outstanding.uncapped }) : say("coming", { n: coming });
    const ahead = view.leader ? say("lead", { n: view.lead }) : view.ballots_cast ? say("level") : "";
    write(this.lead, [ahead, rest].filter(Boolean).join(" · "));
    this.#verdict(view);
    write(this.facts, this.#facts(view));
    write(this.asof, say("asof", { time: time(view.as_of) }));
    this.#announce();
  }

  #totals(view) {
    const { number, share, say } = this.speaker;
    const ordered = [...view.totals].sort((a, b) => b.votes - a.votes);
    const most = Math.max(1, ordered[0]?.votes ?? 0);
    const shown = this.options.rows ?? ROWS[this.options.size];
    const digits = number(Math.max(view.voters_registered, view.ballots_cast)).length; // room for what may come: columns stay
    this.box.style.setProperty("--digits", String(Math.max(digits, say("votes").length)));
    const kept = [...this.rows.children].filter((row) => row !== this.others);
    const rows = ordered.slice(0, shown).map((total, place) => {
      const name = this.named(total.selection), party = this.parties.get(total.selection) ?? "";
      return this.#filled(kept[place] ?? element("tr"), name, party, total.votes, view.valid, total.votes / most);
    });
    const rest = ordered.slice(shown);
    if (rest.length) {
      this.others ??= element("tr", "others");
      const votes = rest.reduce((sum, one) => sum + one.votes, 0);
      rows.push(this.#filled(this.others, say("others", { n: rest.length }), "", votes, view.valid, null));
    }
    if (rows.some((row, place) => this.rows.children[place] !== row) || rows.length !== this.rows.children.length) this.rows.replaceChildren(...rows);
  }

  #filled(row, name, party, votes, valid, part) {
    if (!row.children.length) {
      const who = element("th", "who");
      who.scope = "row";
      const bar = element("span", "bar");
      bar.append(element("span", "fill"));
      who.append(element("bdi"), " ", element("bdi", "party"), bar);
      row.append(who, element("td", "votes"), element("td", "share"));
    }
    const [who, counted, share] = row.children;
    write(who.children[0], name);
    write(who.children[1], party);
    who.children[2].hidden = part === null;
    who.children[2].firstElementChild.style.inlineSize = `${Math.round((part ?? 0) * 1_000) / 10}%`;
    write(counted, this.speaker.number(votes));
    write(share, valid ? this.speaker.share(votes / valid) : "–");
    return row;
  }

  ending(claim) {
    const who = claim.who.map((id) => isolated(this.named(id))).join(this.speaker.say("and"));
    return ended(this.speaker.say, claim.claim, who);
  }

  #verdict(view) {
    const say = this.speaker.say;
    const won = settled(view);
    this.claim.classList.toggle("sure", won.length > 0);
    this.shaken.hidden = !(won.length && view.units.disputed && won.some((c) => !c.robust.if_any_disputed_annulled));
    if (!won.length) {
      const undone = view.claims.some((c) => c.status === "withdrawn");
      write(this.claimText, say(undone ? "withdrawn" : view.ballots_cast ? "open" : "none"));
    } else {
      const assumed = [...new Set(won.flatMap((c) => c.assumptions))];
      const given = assumed.length ? say("given", { what: assumed.join(say("and")) }) : "";
      write(this.claimText, say("irreversible", { what: won.map((c) => this.ending(c)).join("; ") }) + given);
    }
    const key = won.map((c) => `${c.id}@${c.since}`).join(" ");
    if (key === this.certified) return;
    this.certified = key;
    write(this.claimSince, "");
    this.claimLinks.replaceChildren(...won.slice(0, CERTIFICATES_SHOWN).map((claim) => {
      const link = element("a", "certificate", say("certificate"));
      link.href = `${this.origin}/v1/contests/${encodeURIComponent(view.contest)}/certificate?claim=${encodeURIComponent(claim.id)}`;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.setAttribute("aria-label", `${say("certificate")}: ${this.ending(claim)}`);
      return link;
    }));
    if (won.length) this.onclaim?.(won[0], (instant) => { if (this.certified === key) write(this.claimSince, say("since", { time: this.speaker.time(instant) })); });
  }

  #facts(view) {
    const { say, share } = this.speaker;
    const units = view.units;
    const said = [say("units", { n: units.completed, total: units.total }), say("ballots", { n: view.ballots_cast })];
    const [cast, registered] = view.turnout;
    if (registered) said.push(say("turnout", { share: share(cast / registered) }));
    for (const [key, n] of [["under_review", units.quarantined], ["disputed", units.disputed], ["annulled", units.annulled]]) {
      if (n) said.push(say(key, { n }));
    }
    return said.join(" · ");
  }

  tell({ state, quietMs }) {
    write(this.state, this.speaker.say(state, { s: Math.round(quietMs / 1_000) }));
    this.state.className = `state ${state}`;
    this.box.classList.toggle("old", state === "lost" || state === "quiet");
  }

  #announce() { // to who hears the page: the newest, at most once in so long
    const wait = this.announcedAt + ANNOUNCE_EVERY_MS - Date.now();
    if (this.announcing !== null) return;
    this.announcing = setTimeout(() => {
      this.announcing = null;
      const view = this.view;
      const ahead = view.leader ? this.speaker.say("ahead", { who: isolated(this.named(view.leader)) }) : "";
      const text = [ahead, this.lead.textContent, this.claimText.textContent, this.facts.textContent].filter(Boolean).map((part) => part.replace(/\.$/, "")).join(". ");
      if (this.live.textContent === text) return;
      this.live.textContent = text;
      this.announcedAt = Date.now();
    }, Math.max(500, wait));
  }

  remove() {
    clearTimeout(this.announcing);
    this.box.remove();
  }
}
