// The live page: follows one contest over Server-Sent Events and says what its view says, nothing more.
import { LISTED, contests } from "./contests.js";
import { settled } from "./embed-words.js";
import { RECORDS_BACK, StandIn, lookAt, mirrored, tell } from "./mirror.js";
import { idWords, oneLead } from "./observe-words.js";
import { Past } from "./past.js";
import { Places } from "./places.js";
import { bar, swatch } from "./colours.js";
import { at, cell, clock, element, fetchJson, heard, label, link, number, ranked, rowHead, write } from "./page.js";
import { projected } from "./projection.js";
import { called, conditions, outcome, percents, say } from "./say.js";
import { changeCell, changeHead, restsOn } from "./swing.js";
import { Units } from "./units.js";

const share = percents(2);
const STALE_AFTER_MS = 10_000;
const CALLS_SHOWN = 40;
const AGAIN_AFTER_MS = 2_000;
const PROVE_EVERY_MS = 10_000; // a certificate is hashed over every unit: only for who looks, and not for every frame

const picture = document.querySelector("tally-crossing");

let names = {};
let places = null;
let alone = false; // one seat, won by votes
let prize = "seats"; // what at-least and at-most count
let shown = null; // what the page says
let live = null; // the newest view; another one while the page shows the past
let past = null;
let units = null;
let lastHeard = Date.now();
let connected = false;
let proofOf = null;
let provedAt = 0;
let proveLater = null;
let told = { epoch: "", seq: 0 };
let projection = null; // the newest frame of its channel
let standIn = null; // for the stream, where there is none

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
  alone = oneLead(contest);
  prize = ["electoral_college", "district_method"].includes(contest.rule) ? "electors" : "seats";
  names = Object.fromEntries(named.selections.map((s) => [s.id, s.name || s.id]));
  places = new Places(named, names);
  at("contest").textContent = contest.name || contest.id;
  at("proof").addEventListener("toggle", () => { if (shown) verdict(shown); });
  at("verify").textContent = `tally verify ${location.origin}`;
  contests(election, contest.id);
  units = new Units(contest.id, names);
  past = new Past(contest.id, { paint: (view, ms) => { paint(view); picture.shows?.(view, ms); }, live: () => { paint(live); picture.shows?.(live, null); } });
  picture.addEventListener("moment", (event) => past.go(event.detail));
  picture.addEventListener("proof", lookAtProof);
  customElements.whenDefined("tally-crossing").then(() => {
    picture.fixed = mirrored; // only now: before, it is an element that becomes another
    picture.open(contest, names, fetchJson);
    if (live) picture.take(live);
  });
  standIn = new StandIn(lookAt(contest.id, { view: show, calls: happened, projection: likely }), freshness);
  follow(election.election, contest.id, before(election.position));
  addEventListener("hashchange", () => location.reload());
  setInterval(freshness, 1_000);
  show(await fetchJson(`/v1/contests/${encodeURIComponent(contest.id)}`));
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
  return `${position.epoch}/${seq}`;
}

function follow(election, contest, position) {
  if (mirrored) return;
  const view = `contest:${contest}`, calls = `calls:${election}`, status = `status:${election}`;
  const channels = [view, calls, status, `projection:${contest}`].map(encodeURIComponent).join(",");
  const stream = new EventSource(`/v1/stream?channels=${channels}&last_event_id=${encodeURIComponent(position)}`);
  let reached = position, broken = false;
  const hear = (channel, show) => stream.addEventListener(channel, (event) => {
    lastHeard = Date.now();
    connected = true;
    reached = event.lastEventId || reached;
    freshness();
    show(JSON.parse(event.data));
  });
  hear(view, show);
  hear(calls, happened);
  hear(status, () => {});
  hear(`projection:${contest}`, likely);
  stream.onopen = () => {
    if (broken) picture.reread?.(); // what happened meanwhile is in the history
    broken = false;
    connected = true;
    lastHeard = Date.now();
    freshness();
  };
  stream.onerror = () => {
    connected = false;
    broken = true;
    freshness();
    // Refused outright (full, or not up yet), a browser gives up: then coming back is ours to do.
    if (stream.readyState === EventSource.CLOSED) setTimeout(follow, AGAIN_AFTER_MS, election, contest, reached);
  };
}

