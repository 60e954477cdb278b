// The projected layer of the live page: what will probably happen, in words that cannot be taken for a result.
import { at, element, number, rowHead, write } from "./page.js";
import { knows, list, percents, say } from "./say.js";

const share = percents(1), round = percents(0);
const LIKELY = 0.75, NEARLY_SURE = 0.99; // from which chance on somebody "will probably" and is "all but" sure
const TOLD = 0.005; // from which on a chance has a number
const RANGE = "90"; // the percent of the intervals shown
const SHOWN_MAX = 8;
const SVG = "http://www.w3.org/2000/svg";

export function projected(frame, view, names) {
  const box = at("projection");
  box.hidden = frame.status === "not-projected";
  if (box.hidden) return;
  const told = frame.status === "projected";
  const stale = frame.stale && frame.status !== "counted";
  at("projection-stale").hidden = !stale;
  box.classList.toggle("is-stale", stale);
  at("projection-table").hidden = !told;
  at("fan-part").hidden = !told;
  at("projection-needs").hidden = !told;
  write(at("projection-record"), "");
  write(at("projection-age"), "");
  if (!told) {
    write(at("projection-head"), say(frame.status === "counted" ? "likely.counted.head" : "likely.none.head"));
    write(at("projection-text"), without(frame));
    return;
  }
  const won = irreversible(frame, view);
  write(at("projection-head"), won ? say("likely.near", { who: names[won.selection] ?? won.selection, share: share.format(won.share.middle) }) : headline(frame, names));
  write(at("projection-text"), difference(frame, view, names, won));
  needs(frame, view, names);
  rows(frame, names);
  write(at("projection-record"), record(frame.calibration));
  write(at("projection-age"), age(frame, view));
}

function without(frame) { // why there is no projection, in words
  if (frame.status === "counted") return say("likely.counted");
  if (frame.status === "not-modelled") return knows(`likely.unlike.${frame.reason}`) ? say(`likely.unlike.${frame.reason}`) : say("likely.unlike");
  const why = knows(`likely.not.${frame.reason}`) ? frame.reason : "not-yet";
  return say(`likely.not.${why}`, { n: frame.rows_in, needed: frame.rows_needed });
}

// Chances as whole hundredths. Where one of them must come true they add up to 100, by largest remainders; 0 and 100 would be proofs.
export function hundredths(chances) {
  const sum = (values) => values.reduce((all, one) => all + one, 0);
  const whole = chances.map((chance) => Math.min(99, Math.max(1, Math.round(chance * 100))));
  const told = chances.map((_, place) => place).filter((place) => chances[place] >= TOLD);
  if (told.length < 2 || Math.abs(sum(chances) - 1) > 0.001) return whole;
  for (const place of told) whole[place] = Math.max(1, Math.floor(chances[place] * 100));
  const order = told.sort((a, b) => (chances[b] * 100) % 1 - (chances[a] * 100) % 1 || chances[b] - chances[a]);
  let left = Math.round(sum(told.map((place) => chances[place])) * 100) - sum(told.map((place) => whole[place]));
  for (let turn = 0; left > 0; turn++, left--) whole[order[turn % order.length]] += 1;
  for (; left < 0; left++) whole[order.reduce((most, place) => (whole[place] > whole[most] ? place : most))] -= 1;
  return whole;
}

// Of a frame: of each selection, and of a run-off under the name of nobody.
function wholes({ selections, outcome: { kind, runoff } }) {
  const withRunoff = kind === "outright" && runoff !== null;
  const found = hundredths([...selections.map((one) => one.chance), ...(withRunoff ? [runoff] : [])]);
  return new Map([...selections.map((one) => one.selection), ...(withRunoff ? [null] : [])].map((id, place) => [id, found[place]]));
}

const inHundred = (n) => say("likely.in-hundred", { n });

function first(frame) {
  return [...frame.selections].sort((a, b) => b.chance - a.chance || b.votes.middle - a.votes.middle)[0];
}

function headline(frame, names) {
  const { kind, runoff } = frame.outcome, whole = wholes(frame);
  const best = first(frame);
  const who = names[best.selection] ?? best.selection;
  if (kind === "seats") return say("likely.head.seats");
  if (kind === "passes") {
    const [{ chance: passes, selection }] = frame.selections;
    const yes = whole.get(selection);
    if (Math.max(passes, 1 - passes) < LIKELY) return say("likely.either.passes", { chance: inHundred(yes) });
    return passes >= 0.5 ? say("likely.head.passes", { chance: inHundred(yes) }) : say("likely.head.fails", { chance: inHundred(100 - yes) });
  }
  if (kind === "outright" && runoff >= LIKELY) return say("likely.head.runoff", { chance: inHundred(whole.get(null)) });
  const winners = frame.selections.filter((one) => one.chance >= LIKELY);
  if (winners.length > 1) return say("likely.head.several", { who: list(winners.map((one) => names[one.selection] ?? one.selection)) });
  const chance = inHundred(whole.get(best.selection));
  if (best.chance >= LIKELY) return `${say(`likely.will.${kind}`, { who })} (${chance})`;
  return say(kind === "outright" ? "likely.either.outright" : "likely.either", { who, chance });
}

