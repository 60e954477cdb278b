// Everything the picture says, in one place. Numbers come in whole; a share is shown rounded down and decides nothing.
import { number } from "/static/page.js";
import { idWords } from "/static/observe-words.js";
import { called, conditions, locale, percents, say, times } from "/static/say.js";

const exact = times({ timeStyle: "medium" });
const dated = times({ dateStyle: "medium", timeStyle: "medium" });
const tick = times({ hour: "numeric", minute: "2-digit" });
const tickDay = times({ month: "short", day: "numeric", hour: "numeric" });
const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const percent = percents(1);

export const whole = (n) => number.format(n);
export const compact = (n) => short.format(n);
export const time = (ms, days = false) => (days ? dated : exact).format(ms);
export const onAxis = (ms, step) => (step >= 86_400 ? tickDay : step < 60 ? exact : tick).format(ms);
export const coming = (n) => (n === null ? say("unknown") : number.format(n));

export const LEAD = say("lead");
export const COMING = say("may-come");
export const ifAssumed = (name) => say("given", { n: COMING, what: called("assumption", name) });

export const TEXT = {
  empty: say("picture.empty"), waiting: say("picture.waiting"), lost: say("picture.lost"), hint: say("picture.hint"), chart: say("picture.chart"),
  table: say("picture.table"), caption: say("picture.caption"), time: say("picture.time"), position: say("picture.position"), turned: say("picture.turned"),
  slider: say("picture.slider"), now: say("picture.now"), fixed: say("picture.fixed"),
};

export const label = (plurality) => say(plurality ? "picture.label" : "picture.label.seats");

export const explained = (plurality) => `${say(plurality ? "picture.explained" : "picture.explained.seats")} ${say("picture.scale")}`;

export function reading(point, names, plurality, days) {
  const who = point.leader ? say("reading.leads", { who: names[point.leader] ?? point.leader, n: point.lead }) : say("reading.nobody");
  const assumed = Object.entries(point.assumed).map(([name, ballots]) => `, ${say("given", { n: coming(ballots), what: called("assumption", name) })}`).join("");
  const rest = point.coming === null ? say("reading.unknown") : say("reading.coming", { n: point.coming });
  return `${say("reading.at", { time: time(point.ms, days), seq: point.seq })}: ${plurality ? `${who}; ` : ""}${rest}${assumed}.`;
}

export function mark(one, days) {
  const assumed = one.kind === "irreversible" && one.grade !== "certain" ? conditions(one.assumptions) : "";
  return `${say(`mark.${one.kind}`, { time: time(one.ms, days), seq: one.seq })}${assumed}`;
}

export const markWho = (one, names) => one.claims.map((claim) => idWords(claim, names)).join("; ");

export const leadsTo = (one) => say(one.stands ? "mark.proof" : "mark.moment");

export const correction = (one) => `${one.units > 1 ? say("event.units", { what: called("event", one.kind), n: one.units })
  : say("event.one", { what: called("event", one.kind), unit: one.unit })}${one.reason ? `: ${one.reason}` : ""}`;

export const corrections = (count) => `▲ ${say("picture.corrections", { n: count })}`;

// What the second would need of the ballots that may still come, were each cast for one of the two. Whole numbers.
export function needs(view, names) {
  if (!view?.leader || view.totals.length < 2) return "";
  const [first, second] = [...view.totals].filter((total) => total.selection !== view.leader).sort((a, b) => b.votes - a.votes)
    .slice(0, 1).flatMap((total) => [view.leader, total.selection]).map((id) => names[id] ?? id);
  const readings = [[view.outstanding.certain, ""], ...Object.entries(view.outstanding.assumptions ?? {}).map(([name, n]) => [n, conditions([name])])];
  const known = readings.find(([left]) => left !== null);
  if (!known) return say("needs.unknown", { second });
  const [left, assumed] = known, { lead } = view;
  const values = { first, second, assumed, n: left, lead };
  if (left === 0) return say("needs.none", values);
  if (lead > left) return say("needs.behind", { ...values, short: lead - left });
  if (lead === left) return say("needs.level", values);
  const tenths = Math.floor(((left + lead) * 1_000) / (2 * left));
  return say("needs", { ...values, share: percent.format(tenths / 1_000) });
}
