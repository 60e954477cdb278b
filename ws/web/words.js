// Everything the picture says, in one place. Numbers come in whole; a share is shown rounded down and decides nothing.
import { number } from "/static/page.js";
import { idWords } from "/static/observe-words.js";

const lang = navigator.language;
const exact = new Intl.DateTimeFormat(lang, { timeStyle: "medium" });
const dated = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "medium" });
const tick = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit" });
const tickDay = new Intl.DateTimeFormat(lang, { month: "short", day: "numeric", hour: "numeric" });
const short = new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(lang, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const many = (n, one, more = `${one}s`) => `${number.format(n)} ${n === 1 ? one : more}`;
export const whole = (n) => number.format(n);
export const compact = (n) => short.format(n);
export const time = (ms, days = false) => (days ? dated : exact).format(ms);
export const onAxis = (ms, step) => (step >= 86_400 ? tickDay : step < 60 ? exact : tick).format(ms);
export const coming = (n) => (n === null ? "unknown" : number.format(n));

export const LEAD = "Lead";
export const COMING = "May still come";
export const ifAssumed = (name) => `${COMING} if ${name}`;

export const TEXT = {
  empty: "The picture begins with the first count.",
  waiting: "Reading the night so far …",
  lost: "The night so far could not be read; the picture goes on from here.",
  hint: "Point at the picture, or move along it with the arrow keys, to read it here.",
  table: "The same as a table",
  caption: "The lead and the ballots that may still come, over the night",
  time: "Time", position: "Position", turned: "What turned",
  slider: "The whole page as it stood at",
  now: "now",
  fixed: "now; a copy holds no earlier moments",
};

export function label(plurality) {
  return plurality
    ? "Chart over time: the lead, and the ballots that may still come. Left and right arrow keys read it point by point."
    : "Chart over time: the ballots that may still come. Left and right arrow keys read it point by point.";
}

export function explained(plurality) {
  const scale = "Each step up the scale is ten times as many.";
  return plurality
    ? `The lead rises, the ballots that may still come fall. Once they have crossed, no ballot can turn it. ${scale}`
    : `How this contest ends does not hang on one lead: shown are the ballots that may still come, and when each outcome became irreversible. ${scale}`;
}

export function reading(point, names, plurality, days) {
  const who = point.leader ? `${names[point.leader] ?? point.leader} leads by ${number.format(point.lead)}` : "nobody leads";
  const assumed = Object.entries(point.assumed).map(([name, ballots]) => `, ${coming(ballots)} if ${name}`).join("");
  const rest = point.coming === null ? "how many ballots may still come is unknown" : `${many(point.coming, "ballot")} may still come`;
  return `${time(point.ms, days)}, position ${number.format(point.seq)}: ${plurality ? `${who}; ` : ""}${rest}${assumed}.`;
}

const TURNED = { irreversible: "irreversible", certain: "certain, on no assumption", withdrawn: "withdrawn" };

export function mark(one, days) {
  const assumed = one.kind === "irreversible" && one.grade !== "certain" ? `, if ${one.assumptions.join(" and ")}` : "";
  return `${TURNED[one.kind]} at ${time(one.ms, days)}, seq ${number.format(one.seq)}${assumed}`;
}

export const markWho = (one, names) => one.claims.map((claim) => idWords(claim, names)).join("; ");

export const leadsTo = (one) => (one.stands ? "See the proof." : "See that moment.");

export const correction = (one) => `${one.kind} ${one.units > 1 ? `of ${many(one.units, "unit")}` : `in unit ${one.unit}`}${one.reason ? `: ${one.reason}` : ""}`;

export const corrections = (count) => `▲ ${many(count, "correction or order of the desk", "corrections and orders of the desk")}`;

// What the second would need of the ballots that may still come, were each cast for one of the two. Whole numbers.
export function needs(view, names) {
  if (!view?.leader || view.totals.length < 2) return "";
  const [first, second] = [...view.totals].filter((total) => total.selection !== view.leader).sort((a, b) => b.votes - a.votes)
    .slice(0, 1).flatMap((total) => [view.leader, total.selection]).map((id) => names[id] ?? id);
  const readings = [[view.outstanding.certain, ""], ...Object.entries(view.outstanding.assumptions ?? {}).map(([name, n]) => [n, `, if ${name}`])];
  const known = readings.find(([left]) => left !== null);
  if (!known) return `How many of the ballots that may still come ${second} needs is unknown: nobody can say how many there are.`;
  const [left, assumed] = known;
  if (left === 0) return `No ballot may still come${assumed}: ${second} stays ${number.format(view.lead)} behind.`;
  if (view.lead > left) return `Even with all ${many(left, "ballot")} that may still come${assumed}, ${second} would stay ${number.format(view.lead - left)} behind ${first}.`;
  if (view.lead === left) return `Only with every one of the ${many(left, "ballot")} that may still come${assumed} would ${second} draw level with ${first}.`;
  const tenths = Math.floor(((left + view.lead) * 1_000) / (2 * left));
  return `To pass ${first}, ${second} needs more than ${percent.format(tenths / 1_000)} of the ${many(left, "ballot")} that may still come${assumed}, were each cast for one of the two.`;
}
