// One contest for observers: its claims with certificates in words, what is outstanding where, units in doubt.
import { ENDS, certificateWords, claimWords, comingWords, disputeWords, ruledOut } from "./observe-words.js";
import { at, element, fetchJson, link, number, rowHead, write } from "./page.js";
import { called, conditions, say } from "./say.js";

const CLAIMS_SHOWN = 100;
const ASK_EVERY_MS = 5_000; // certificates and units in doubt are worked out over every unit: not for every frame

export class Detail {
  constructor(contest, focus) {
    this.contest = contest;
    this.path = `/v1/contests/${encodeURIComponent(contest)}`;
    this.names = null;
    this.view = null;
    this.open = true;
    this.whole = new Promise((come) => { this.drawnWhole = come; }); // once all of it stands
    this.claims = new Map(); // id → { box, body, asked (seq), later }
    at("claims").replaceChildren();
    for (const id of ["types", "places", "doubt"]) at(id).replaceChildren();
    for (const id of ["chosen-text", "doubt-text"]) at(id).textContent = "…";
    at("chosen-name").textContent = contest;
    this.links();
    this.begin(focus);
  }

  async begin(focus) {
    let named;
    try { named = await fetchJson(`${this.path}/names`); } catch {
      setTimeout(() => { if (this.open) this.begin(focus); }, ASK_EVERY_MS);
      return;
    }
    if (!this.open) return;
    this.names = Object.fromEntries(named.selections.map((one) => [one.id, one.name || one.id]));
    at("chosen-name").textContent = named.contest.name || named.contest.id;
    if (focus) at("chosen-name").focus();
    if (this.view) this.draw();
  }

  close() { this.open = false; }

  show(view) {
    const known = this.view?.position;
    if (view.contest !== this.contest || (known?.epoch === view.position.epoch && view.position.seq < known.seq)) return;
    this.view = view;
    if (this.names) this.draw();
  }

  draw() {
    const { view } = this;
    const coming = view.outstanding.certain;
    const facts = [
      view.leader ? say("ahead", { who: this.names[view.leader], n: view.lead }) : say("ahead.nobody"),
      coming === null ? say("coming.how-many", { n: view.outstanding.uncapped }) : say("coming.ballots", { n: coming }),
      ...Object.entries(view.outstanding.assumptions).map(([name, ballots]) => `${ballots === null ? say("given.unknown", { what: called("assumption", name) }) : say("given", { n: ballots, what: called("assumption", name) })}.`),
      say("units.in", { done: view.units.completed, n: view.units.total }),
    ];
    write(at("chosen-text"), facts.join(" "));
    at("types").replaceChildren(...Object.entries(view.outstanding.by_type).map(([type, ballots]) => tr(called("type", type), ballots === null ? say("unknown") : number.format(ballots))));
    this.listClaims();
    this.askDoubt();
  }

  listClaims() {
    const order = { withdrawn: 0, irreversible: 1, open: 2 };
    const all = [...this.view.claims].sort((a, b) => order[a.status] - order[b.status]);
    const kept = new Set(all.slice(0, CLAIMS_SHOWN).map((claim) => claim.id));
    for (const [id, { box }] of this.claims) if (!kept.has(id)) { box.remove(); this.claims.delete(id); }
    const focused = document.activeElement;
    all.slice(0, CLAIMS_SHOWN).forEach((claim, index) => {
      const one = this.claims.get(claim.id) ?? this.makeClaim(claim.id);
      write(one.head, this.heading(claim));
      one.box.className = claim.status === "irreversible" ? "sure" : "open";
      const list = at("claims");
      if (list.children[index] !== one.box) list.insertBefore(one.box, list.children[index] ?? null);
      if (one.box.open) this.explain(claim.id);
    });
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    at("claims-more").hidden = all.length <= CLAIMS_SHOWN;
    write(at("claims-more"), say("claims.more", { n: all.length - CLAIMS_SHOWN }));
  }

  heading(claim) {
    const said = claimWords(claim.claim, claim.who, this.names, claim);
    const status = claim.status === "irreversible" ? say("status.irreversible", { grade: `${called("grade", claim.grade)}${conditions(claim.assumptions)}` }) : claim.status === "withdrawn" ? say("withdrawn") : say(ruledOut(claim, this.view.claims) ? "status.ruled-out" : "status.open");
    return `${said}: ${status}${claim.since ? say("status.since", { seq: claim.since }) : ""}`;
  }

  makeClaim(id) {
    const box = document.createElement("details");
    const head = document.createElement("summary");
    const body = document.createElement("div");
    box.append(head, body);
    box.addEventListener("toggle", () => { if (box.open && this.open) this.explain(id); });
    const one = { box, head, body, asked: -1, at: 0, later: null };
    this.claims.set(id, one);
    return one;
  }

