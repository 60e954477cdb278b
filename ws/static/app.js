// The live page: follows one contest and says what its view says, nothing more.
import { LISTED, contests } from "./contests.js";
import { Happened } from "./happened.js";
import { RECORDS_BACK, lookAt, mirrored } from "./mirror.js";
import { oneLead } from "./observe-words.js";
import { Past } from "./past.js";
import { Places } from "./places.js";
import { bar, swatch } from "./colours.js";
import { at, cell, clock, element, fetchJson, label, near, number, ranked, rowHead, write } from "./page.js";
import { projected } from "./projection.js";
import { called, percents, say } from "./say.js";
import { Stream } from "./stream.js";
import { changeCell, changeHead, restsOn } from "./swing.js";
import { Verdict } from "./verdict.js";

const share = percents(2);
const AGAIN_AFTER_MS = 2_000;

const picture = document.querySelector("tally-crossing");

let names = {};
let places = null;
let prize = "seats"; // what at-least and at-most count
let shown = null; // what the page says
let live = null; // the newest view; another one while the page shows the past
let past = null;
let units = null;
let verdict = null;
let happened = null;
let projection = null; // the newest frame of its channel
let fan = null; // of the projections

start();

async function start() {
  let election, named;
  try {
    const wanted = asked();
    [election, named] = await Promise.all([fetchJson(`/v1/contests?limit=${LISTED}`), namesOf(wanted.id)]);
    if (!named && !wanted.must) named = await namesOf(election.contests[0]?.contest);
    if (!named) { unknown(election); return; }
  } catch {
    write(at("connection"), say("connection.silent"));
    setTimeout(start, AGAIN_AFTER_MS);
    return;
  }
  const { contest } = named;
  at("night").textContent = election.name || election.election;
  label(election);
  prize = ["electoral_college", "district_method"].includes(contest.rule) ? "electors" : "seats";
  names = Object.fromEntries(named.selections.map((s) => [s.id, s.name || s.id]));
  places = new Places(named, names);
  verdict = new Verdict(names, oneLead(contest));
  happened = new Happened(names);
  at("contest").textContent = contest.name || contest.id;
  at("verify").textContent = `tally verify ${location.origin}`;
  contests(election, contest.id);
  past = new Past(contest.id, { paint: (view, ms) => { paint(view); picture.shows?.(view, ms); }, live: () => { paint(live); picture.shows?.(live, null); } });
  picture.addEventListener("moment", (event) => past.go(event.detail));
  picture.addEventListener("proof", () => verdict.lookAtProof());
  addEventListener("hashchange", () => location.reload());
  const stream = new Stream(lookAt(contest.id, { view: show, calls: heard, projection: likely }), () => picture.night && picture.reread());
  // First the numbers; what is heard first brings them anyway.
  await fetchJson(`/v1/contests/${encodeURIComponent(contest.id)}`).then(show, () => {});
  stream.follow(new Map([
    [`contest:${contest.id}`, show], [`calls:${election.election}`, heard], [`status:${election.election}`, () => {}], [`projection:${contest.id}`, likely],
  ]), new Map([[`calls:${election.election}`, before(election.position)]]));
  await stream.begun;
  unfold(contest.id);
  listUnits(contest.id);
  await customElements.whenDefined("tally-crossing"); // which never comes where its file does not: the rest stands without it
  picture.fixed = mirrored;
  picture.open(contest, names, fetchJson);
  if (live) picture.take(live);
}

// The contest of the path; at `/` the one after the #, or the first.
function asked() {
  const [, place, id] = location.pathname.split("/");
  try {
    return place === "contest" ? { id: decodeURIComponent(id), must: true } : { id: decodeURIComponent(location.hash.slice(1)), must: false };
  } catch { return { id: null, must: place === "contest" }; }
}

