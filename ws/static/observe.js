// The observers' page: every contest in one table, a page of it at a time, and one contest in full below it.
import { Detail } from "./observe-detail.js";
import { comingWords, idWords } from "./observe-words.js";
import { at, clock, element, fetchJson, label, link, number, rowHead, write } from "./page.js";
import { conditions, say } from "./say.js";
import { Stream } from "./stream.js";

const ROWS = 100; // in the document at once, however many contests there are
const SLICE = 500; // lines worked through before the browser has its turn
const WHOLE_FRAMES_MAX = 200; // contests up to which the channel with all of them is heard; above, the beat of `status:`
const AGAIN_AFTER_MS = 2_000;
const ASK_EVERY_MS = 500;
const REVEAL_WITHIN_MS = 2_000; // what is asked for at first is shown at once, so that nothing moves; not later than that
const UNKNOWN = Number.MAX_SAFE_INTEGER;

const COLUMNS = [ // head, key to sort by, cell; numbers begin with the highest
  { head: say("contest"), key: (one) => one.sortable },
  { head: say("leader"), key: (one) => one.leaderName.toLowerCase() },
  { head: say("lead"), key: (one) => one.lead, numeric: true },
  { head: say("can-come"), key: (one) => one.outstanding ?? UNKNOWN, numeric: true },
  { head: say("units-in"), key: (one) => one.units.total ? one.units.completed / one.units.total : 0, numeric: true },
  { head: say("layer.irreversible"), key: (one) => one.sure.toLowerCase() || "\uffff" },
  { head: say("since"), key: (one) => one.sinceSeq, numeric: true },
  { head: say("quarantined"), key: (one) => one.units.quarantined, numeric: true },
  { head: say("disputed"), key: (one) => one.units.disputed, numeric: true },
];

const lines = new Map(); // contest → its line
const drawn = new Map(); // contest → its row in the document
let shown = []; // contests whose lines pass the filter, in order
let stirred = true; // whether a line that came could stand elsewhere than before
let sort = { column: 0, down: false };
let first = 0; // of `shown`, on this page of the table
let position = null;
let election = "";
let chosen = null;
let detail = null;
let asking = false, askAgain = false;
const stream = new Stream(async (moved) => {
  if (moved) await catchUp();
  if (moved && chosen) detail?.show(await fetchJson(`/v1/contests/${encodeURIComponent(chosen)}`));
});

heads();
at("filter").addEventListener("input", () => { first = 0; arrange(); });
at("kind").addEventListener("change", () => { first = 0; arrange(); });
at("back").addEventListener("click", () => turn(-ROWS));
at("next").addEventListener("click", () => turn(ROWS));
at("verify").textContent = `tally verify ${location.origin}`;
addEventListener("hashchange", () => { if (choose(true)) follow(); });
start();

async function start() {
  try {
    await catchUp();
  } catch {
    at("connection").textContent = say("connection.silent");
    setTimeout(start, AGAIN_AFTER_MS);
    return;
  }
  choose(false);
  follow();
  await Promise.race([detail?.whole, new Promise((late) => { setTimeout(late, REVEAL_WITHIN_MS); })]);
  at("main").classList.remove("not-yet");
}

// The lines that changed since the last look; all of them the first time and after a new journal.
async function catchUp() {
  const view = await fetchJson(`/v1/observers?after=${position?.seq ?? 0}`);
  if (position && view.position.epoch !== position.epoch) {
    position = null;
    lines.clear();
    stirred = true;
    await catchUp();
    return;
  }
  const before = position;
  for (let from = 0; from < view.contests.length; from += SLICE) {
    if (from) await new Promise((next) => { setTimeout(next); });
    const passes = filter();
    for (const line of view.contests.slice(from, from + SLICE)) take(line, before !== null, passes);
  }
  position = view.position;
  election = view.election;
  at("night").textContent = view.name || view.election;
  label(view);
  at("position").textContent = say("position", { at: `${position.epoch}/${position.seq}`, time: clock.format(new Date(view.as_of)) });
  if (stirred || !before) arrange();
  else if (view.contests.length) draw();
}

function take(line, tell, passes) {
  const known = lines.get(line.contest);
  const title = line.name || line.contest;
  const settled = line.irreversible.filter((one, _, all) => !(one.id === "runoff" && all.some((other) => other.id.startsWith("runoff:"))));
  const since = settled.at(-1) ? settled.reduce((a, b) => a.since >= b.since ? a : b) : null;
  const one = {
    ...line, title,
    sortable: title.toLocaleLowerCase(),
    leaderName: line.leader === null ? "" : line.names[line.leader] || line.leader,
    settled: settled.map((each) => ({ ...each, words: idWords(each.id, line.names) })),
    sinceSeq: since?.since ?? 0,
    sinceAt: since?.since_at ?? null,
  };
  one.sure = one.settled.map((each) => each.words + (each.grade === "certain" ? "" : conditions(each.assumptions))).join("; ");
  one.text = `${one.sortable} ${line.contest.toLowerCase()} ${one.leaderName.toLocaleLowerCase()} ${one.sure.toLocaleLowerCase()}`;
  lines.set(line.contest, one);
  const { key } = COLUMNS[sort.column];
  stirred ||= !known || key(known) !== key(one) || passes(known) !== passes(one);
  if (!tell || !known || known.sure === one.sure) return;
  at("news").textContent = `${title}: ${one.sure ? say("news.irreversible", { what: one.sure }) : say("news.withdrawn", { what: known.sure })}`;
}