function winning({ outcome: { kind }, selections }, view, one) { // the claim that would prove what its chance is a chance of
  const id = kind === "passes" ? (one === selections[0] ? "passes" : "fails") : `${kind === "outright" ? "outright" : "elected"}:${one.selection}`;
  return view.claims.find((c) => c.id === id);
}

function irreversible(frame, view) {
  return frame.selections.find((one) => {
    const claim = winning(frame, view, one);
    return claim?.status === "irreversible" && claim.grade === "certain";
  });
}

// The sentence that keeps the layers apart: what is likely beside what is proven.
function difference(frame, view, names, won) {
  const best = won ?? first(frame), { kind } = frame.outcome;
  const claim = winning(frame, view, best);
  const who = names[best.selection] ?? best.selection;
  if (won) return say("likely.won", { who });
  if (!claim || kind === "passes" || best.chance < NEARLY_SURE) return say("likely.estimate");
  const coming = view.outstanding.certain;
  const why = coming === null ? say("likely.uncapped", { n: view.outstanding.uncapped })
    : coming > view.lead ? say("likely.more", { n: coming, lead: view.lead }) : say("likely.coming", { n: coming });
  return say("likely.not-yet", { what: `${say(`likely.will.${kind}`, { who })} (${inHundred(wholes(frame).get(best.selection))})`, why });
}

function needs(frame, view, names) {
  const found = frame.needs;
  const settled = found && view.claims.some((c) => c.id === `eliminated:${found.who}` && c.status === "irreversible");
  if (!found || settled) { write(at("projection-needs"), ""); return; }
  const had = found.share_had_in_same_places;
  write(at("projection-needs"), say(had === null ? "likely.needs" : "likely.needs.had", {
    who: names[found.who] ?? found.who, ahead: names[found.ahead] ?? found.ahead, had: had === null ? "" : round.format(had),
    asked: found.share_needed > 1 ? say("likely.needs.all") : round.format(found.share_needed), expected: round.format(found.share_expected),
  }));
}

function rows(frame, names) {
  const seats = frame.outcome.kind === "seats" && frame.selections.every((one) => one.seats);
  const whole = wholes(frame);
  write(at("projection-chance"), say(`likely.column.${seats ? "seats" : frame.outcome.kind}`));
  const order = [...frame.selections].sort((a, b) => b.share.middle - a.share.middle).slice(0, SHOWN_MAX);
  at("projection-rows").replaceChildren(...order.map((one) => {
    const row = element("tr");
    const [low, high] = one.share[RANGE];
    const range = element("td");
    range.append(bar(one.share), element("span", say("range", { low: share.format(low), high: share.format(high) }), "range"));
    const [few, many] = seats ? one.seats[RANGE] : [0, 0];
    const chance = seats ? (few === many ? number.format(few) : say("range", { low: few, high: many }))
      : one.irreversible ? say(one.chance ? "likely.yes" : "likely.no") : one.chance < TOLD ? say("likely.fewer") : inHundred(whole.get(one.selection));
    row.append(rowHead(names[one.selection] ?? one.selection), element("td", chance), element("td", `≈ ${share.format(one.share.middle)}`, "number"), range);
    return row;
  }));
}

function bar({ middle, [RANGE]: [low, high] }) { // a hollow, dashed range: nothing solid, unlike bars of counted votes
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 100 10");
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x: low * 100, y: 2, width: Math.max(0.8, (high - low) * 100), height: 6, rx: 1 })) rect.setAttribute(name, value);
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({ x1: middle * 100, x2: middle * 100, y1: 0, y2: 10 })) line.setAttribute(name, value);
  picture.append(rect, line);
  return picture;
}

function record({ rows_scored: scored, levels }) {
  if (!scored) return say("likely.record.none");
  const inside = levels.find((one) => String(one.level) === RANGE)?.inside;
  return say("likely.record", { n: scored, inside: round.format(inside), range: RANGE });
}

function age(frame, view) {
  const behind = Math.max(0, view.position.seq - frame.position.seq);
  const seq = frame.position.seq;
  if (frame.stale) return say("likely.stale", { seq, n: Math.max(behind, frame.age_records) });
  return behind ? say("likely.behind", { seq, n: behind }) : say("likely.newest", { seq });
}