function likely(frame) {
  projection = frame;
  if (shown && !past.on) projected(frame, shown, names);
}

function freshness() {
  const quiet = Date.now() - lastHeard;
  const lost = !connected || quiet > STALE_AFTER_MS;
  if (standIn && tell(at("connection"), standIn.words(lost))) return;
  at("connection").classList.toggle("lost", lost);
  at("connection").textContent = heard(connected, lost, quiet);
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
  verdict(view);
  crossing(view);
  totals(view);
  places.show(view);
  units?.show(view, past.on ? past.seq : null);
  if (projection && !past.on) projected(projection, view, names);
  at("position").textContent = say("position", { at: `${view.position.epoch}/${view.position.seq}`, time: clock.format(new Date(view.as_of)) });
}

function verdict(view) {
  const won = settled(view);
  const withdrawn = view.claims.filter((c) => c.status === "withdrawn");
  const box = at("verdict");
  box.classList.toggle("sure", won.length > 0);
  write(at("verdict-kind"), say(won.length ? "verdict.proven" : "verdict.nothing"));
  if (won.length) {
    const said = won.every((c) => c.claim === "elected")
      ? outcome("elected", won.map((c) => names[c.who[0]]))
      : won.map((c) => outcome(c.claim, c.who.map((w) => names[w]))).join("; ");
    const grade = won.every((c) => c.grade === "certain") ? "" : conditions([...new Set(won.flatMap((c) => c.assumptions))]);
    write(at("verdict-head"), `${say("verdict.irreversible", { what: said })}${grade}`);
    write(at("verdict-text"), sentence(view, won[0]));
    at("proof").hidden = false;
    prove(view, won[0]);
    return;
  }
  at("proof").hidden = true;
  write(at("verdict-head"), tied(view) ? say("verdict.tie") : say(view.ballots_cast ? "verdict.open" : "verdict.waiting"));
  const undone = withdrawn.length
    ? `${say("verdict.undone", { what: withdrawn.map((c) => idWords(c.id, names)).join(", ") })} `
    : "";
  write(at("verdict-text"), undone + open(view));
}

function sentence(view, claim) {
  const byVotes = claim.claim === "elected" && claim.evaluated_at === undefined;
  if (byVotes && claim.slack === null) return say("why.uncontested");
  const assumed = claim.assumptions.map((name) => view.outstanding.assumptions[name]).find((ballots) => ballots !== undefined);
  const coming = claim.grade === "certain" ? view.outstanding.certain : assumed ?? null;
  const then = claim.grade === "certain" ? "" : ".then";
  const rest = coming === null ? say(`rest.any${then}`) : say(`rest.all${then}`, { n: coming });
  const why = byVotes && coming === 0 && !then ? say("why.stays", { who: names[claim.who[0]], n: claim.slack })
    : byVotes ? say("why.ahead", { rest, who: names[claim.who[0]], n: claim.slack })
    : coming === 0 ? say(`why.none${then}`) : say("why.every", { rest });
  if (!view.units.disputed) return why;
  const { if_any_disputed_annulled: robust, units_to_overturn: units } = claim.robust;
  return `${why} ${robust ? say("why.robust") : units ? say("why.shaken", { n: units }) : say("why.shaken.some")}`;
}

function open(view) {
  const { certain, uncapped } = view.outstanding;
  if (!view.ballots_cast) return say("verdict.nothing-counted");
  if (certain === null) return say("open.uncapped", { n: uncapped });
  if (tied(view)) return say("open.tie", { who: highest(view).map((total) => names[total.selection]), votes: highest(view)[0].votes });
  if (certain === 0) return say("open.doubt");
  if (!view.leader) return say("open.level", { n: certain });
  return say("open.ahead", { who: names[view.leader], lead: view.lead, n: certain });
}

function highest(view) {
  const most = Math.max(...view.totals.map((total) => total.votes));
  return view.totals.filter((total) => total.votes === most);
}