async function ask() {
  if (asking) { askAgain = true; return; }
  asking = true;
  try { await catchUp(); } catch { /* the next frame asks again */ }
  setTimeout(() => { asking = false; if (askAgain) { askAgain = false; ask(); } }, ASK_EVERY_MS);
}

// The beat says that something moved; what, is asked for.
function follow() {
  const beat = (frame) => { if (moved(frame.position)) ask(); };
  const channels = new Map([[`status:${election}`, beat]]);
  if (lines.size <= WHOLE_FRAMES_MAX) channels.set(`election:${election}`, beat);
  if (chosen) channels.set(`contest:${chosen}`, (view) => detail?.show(view));
  stream.follow(channels);
}

function moved(to) { return !position || to.epoch !== position.epoch || to.seq > position.seq; }

function heads() {
  at("heads").replaceChildren(...COLUMNS.map((column, index) => {
    const head = element("th", "", column.numeric ? "number" : "");
    head.scope = "col";
    const button = element("button", column.head);
    button.type = "button";
    button.addEventListener("click", () => {
      sort = sort.column === index ? { column: index, down: !sort.down } : { column: index, down: Boolean(column.numeric) };
      first = 0;
      arrange();
    });
    head.append(button);
    return head;
  }));
}

const KINDS = {
  all: () => true,
  open: (one) => !one.sure,
  sure: (one) => one.sure !== "",
  doubt: (one) => one.units.quarantined + one.units.disputed > 0,
};

// What the controls ask for.
function filter() {
  const wanted = at("filter").value.trim().toLocaleLowerCase(), kind = KINDS[at("kind").value];
  return (one) => kind(one) && one.text.includes(wanted);
}

function arrange() {
  stirred = false;
  const { key } = COLUMNS[sort.column], way = sort.down ? -1 : 1;
  const keyed = [...lines.values()].filter(filter()).map((one) => [key(one), one]);
  keyed.sort(([a], [b]) => a < b ? -way : a > b ? way : 0);
  shown = keyed.map(([, one]) => one.contest);
  for (const [index, head] of [...at("heads").children].entries()) {
    if (index === sort.column) head.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  draw();
}

function turn(by) {
  first = Math.max(0, Math.min(first + by, shown.length - 1));
  draw();
  at("all").focus();
}

function draw() {
  if (first >= shown.length) first = 0;
  const page = shown.slice(first, first + ROWS).map((id) => lines.get(id));
  const kept = new Set(page.map((one) => one.contest));
  for (const [id, row] of drawn) if (!kept.has(id)) { row.remove(); drawn.delete(id); }
  const focused = document.activeElement;
  const body = at("rows");
  page.forEach((one, index) => {
    const row = drawn.get(one.contest) ?? made(one);
    if (row.line !== one) fill(row, one);
    row.classList.toggle("current", one.contest === chosen);
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
  });
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true }); // rows moved under it
  write(at("shown"), say(shown.length === lines.size ? "n.contests" : "n.contests.of", { shown: shown.length, n: lines.size }));
  at("pages").hidden = shown.length <= ROWS;
  at("back").disabled = first === 0;
  at("next").disabled = first + ROWS >= shown.length;
  write(at("page"), say("pages", { from: first + 1, to: Math.min(first + ROWS, shown.length), n: shown.length }));
}

function made(one) {
  const row = element("tr");
  const name = rowHead("");
  name.append(link(`#${encodeURIComponent(one.contest)}`, one.title));
  row.append(name, ...COLUMNS.slice(1).map((column) => element("td", "", column.numeric ? "number" : "")));
  drawn.set(one.contest, row);
  return row;
}

function fill(row, one) {
  row.line = one;
  const [name, leader, lead, coming, units, sure, since, held, disputed] = row.children;
  write(name.firstElementChild, one.title);
  write(leader, one.leaderName || "–");
  write(lead, number.format(one.lead));
  write(coming, comingWords(one.outstanding, one.uncapped));
  write(units, say("of", { n: one.units.completed, total: one.units.total }));
  write(sure, one.sure || (one.withdrawn.length ? say("withdrawn") : one.claims_irreversible ? say("claims.but", { n: one.claims_irreversible }) : "–"));
  sure.className = one.sure ? "certain" : one.withdrawn.length ? "doubtful" : "";
  write(since, one.sinceAt ? clock.format(new Date(one.sinceAt)) : "–");
  for (const [cell, count] of [[held, one.units.quarantined], [disputed, one.units.disputed]]) {
    write(cell, number.format(count));
    cell.classList.toggle("doubtful", count > 0);
  }
}

// Whether another contest is chosen than before.
function choose(focus) {
  let wanted;
  try { wanted = decodeURIComponent(location.hash.slice(1)); } catch { wanted = ""; }
  const next = lines.has(wanted) ? wanted : null;
  if (next === chosen) return false;
  chosen = next;
  detail?.close();
  at("chosen").hidden = chosen === null;
  detail = chosen === null ? null : new Detail(chosen, focus);
  draw();
  return true;
}