async function namesOf(id) {
  if (!id) return null;
  try { return await fetchJson(`/v1/contests/${encodeURIComponent(id)}/names`); } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function unknown(election) {
  at("night").textContent = election.name || election.election;
  label(election);
  at("contest").textContent = say("unknown.head");
  at("unknown").hidden = false;
  at("main").classList.remove("not-yet");
  for (const part of document.querySelectorAll("main > section, main > dl, #position, #connection")) part.hidden = true;
  document.title = say("unknown.title");
  contests(election, null);
}

// Who comes late reads what happened in the last records too; what is older stays in the contest's history.
function before(position) {
  const seq = Math.max(0, position.seq - RECORDS_BACK);
  if (seq) at("calls").firstElementChild.textContent = say("events.before", { n: RECORDS_BACK });
  return { epoch: position.epoch, offset: seq };
}

function heard(frame) {
  if (happened.take(frame, past.seq)) picture.heard?.(frame);
}

function likely(frame) {
  projection = frame;
  if (shown && !past.on) projected(frame, shown, names);
  if (live) fan?.take(frame, live);
}

// How the projection went: loaded when a reader comes to it.
async function unfold(contest) {
  await near(at("projection"));
  const { Fan } = await import("./fan.js");
  fan = new Fan(names);
  await fetchJson(`/v1/contests/${encodeURIComponent(contest)}/projections`).then((told) => fan.fill(told), () => {});
  if (projection && live) fan.take(projection, live);
}

// Every unit, at the end of the page: loaded when a reader comes near it.
async function listUnits(contest) {
  await near(at("events"), "100% 0px");
  const { Units } = await import("./units.js");
  units = new Units(contest, names);
  if (shown) units.show(shown, past.seq);
}

function show(view) {
  const known = live?.position;
  if (known?.epoch === view.position.epoch && view.position.seq < known.seq) return; // the stream was quicker
  live = view;
  at("main").classList.remove("not-yet");
  picture.take?.(view);
  if (past.on) past.goesOn(view);
  else paint(view);
}

function paint(view) {
  shown = view;
  label(view);
  verdict.show(view, past.seq);
  crossing(view);
  totals(view);
  places.show(view);
  units?.show(view, past.seq);
  if (projection && !past.on) projected(projection, view, names);
  at("position").textContent = say("position", { at: `${view.position.epoch}/${view.position.seq}`, time: clock.format(new Date(view.as_of)) });
}

function crossing(view) {
  const coming = view.outstanding.certain;
  write(at("lead"), number.format(view.lead));
  write(at("coming"), coming === null ? say("unknown") : number.format(coming));
  const assumed = Object.entries(view.outstanding.assumptions ?? {})
    .map(([name, ballots]) => say("given", { n: ballots ?? say("unknown"), what: called("assumption", name) })).join("; ");
  write(at("crossing-text"), [
    coming !== null && view.leader ? say(view.lead > coming ? "crossing.crossed" : "crossing.open") : "",
    assumed,
  ].filter(Boolean).join(" "));
}

function weight({ least, most }) { // the fewest and the most there can be, where either is known
  if (most === 0) return [say(`${prize}.none`)];
  if (most === undefined) return least === undefined ? [] : [say(`${prize}.least`, { n: least })];
  if (least === undefined) return [say(`${prize}.most`, { n: most })];
  return [least === most ? say(`${prize}.exactly`, { n: most }) : say(`${prize}.range`, { least, n: most })];
}

function totals(view) {
  const claims = new Map();
  for (const c of view.claims) {
    if (c.status !== "irreversible" || c.who.length !== 1 || c.place !== undefined) continue;
    const known = claims.get(c.who[0]) ?? { said: [] };
    if (c.claim === "at-least") known.least = c.number;
    else if (c.claim === "at-most") known.most = c.number;
    else known.said.push(c.number === undefined ? called("short", c.claim) : `${called("short", c.claim)} ${number.format(c.number)}`);
    claims.set(c.who[0], known);
  }
  const rows = ranked(view.totals).map((total) => {
    const row = element("tr");
    const claim = claims.get(total.selection);
    const colour = places.colours[total.selection], head = rowHead(names[total.selection] ?? total.selection);
    head.prepend(swatch(colour));
    head.append(bar(colour, view.valid ? total.votes / view.valid : 0));
    row.append(
      head,
      cell(number.format(total.votes) + (total.votes_disputed ? ` (${say("n.votes-disputed", { n: total.votes_disputed })})` : "")),
      cell(view.valid ? share.format(total.votes / view.valid) : "–"),
      ...(view.swing ? [changeCell(view.swing, total.selection)] : []),
      element("td", claim ? say("certain", { what: [...claim.said, ...weight(claim)].join(", ") }) : say("open"), claim ? "certain" : ""),
    );
    return row;
  });
  at("totals").replaceChildren(...rows);
  at("totals-head").querySelector(".change")?.remove();
  if (view.swing) {
    const head = changeHead();
    head.classList.add("change");
    at("totals-head").lastElementChild.before(head);
  }
  restsOn(at("change"), view.swing);
  counted(view);
}

// How much is in, under the table of votes.
function counted(view) {
  const { units } = view;
  const extra = [["in-process", units.in_process], ["under-review", units.quarantined], ["disputed", units.disputed], ["annulled", units.annulled], ["unreconciled", units.unreconciled]]
    .filter(([, n]) => n).map(([what, n]) => say(`n.${what}`, { n }));
  const said = [
    `${say("counted.units", { n: units.completed, total: units.total })}${extra.length ? ` (${extra.join(", ")})` : ""}`,
    say("counted.ballots", { n: view.ballots_cast, invalid: view.invalid }),
    view.voters_registered ? say("counted.registered", { n: view.voters_registered, share: share.format(view.ballots_cast / view.voters_registered) }) : "",
  ];
  write(at("counted"), `${said.filter(Boolean).join("; ")}.`);
}