// One seat, and the count over without a winner of it.
function tied(view) {
  return alone && view.ballots_cast > 0 && !view.leader && view.outstanding.certain === 0 && !view.units.disputed && !view.units.quarantined;
}

// From the mark in the picture to the proof of what it marks.
function lookAtProof() {
  if (at("proof").hidden) return;
  at("proof").open = true;
  const summary = at("proof").querySelector("summary");
  summary.focus({ preventScroll: true });
  at("verdict").scrollIntoView({ block: "start" });
}

async function prove(view, claim) {
  const moment = past.on ? `&at=${past.seq}` : "";
  const key = `${claim.id}@${view.position.seq}${moment}`;
  if (proofOf === key || !at("proof").open) return;
  const wait = provedAt + PROVE_EVERY_MS - Date.now();
  if (wait > 0) {
    proveLater ??= setTimeout(() => { proveLater = null; verdict(shown); }, wait);
    return;
  }
  proofOf = key;
  provedAt = Date.now();
  const path = `/v1/contests/${encodeURIComponent(view.contest)}`;
  const address = `${path}/certificate?claim=${encodeURIComponent(claim.id)}${moment}`;
  let certificate;
  try { certificate = await fetchJson(address); } catch { return; }
  if (proofOf !== key) return;
  const lines = (certificate.proof?.assertions ?? []).map((a) => {
    const rival = certificate.selections[a.a.findIndex((weight) => weight < 0)];
    return element("li", say("proof.over", { who: names[rival] ?? rival, counted: a.counted, worst: -a.worst, slack: a.slack }));
  });
  const list = element("ul");
  list.append(...lines);
  const links = element("p");
  links.append(link(address, say("proof.certificate")), " · ", link(`${path}/units.ndjson${moment.replace("&", "?")}`, say("proof.rows")), ` ${say("proof.at", { seq: String(certificate.data.seq), hash: certificate.data.snapshot_sha256.slice(0, 16) })}`);
  at("proof-body").replaceChildren(list, links);
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
  const units = view.units;
  const extra = [["in-process", units.in_process], ["under-review", units.quarantined], ["disputed", units.disputed], ["annulled", units.annulled], ["unreconciled", units.unreconciled]]
    .filter(([, n]) => n).map(([what, n]) => say(`n.${what}`, { n }));
  const said = [
    `${say("counted.units", { n: units.completed, total: units.total })}${extra.length ? ` (${extra.join(", ")})` : ""}`,
    say("counted.ballots", { n: view.ballots_cast, invalid: view.invalid }),
    view.voters_registered ? say("counted.registered", { n: view.voters_registered }) : "",
  ];
  write(at("counted"), `${said.filter(Boolean).join("; ")}.`);
}

function happened(frame) {
  const { epoch, seq } = frame.position;
  if (epoch === told.epoch && seq <= told.seq) return; // a resumed stream may say an event again
  const list = at("calls");
  if (epoch !== told.epoch) list.replaceChildren(); // the first word, or another journal
  told = { epoch, seq };
  for (const event of frame.events) {
    const item = element("li", `${clock.format(new Date(frame.as_of))}: ${inWords(event)}`);
    item.dataset.seq = seq;
    item.hidden = past.on && seq > past.seq;
    list.prepend(item);
  }
  picture.heard?.(frame);
  while (list.children.length > CALLS_SHOWN) list.lastElementChild.remove();
}

function inWords(event) {
  const { kind, unit, units, reason } = event;
  switch (kind) {
    case "claim": return event.status === "irreversible"
      ? say("event.claim", { claim: idWords(event.claim, names), grade: `${called("grade", event.grade)}${conditions(event.assumptions)}` })
      : say("event.withdrawn", { claim: idWords(event.claim, names) });
    case "correction": case "withdrawal": case "reopened": return say("event.unit", { what: called("event", kind), unit, reason });
    case "quarantined": return say("event.quarantined", { unit, rule: called("rule", event.rule) });
    case "bound-violated": return say("event.bound", { unit, n: event.ballots, cap: event.cap, source: called("source", event.source) });
    default: return `${units ? say("event.units", { what: called("event", kind), n: units.length }) : called("event", kind)}: ${reason ?? ""}`;
  }
}
