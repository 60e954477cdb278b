// The change against the election before, on the units that are counted and were there then; never whole against partial.
import { cell, element, write } from "./page.js";
import { locale, say } from "./say.js";

const points = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });

// Hundredths of a share by which a selection is above what it had, or null: no unit to compare, or nobody to compare with.
function changeOf(swing, selection) {
  const one = swing.totals.find((total) => total.selection === selection);
  if (!one || one.votes_before === null || !swing.votes || !swing.votes_before) return null;
  return 100 * (one.votes / swing.votes - one.votes_before / swing.votes_before);
}

export function changeCell(swing, selection) {
  const change = changeOf(swing, selection);
  const new_ = swing.totals.find((total) => total.selection === selection)?.votes_before === null;
  const made = cell(change === null ? (new_ ? say("swing.new") : "–") : points.format(change));
  if (change !== null) made.append(element("span", ` ${say("swing.points")}`, "hidden"));
  return made;
}

// Heads of the columns that are there only beside an election before.
export function changeHead(name) {
  const head = element("th", say("swing.head"), "number");
  if (name) head.append(element("span", say("swing.of", { name }), "hidden"));
  head.scope = "col";
  return head;
}

// What the changes rest on, in words.
export function restsOn(node, swing) {
  node.hidden = !swing;
  if (swing) write(node, swing.units ? say("swing.rests", { n: swing.units, votes: swing.votes, before: swing.votes_before }) : say("swing.none-yet"));
}
