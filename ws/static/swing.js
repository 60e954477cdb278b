// The change against the election before, on the units that are counted and were there then; never whole against partial.
import { cell, element, number, write } from "./page.js";

const WORDS = {
  head: "Change",
  of: (name) => `Change, ${name}`,
  points: "points",
  new: "not compared",
  none: "–",
  none_yet: "Change against the election before: no unit yet that is counted and was there then.",
  rests: (swing) => `Change: of the share of votes against the election before, on the ${number.format(swing.units)} counted units that were there then: ${number.format(swing.votes)} votes now, ${number.format(swing.votes_before)} then.`,
};
const points = new Intl.NumberFormat(navigator.language, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });

// Hundredths of a share by which a selection is above what it had, or null: no unit to compare, or nobody to compare with.
export function changeOf(swing, selection) {
  const one = swing.totals.find((total) => total.selection === selection);
  if (!one || one.votes_before === null || !swing.votes || !swing.votes_before) return null;
  return 100 * (one.votes / swing.votes - one.votes_before / swing.votes_before);
}

export function changeCell(swing, selection) {
  const change = changeOf(swing, selection);
  const new_ = swing.totals.find((total) => total.selection === selection)?.votes_before === null;
  const made = cell(change === null ? (new_ ? WORDS.new : WORDS.none) : points.format(change));
  if (change !== null) made.append(element("span", ` ${WORDS.points}`, "hidden"));
  return made;
}

// Heads of the columns that are there only beside an election before.
export function changeHead(name) {
  const head = element("th", name ? WORDS.of(name) : WORDS.head, "number");
  head.scope = "col";
  return head;
}

// What the changes rest on, in words.
export function restsOn(node, swing) {
  node.hidden = !swing;
  if (swing) write(node, swing.units ? WORDS.rests(swing) : WORDS.none_yet);
}