  // Fetched only for a claim that is open on the page, once a position, and not more than once in ASK_EVERY_MS.
  async explain(id) {
    const one = this.claims.get(id);
    if (!one || one.asked === this.view.position.seq || one.later) return;
    const wait = one.at + ASK_EVERY_MS - Date.now();
    if (wait > 0) {
      one.later = setTimeout(() => { one.later = null; if (this.open && one.box.open) this.explain(id); }, wait);
      return;
    }
    [one.asked, one.at] = [this.view.position.seq, Date.now()];
    const path = `${this.path}/certificate?claim=${encodeURIComponent(id)}`;
    let certificate;
    try { certificate = await fetchJson(path); } catch {
      one.asked = -1;
      one.body.replaceChildren(element("p", say("certificate.away")));
      return;
    }
    if (!this.open) return;
    const claim = this.view.claims.find((each) => each.id === id);
    const opposite = claim && ruledOut(claim, this.view.claims);
    const sentences = opposite
      ? [say("certificate.opposite", { what: claimWords(opposite.claim, opposite.who, this.names, opposite) })]
      : certificateWords(certificate, this.view, this.names);
    const dispute = claim ? disputeWords(claim, this.view) : "";
    const list = element("ul");
    list.append(...[...sentences, dispute].filter(Boolean).map((text) => element("li", text)));
    const links = element("p", "", "links");
    links.append(link(`${path}&at=${certificate.data.seq}`, say(certificate.verdict === "irreversible" ? "proof.certificate" : "certificate.witness")), " · ", link(`${this.path}/units.ndjson?at=${certificate.data.seq}`, say("certificate.rows")), ` · ${say("certificate.at", { seq: String(certificate.data.seq), hash: certificate.data.snapshot_sha256 })}`);
    one.body.replaceChildren(list, links);
  }

  async askDoubt() {
    if (this.doubtLater || this.doubtSeq === this.view.position.seq) return;
    const wait = (this.doubtAt ?? 0) + ASK_EVERY_MS - Date.now();
    if (wait > 0) {
      this.doubtLater = setTimeout(() => { this.doubtLater = null; if (this.open) this.askDoubt(); }, wait);
      return;
    }
    [this.doubtSeq, this.doubtAt] = [this.view.position.seq, Date.now()];
    let doubt;
    try { doubt = await fetchJson(`${this.path}/doubt`); } catch { this.doubtSeq = -1; return; }
    if (this.open) this.drawDoubt(doubt);
    this.drawnWhole();
  }

  drawDoubt(doubt) {
    const counted = new Map((this.view.subtotals ?? []).map((one) => [one.unit, one]));
    at("places-box").hidden = !doubt.places.length;
    at("places").replaceChildren(...doubt.places.map((place) => {
      const known = counted.get(place.unit);
      return tr(place.name || place.unit, comingWords(place.outstanding), known ? number.format(known.ballots_cast) : "–", known ? number.format(known.units.completed) : "–");
    }));
    at("pools").hidden = !doubt.pools;
    write(at("pools"), say("pools"));
    const { quarantined, disputed } = doubt;
    const list = [...quarantined.units.map((unit) => this.quarantined(unit)), ...disputed.units.map((unit) => this.disputed(unit))];
    const unlisted = quarantined.total + disputed.total - list.length;
    write(at("doubt-text"), list.length
      ? [`${say("doubt.quarantined", { n: quarantined.total })}, ${say("doubt.disputed", { n: disputed.total })}.`,
        unlisted ? say("doubt.first", { n: list.length }) : "", this.overturns()].filter(Boolean).join(" ")
      : say("doubt.none"));
    at("doubt-box").hidden = !list.length;
    at("doubt").replaceChildren(...list);
  }

  overturns() {
    return this.view.claims.filter((claim) => ENDS.includes(claim.claim))
      .map((claim) => [claim, disputeWords(claim, this.view)]).filter(([, said]) => said)
      .map(([claim, said]) => `${claimWords(claim.claim, claim.who, this.names, claim)}: ${said}`).join(" ");
  }

  quarantined(unit) {
    return tr(unit.name || unit.unit, { words: say("doubt.held", { why: unit.rules.map((rule) => called("rule", rule)).join(", ") }) }, number.format(unit.ballots_cast), { words: say("doubt.held.effect", { votes: this.votes(unit) }) });
  }

  disputed(unit) {
    return tr(unit.name || unit.unit, { words: say("stands.disputed") }, number.format(unit.ballots_cast), { words: say("doubt.disputed.effect", { votes: this.votes(unit) }) });
  }

  votes(unit) {
    const some = Object.entries(unit.counts).filter(([, votes]) => votes).sort((a, b) => b[1] - a[1]).slice(0, 3);
    return some.map(([id, votes]) => `${this.names[id] ?? id} ${number.format(votes)}`).join(", ") || say("votes.none");
  }

  links() {
    const q = encodeURIComponent(this.contest);
    const all = [
      [`/contest/${q}`, say("links.page")], [`${this.path}/units.ndjson`, say("links.rows")], [`/v1/export.csv?contest=${q}&units=1`, "CSV"],
      [`/v1/export.xlsx?contest=${q}&units=1`, "XLSX"], [`/v1/export.json?contest=${q}&units=1`, "JSON"], [`/v1/export/cdf.json?contest=${q}&units=1`, "NIST CDF"],
      [`/v1/export/cdf.xml?contest=${q}&units=1`, "NIST CDF XML"],
      [`${this.path}/history`, say("links.history")], ["/v1/claims.atom", say("links.feed")],
    ];
    at("chosen-links").replaceChildren(...all.flatMap(([href, text], index) => index ? [" · ", link(href, text)] : [link(href, text)]));
  }
}

function tr(name, ...cells) { // numbers, or `{ words }`
  const row = element("tr");
  row.append(rowHead(name), ...cells.map((cell) => typeof cell === "string" ? element("td", cell, "number") : element("td", cell.words)));
  return row;
}
