// What observers are told, as sentences: claims, proofs and witnesses. Pure: views and certificates in, text out.
import { ENDINGS } from "./embed-words.js";
import { number } from "./page.js";
import { knows, list, outcome, say } from "./say.js";

export const ENDS = Object.keys(ENDINGS); // claims that say how a contest ends

// A claim of a contest view, or the `claim` of a certificate.
export function claimWords(kind, who, names, more = {}) {
  const people = who.map((one) => names[one] || one);
  if (kind in ENDINGS) return outcome(kind, people);
  if (knows(`claim.${kind}`)) return say(`claim.${kind}`, { who: people, n: more.number ?? "", place: more.place ?? "" });
  return [list(people), kind, more.number ?? "", more.place ?? ""].filter((part) => part !== "").join(" ");
}

// A claim known by its id alone; an id of a selection may hold colons and plus signs.
export function idWords(id, names) {
  const [kind, ...rest] = id.split(":");
  const whole = rest.join(":"), last = rest.at(-1);
  const who = (one) => (!one ? [] : names[one] ? [one] : one.split("+"));
  if (names[whole] || rest.length < 2) return claimWords(kind, who(whole), names);
  const more = /^[0-9]+$/.test(last) ? { number: Number(last) } : kind === "carries" ? { place: last } : null;
  return more ? claimWords(kind, who(rest.slice(0, -1).join(":")), names, more) : claimWords(kind, who(whole), names);
}

// Ballots that can still come, short: a cell of a table must not grow under its reader.
export const comingWords = (certain) => (certain === null ? say("unknown") : number.format(certain));

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

// Whether a contest hangs on one lead: one seat, won by votes.
export const oneLead = ({ rule, seats }) => BY_VOTES.includes(rule) && (seats ?? 1) === 1;

function proof(certificate, view, name) {
  const ballots = ballotsOf(certificate, view);
  const said = certificate.assumptions.map((one) => say("proof.if", { what: knows(`assumed.${one.id}`) ? say(`assumed.${one.id}`) : one.text }));
  const found = assertions(certificate.proof);
  const whole = BY_VOTES.includes(certificate.rule.type) && found.length > 0 && found.every(plain);
  const alone = (certificate.rule.seats ?? 1) === 1 && !certificate.proof.shortages?.length; // several seats take more than leads
  const further = whole && alone ? [] : [everyWay(ballots)];
  return [...(whole ? found.map((one) => overtaken(one, ballots, name)) : []), ...further, ...said];
}

function everyWay(ballots) {
  if (ballots === 0) return say("proof.no-ballot");
  return ballots === null || ballots === undefined ? say("proof.every-way.any") : say("proof.every-way", { n: ballots });
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
  const numbers = { ahead: name(ahead), behind: name(behind), counted: one.counted, worst: -one.worst, slack: one.slack };
  if (ballots === 0) return say("proof.stays", numbers);
  return -one.worst === ballots ? say("proof.even-if", { ...numbers, n: ballots }) : say("proof.of-lead", numbers);
}

function witness(certificate, view, name) {
  const { totals, unbounded_classes: unbounded } = certificate.witness ?? {};
  if (!totals) return [say("witness.none")];
  const { type, who } = certificate.claim;
  const mine = certificate.selections.indexOf(who[0]);
  const order = totals.map((_, index) => index).filter((index) => certificate.electable.includes(certificate.selections[index]));
  const rivals = order.filter((index) => index !== mine).sort((a, b) => totals[b] - totals[a]);
  const gains = totals.map((votes, index) => votes - certificate.counted[index]);
  const ballots = ballotsOf(certificate, view), may = pool(ballots, unbounded.length > 0);
  const seats = certificate.rule.seats ?? 1;
  const rival = BY_VOTES.includes(certificate.rule.type) ? rivals[seats - 1] : undefined;
  if (ballots === 0 && who.length === 1 && rival !== undefined && totals[rival] === totals[mine]) return [say("witness.tie", { one: name(mine), other: name(rival) })];
  if (who.length === 1 && rival !== undefined && type === "elected" && totals[rival] >= totals[mine]) {
    return [say("witness.if", { cast: cast(rivals.slice(0, seats).filter((index) => gains[index]), gains, mine, may, name), end: standing(rival, mine, totals, name) })];
  }
  if (who.length === 1 && rival !== undefined && type === "eliminated" && totals[mine] >= totals[rival]) {
    return [say("witness.if", { cast: cast(gains[mine] ? [mine] : [], gains, rival, may, name), end: standing(mine, rival, totals, name) })];
  }
  return [say("witness.false", { what: totals.map((votes, index) => `${name(index)} ${number.format(votes)}`).join(", ") })];
}

function pool(ballots, unbounded) {
  if (unbounded || ballots === null) return say("pool.unknown");
  return ballots === undefined ? say("pool.some") : say("pool.all", { n: ballots });
}

function cast(gaining, gains, other, may, name) {
  if (!gaining.length) return say("cast.none");
  const said = gaining.map((index, place) => say(place ? "cast.further" : "cast.first", { n: gains[index], may, who: name(index) }));
  return list([...said, ...(gains[other] ? [say("cast.other", { n: gains[other], who: name(other) })] : [])]);
}

function standing(ahead, behind, totals, name) {
  const by = totals[ahead] - totals[behind], who = { ahead: name(ahead), behind: name(behind) };
  return by ? say("end.leads", { ...who, n: by }) : say("end.level", who);
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
  if (claim.robust.if_any_disputed_annulled) return say("robust", { n: view.units.disputed });
  const { units_to_overturn: units, ballots_to_overturn: ballots } = claim.robust;
  if (units === null && ballots === null) return say("shaken.some");
  return say(ballots === null ? "shaken.units" : units === null ? "shaken.ballots" : "shaken.both", { units: say("n.disputed-units", { n: units ?? 0 }), ballots: say("n.ballots", { n: ballots ?? 0 }) });
}
