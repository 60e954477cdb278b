// What observers are told, as sentences: claims, proofs and witnesses. Pure: views and certificates in, text out.
import { number } from "./page.js";

export const many = (n, one, more = `${one}s`) => `${number.format(n)} ${n === 1 ? one : more}`;

const PRIZES = { "at-least": "at least", "at-most": "at most" };
// How a contest ends, and who is out of it.
export const OUTCOMES = {
  elected: (who) => `${who} elected`,
  eliminated: (who) => `${who} eliminated`,
  outright: (who) => `${who} elected without a run-off`,
  runoff: (who) => who ? `a run-off between ${who}` : "a run-off is required",
  passes: () => "the measure passes",
  fails: () => "the measure fails",
  allocation: () => "every seat is settled",
  "no-winner": () => "nobody wins in this round",
};
export const ENDS = Object.keys(OUTCOMES).filter((kind) => kind !== "eliminated");

// A claim of a contest view, or the `claim` of a certificate.
export function claimWords(kind, who, names, more = {}) {
  const people = who.map((one) => names[one] || one).join(" and ");
  if (kind in OUTCOMES) return OUTCOMES[kind](people);
  if (kind in PRIZES) return `${people}: ${PRIZES[kind]} ${number.format(more.number)}`;
  return [people, kind, more.number ?? "", more.place ?? ""].filter((part) => part !== "").join(" ");
}

// A claim known by its id alone; an id of a selection may hold colons and plus signs.
export function idWords(id, names) {
  const [kind, ...rest] = id.split(":");
  const whole = rest.join(":");
  return claimWords(kind, !whole ? [] : names[whole] ? [whole] : whole.split("+"), names);
}

export function assumed(names) { return names.length ? `, if ${names.join(" and ")}` : ""; }

// Ballots that can still come, as a line of the table and as the contest view say it.
export function comingWords(certain, uncapped) {
  return certain === null ? `unknown: ${many(uncapped, "open unit")} without a bound` : number.format(certain);
}

// Ballots that can still come under a certificate's own reading; null: nobody can say.
function ballotsOf(certificate, view) {
  if (certificate.pools.some((pool) => pool.outstanding !== null)) {
    if (view.position.seq !== certificate.data.seq) return undefined;
    if (certificate.grade !== "conditional") return view.outstanding.certain;
    const known = certificate.assumptions.map((one) => view.outstanding.assumptions[one.id]).filter((n) => n !== undefined);
    return known.at(-1);
  }
  return certificate.aggregates.reduce((sum, one) => sum === null || one.R === null ? null : sum + one.R, 0);
}

// Sentences that say what a certificate shows, the weightiest first.
export function certificateWords(certificate, view, names) {
  const name = (index) => names[certificate.selections[index]] || certificate.selections[index];
  return certificate.verdict === "irreversible" ? proof(certificate, view, name) : witness(certificate, view, name);
}

const BY_VOTES = ["plurality", "disputed"]; // rules whose proofs are leads that cannot be lost

function proof(certificate, view, name) {
  const ballots = ballotsOf(certificate, view);
  const said = certificate.assumptions.map((one) => `This holds if: ${one.text}`);
  const found = assertions(certificate.proof);
  const whole = BY_VOTES.includes(certificate.rule.type) && found.length > 0 && found.every(plain);
  const alone = (certificate.rule.seats ?? 1) === 1 && !certificate.proof.shortages?.length; // several seats take more than leads
  const further = whole && alone ? [] : [everyWay(ballots)];
  return [...(whole ? found.map((one) => overtaken(one, ballots, name)) : []), ...further, ...said];
}

function everyWay(ballots) {
  if (ballots === 0) return "No ballot can still come, and it is so however a tie is broken.";
  const rest = ballots === null || ballots === undefined ? "the ballots that can still come are" : `all ${number.format(ballots)} ballots that can still come are`;
  return `It is so in every way the count can still end, however ${rest} cast. The certificate proves it step by step.`;
}

function plain(one) {
  return !one.c && one.a.filter((weight) => weight).length === 2 && one.a.includes(1) && one.a.includes(-1);
}

function assertions(node) {
  if (Array.isArray(node)) return node.flatMap(assertions);
  if (node === null || typeof node !== "object") return [];
  if (Array.isArray(node.a) && "worst" in node && "slack" in node) return [node];
  return Object.values(node).flatMap(assertions);
}

