// How the contest ends, if that is proven; else what keeps it open. The proof is one click away.
import { settled } from "./embed-words.js";
import { idWords } from "./observe-words.js";
import { at, element, fetchJson, link, write } from "./page.js";
import { conditions, outcome, say } from "./say.js";

const PROVE_EVERY_MS = 10_000; // a certificate is hashed over every unit: only for who looks, and not for every frame

export class Verdict {
  #view = null;
  #seq = null; // of the past that is shown
  #proofOf = null;
  #provedAt = 0;
  #later = null;

  // `alone`: one seat, won by votes.
  constructor(names, alone) {
    Object.assign(this, { names, alone });
    at("proof").addEventListener("toggle", () => { if (this.#view) this.show(this.#view, this.#seq); });
  }

  // A view as it is, or as it stood at the record `seq`.
  show(view, seq) {
    [this.#view, this.#seq] = [view, seq];
    const won = settled(view);
    at("verdict").classList.toggle("sure", won.length > 0);
    write(at("verdict-kind"), say(won.length ? "verdict.proven" : "verdict.nothing"));
    at("proof").hidden = !won.length;
    if (won.length) {
      write(at("verdict-head"), this.#ended(won));
      write(at("verdict-text"), this.#why(view, won[0]));
      this.#prove(won[0]);
      return;
    }
    const undone = view.claims.filter((claim) => claim.status === "withdrawn").map((claim) => idWords(claim.id, this.names)).join(", ");
    write(at("verdict-head"), say(this.#tied(view) ? "verdict.tie" : view.ballots_cast ? "verdict.open" : "verdict.waiting"));
    write(at("verdict-text"), `${undone && `${say("verdict.undone", { what: undone })} `}${this.#open(view)}`);
  }

  // From the mark in the picture to the proof of what it marks.
  lookAtProof() {
    if (at("proof").hidden) return;
    at("proof").open = true;
    at("proof").querySelector("summary").focus({ preventScroll: true });
    at("verdict").scrollIntoView({ block: "start" });
  }

  #ended(won) {
    const who = (claim) => claim.who.map((one) => this.names[one]);
    const said = won.every((claim) => claim.claim === "elected")
      ? outcome("elected", won.flatMap(who))
      : won.map((claim) => outcome(claim.claim, who(claim))).join("; ");
    const grade = won.every((claim) => claim.grade === "certain") ? "" : conditions([...new Set(won.flatMap((claim) => claim.assumptions))]);
    return `${say("verdict.irreversible", { what: said })}${grade}`;
  }

  #why(view, claim) {
    const byVotes = claim.claim === "elected" && claim.evaluated_at === undefined;
    if (byVotes && claim.slack === null) return say("why.uncontested");
    const assumed = claim.assumptions.map((name) => view.outstanding.assumptions[name]).find((ballots) => ballots !== undefined);
    const coming = claim.grade === "certain" ? view.outstanding.certain : assumed ?? null;
    const then = claim.grade === "certain" ? "" : ".then";
    const rest = coming === null ? say(`rest.any${then}`) : say(`rest.all${then}`, { n: coming });
    const why = byVotes && coming === 0 && !then ? say("why.stays", { who: this.names[claim.who[0]], n: claim.slack })
      : byVotes ? say("why.ahead", { rest, who: this.names[claim.who[0]], n: claim.slack })
      : coming === 0 ? say(`why.none${then}`) : say("why.every", { rest });
    if (!view.units.disputed) return why;
    const { if_any_disputed_annulled: robust, units_to_overturn: units } = claim.robust;
    return `${why} ${robust ? say("why.robust") : units ? say("why.shaken", { n: units }) : say("why.shaken.some")}`;
  }

  #open(view) {
    const { certain, uncapped } = view.outstanding;
    if (!view.ballots_cast) return say("verdict.nothing-counted");
    if (certain === null) return say("open.uncapped", { n: uncapped });
    if (this.#tied(view)) return say("open.tie", { who: highest(view).map((total) => this.names[total.selection]), votes: highest(view)[0].votes });
    if (certain === 0) return say("open.doubt");
    if (!view.leader) return say("open.level", { n: certain });
    return say("open.ahead", { who: this.names[view.leader], lead: view.lead, n: certain });
  }

  // One seat, and the count over without a winner of it.
  #tied(view) {
    return this.alone && view.ballots_cast > 0 && !view.leader && view.outstanding.certain === 0 && !view.units.disputed && !view.units.quarantined;
  }

  async #prove(claim) {
    const view = this.#view, moment = this.#seq === null ? "" : `&at=${this.#seq}`;
    const key = `${claim.id}@${view.position.epoch}/${view.position.seq}${moment}`;
    if (this.#proofOf === key || !at("proof").open) return;
    const wait = this.#provedAt + PROVE_EVERY_MS - Date.now();
    if (wait > 0) {
      this.#later ??= setTimeout(() => { this.#later = null; this.show(this.#view, this.#seq); }, wait);
      return;
    }
    this.#proofOf = key;
    this.#provedAt = Date.now();
    const path = `/v1/contests/${encodeURIComponent(view.contest)}`;
    const address = `${path}/certificate?claim=${encodeURIComponent(claim.id)}${moment}`;
    let certificate;
    try { certificate = await fetchJson(address); } catch {
      if (this.#proofOf === key) this.#proofOf = null; // it is asked for again with the next view, or look at it
      return;
    }
    if (this.#proofOf === key) this.#lay(certificate, address, `${path}/units.ndjson${moment.replace("&", "?")}`);
  }

  // The certificate in words, with where it and its rows are.
  #lay(certificate, address, rows) {
    const list = element("ul"), links = element("p");
    for (const { a, counted, worst, slack } of certificate.proof?.assertions ?? []) {
      const rival = certificate.selections[a.findIndex((weight) => weight < 0)];
      list.append(element("li", say("proof.over", { who: this.names[rival] ?? rival, counted, worst: -worst, slack })));
    }
    const { seq, snapshot_sha256: hash } = certificate.data;
    links.append(link(address, say("proof.certificate")), " · ", link(rows, say("proof.rows")), ` ${say("proof.at", { seq: String(seq), hash: hash.slice(0, 16) })}`);
    at("proof-body").replaceChildren(list, links);
  }
}

function highest(view) {
  const most = Math.max(...view.totals.map((total) => total.votes));
  return view.totals.filter((total) => total.votes === most);
}
