// The projected layer of the live page: what will probably happen, in words that cannot be taken for a result.
import { at, element, number, rowHead, write } from "./page.js";

const share = new Intl.NumberFormat(navigator.language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const round = new Intl.NumberFormat(navigator.language, { style: "percent", maximumFractionDigits: 0 });
const LIKELY = 0.75, NEARLY_SURE = 0.99; // from which chance on somebody "will probably" and is "all but" sure
const RANGE = "90"; // the percent of the intervals shown
const SHOWN_MAX = 8;
const SVG = "http://www.w3.org/2000/svg";

const REASONS = { // why there is no projection, in words
  "few-rows": (view) => `Too early: ${number.format(view.rows_in)} ${view.rows_in === 1 ? "unit has" : "units have"} finished counting, ${number.format(view.rows_needed)} are needed.`,
  "not-yet": () => "The first projection is being made.",
  "failed": () => "The projection could not be made and is being tried again. The count is not affected.",
  "one-selection": () => "There is nothing to project: nobody else stands.",
  "switched-off": () => "This service does not project.",
};
const NOT_MODELLED = {
  "ranked-ballots": "Ballots rank the selections here; first preferences alone would mislead, so nothing is projected.",
  "quorum": "Whether the quorum is met decides here, which is not modelled, so nothing is projected.",
};
const VERBS = { // by what a chance is a chance of: who will probably do what
  elected: "will probably win",
  outright: "will probably win without a run-off",
  passes: "will probably be adopted",
  seats: "will probably win seats",
};

export function projected(frame, view, names) {
  const box = at("projection");
  box.hidden = frame.status === "not-projected";
  if (box.hidden) return;
  const told = frame.status === "projected";
  const stale = frame.stale && frame.status !== "counted";
  at("projection-stale").hidden = !stale;
  box.classList.toggle("is-stale", stale);
  at("projection-table").hidden = !told;
  at("projection-needs").hidden = true;
  write(at("projection-record"), "");
  write(at("projection-age"), "");
  if (!told) {
    write(at("projection-head"), frame.status === "counted" ? "Nothing is left to project" : "No projection");
    write(at("projection-text"), without(frame));
    return;
  }
  const won = irreversible(frame, view);
  write(at("projection-head"), won ? `${names[won.selection] ?? won.selection} will probably end near ${share.format(won.share.middle)}` : headline(frame, names));
  write(at("projection-text"), difference(frame, view, names, won));
  needs(frame, view, names);
  rows(frame, names);
  write(at("projection-record"), record(frame.calibration));
  write(at("projection-age"), age(frame, view));
}

function without(frame) {
  if (frame.status === "counted") return "Every unit is in: what there is to know is counted.";
  if (frame.status === "not-modelled") return NOT_MODELLED[frame.reason] ?? "This way of winning is not modelled, so nothing is projected.";
  return (REASONS[frame.reason] ?? REASONS["not-yet"])(frame);
}

function inHundred(chance) { // never 0 or 100: that would be a proof
  return `${Math.min(99, Math.max(1, Math.round(chance * 100)))} in 100`;
}

function first(frame) {
  return [...frame.selections].sort((a, b) => b.chance - a.chance || b.votes.middle - a.votes.middle)[0];
}

function headline(frame, names) {
  const { kind, runoff } = frame.outcome;
  const best = first(frame);
  const who = names[best.selection] ?? best.selection;
  if (kind === "seats") return "How the seats will probably fall";
  if (kind === "passes") {
    const passes = frame.selections[0].chance;
    if (Math.max(passes, 1 - passes) < LIKELY) return `It can go either way: adopted in ${inHundred(passes)}`;
    return passes >= 0.5 ? `It will probably be adopted (${inHundred(passes)})` : `It will probably fail (${inHundred(1 - passes)})`;
  }
  if (kind === "outright" && runoff >= LIKELY) return `There will probably be a run-off (${inHundred(runoff)})`;
  const winners = frame.selections.filter((one) => one.chance >= LIKELY);
  if (winners.length > 1) return `${winners.map((one) => names[one.selection] ?? one.selection).join(", ")} will probably win`;
  if (best.chance >= LIKELY) return `${who} ${VERBS[kind]} (${inHundred(best.chance)})`;
  return `It can go either way: ${who} ${kind === "outright" ? "wins without a run-off" : "wins"} in ${inHundred(best.chance)}`;
}

function winning({ outcome: { kind } }, view, one) { // the claim that would prove what its chance is a chance of
  return view.claims.find((c) => c.id === `${kind === "outright" ? "outright" : "elected"}:${one.selection}`);
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
  if (won) return `That ${who} wins is irreversible, so it is no projection any more; projected is only how high.`;
  if (!claim || best.chance < NEARLY_SURE) return "An estimate from how similar places voted. It proves nothing: see above what is irreversible.";
  const said = `Projected: ${who} ${VERBS[kind]} (${inHundred(best.chance)}). Not yet irreversible: `;
  const coming = view.outstanding.certain;
  if (coming === null) return `${said}${number.format(view.outstanding.uncapped)} open units have no hard limit on the ballots that can still come.`;
  if (coming > view.lead) return `${said}${number.format(coming)} ballots that can still come are more than the lead of ${number.format(view.lead)}.`;
  return `${said}${number.format(coming)} ballots can still come.`;
}

function needs(frame, view, names) {
  const found = frame.needs;
  const settled = found && view.claims.some((c) => c.id === `eliminated:${found.who}` && c.status === "irreversible");
  at("projection-needs").hidden = !found || settled;
  if (!found || settled) return;
  const who = names[found.who] ?? found.who, ahead = names[found.ahead] ?? found.ahead;
  const had = found.share_had_in_same_places;
  const asked = found.share_needed > 1 ? "more than everything" : round.format(found.share_needed);
  write(at("projection-needs"), `To pass ${ahead}, ${who} needs ${asked} of what is left`
    + `${had === null ? "" : `; has had ${round.format(had)} in the same places`}; expected ${round.format(found.share_expected)}.`);
}

function rows(frame, names) {
  const seats = frame.outcome.kind === "seats" && frame.selections.every((one) => one.seats);
  write(at("projection-chance"), seats ? "Seats, nine times in ten" : frame.outcome.kind === "outright" ? "Will probably win outright" : frame.outcome.kind === "passes" ? "Will probably prevail" : "Will probably win");
  const order = [...frame.selections].sort((a, b) => b.share.middle - a.share.middle).slice(0, SHOWN_MAX);
  at("projection-rows").replaceChildren(...order.map((one) => {
    const row = element("tr");
    const [low, high] = one.share[RANGE];
    const range = element("td");
    range.append(bar(one.share), element("span", `${share.format(low)} to ${share.format(high)}`, "range"));
    const [few, many] = seats ? one.seats[RANGE] : [0, 0];
    const chance = seats ? (few === many ? number.format(few) : `${number.format(few)} to ${number.format(many)}`)
      : one.irreversible ? `${one.chance ? "yes" : "no"}, irreversible` : one.chance < 0.005 ? "fewer than 1 in 100" : inHundred(one.chance);
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
  if (!scored) return "None of tonight's predictions has been put to the test yet.";
  const inside = levels.find((one) => String(one.level) === RANGE)?.inside;
  return `Of ${number.format(scored)} predictions so far tonight, ${round.format(inside)} fell inside the ${RANGE} % range.`;
}

function age(frame, view) {
  const behind = Math.max(0, view.position.seq - frame.position.seq);
  const made = `Made from the count at position ${number.format(frame.position.seq)}`;
  if (frame.stale) return `${made}, ${number.format(Math.max(behind, frame.age_records))} records ago. It is stale: the count has moved on and the projection has not followed.`;
  return behind ? `${made}, ${number.format(behind)} ${behind === 1 ? "record" : "records"} ago.` : `${made}, the newest.`;
}