function overtaken(one, ballots, name) {
  const ahead = one.a.indexOf(1), behind = one.a.indexOf(-1);
  if (ballots === 0) return `No ballot can still come: ${name(ahead)} stays ahead of ${name(behind)} by ${number.format(one.slack)}.`;
  if (-one.worst === ballots) {
    return `Even if all ${number.format(ballots)} ballots that can still come went to ${name(behind)}, ${name(ahead)} would stay ahead of ${name(behind)} by ${number.format(one.slack)} (${number.format(one.counted)} now).`;
  }
  return `Of the lead of ${number.format(one.counted)} that ${name(ahead)} has over ${name(behind)}, at most ${number.format(-one.worst)} can still be lost, so at least ${number.format(one.slack)} stays.`;
}

function witness(certificate, view, name) {
  const { totals, unbounded_classes: unbounded } = certificate.witness ?? {};
  if (!totals) return ["Not yet: whether it can still fail was not settled within the search's budget, so it is not called irreversible."];
  const { type, who } = certificate.claim;
  const mine = certificate.selections.indexOf(who[0]);
  const order = totals.map((_, index) => index).filter((index) => certificate.electable.includes(certificate.selections[index]));
  const rivals = order.filter((index) => index !== mine).sort((a, b) => totals[b] - totals[a]);
  const gains = totals.map((votes, index) => votes - certificate.counted[index]);
  const may = pool(ballotsOf(certificate, view), unbounded.length > 0);
  const seats = certificate.rule.seats ?? 1;
  const rival = BY_VOTES.includes(certificate.rule.type) ? rivals[seats - 1] : undefined;
  if (who.length === 1 && rival !== undefined && type === "elected" && totals[rival] >= totals[mine]) {
    return [`Not yet: if ${cast(rivals.slice(0, seats).filter((index) => gains[index]), gains, mine, may, name)}, ${standing(rival, mine, totals, name)}.`];
  }
  if (who.length === 1 && rival !== undefined && type === "eliminated" && totals[mine] >= totals[rival]) {
    return [`Not yet: if ${cast(gains[mine] ? [mine] : [], gains, rival, may, name)}, ${standing(mine, rival, totals, name)}.`];
  }
  const list = totals.map((votes, index) => `${name(index)} ${number.format(votes)}`).join(", ");
  return [`Not yet. One way the count can still end in which it is false: ${list}.`];
}

function pool(ballots, unbounded) {
  if (unbounded || ballots === null) return "of the ballots that can still come (nobody can say how many)";
  return ballots === undefined ? "of the ballots that can still come" : `of the ${number.format(ballots)} ballots that can still come`;
}

function cast(gaining, gains, other, may, name) {
  const first = gaining.map((index, place) => `${number.format(gains[index])} ${place ? "" : `${may} `}voted for ${name(index)}`);
  if (!first.length) return "no further ballot came";
  return first.join(" and ") + (gains[other] ? ` and ${number.format(gains[other])} for ${name(other)}` : "");
}

function standing(ahead, behind, totals, name) {
  const by = totals[ahead] - totals[behind];
  return by ? `${name(ahead)} would lead ${name(behind)} by ${number.format(by)}` : `${name(ahead)} would be level with ${name(behind)}, and a tie can go either way`;
}

const OPPOSITES = { elected: "eliminated", eliminated: "elected", passes: "fails", fails: "passes" };

// The irreversible claim that rules an open one out, if there is one.
export function ruledOut(claim, claims) {
  if (claim.status === "irreversible" || !(claim.claim in OPPOSITES)) return undefined;
  return claims.find((one) => one.status === "irreversible" && one.claim === OPPOSITES[claim.claim] && one.who.join() === claim.who.join());
}

// What the disputed units of a contest could do to one claim.
export function disputeWords(claim, view) {
  if (!view.units.disputed || claim.status !== "irreversible") return "";
  if (claim.robust.if_any_disputed_annulled) return `It holds even if any of the ${many(view.units.disputed, "disputed unit")} are annulled.`;
  const { units_to_overturn: units, ballots_to_overturn: ballots } = claim.robust;
  const fewest = [units === null ? "" : `at least ${many(units, "disputed unit")}`, ballots === null ? "" : `at least ${many(ballots, "ballot")}`].filter(Boolean);
  return `It holds on what is outstanding, not on what is disputed: ${fewest.length ? `annulling ${fewest.join(", or units with ")},` : "annulling disputed units"} would overturn it.`;
}
