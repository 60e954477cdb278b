// The live page: follows one contest over Server-Sent Events and says what its view says, nothing more.
import { StandIn, lookAt, mirrored, say } from "./mirror.js";
import { ENDS, OUTCOMES } from "./observe-words.js";
import { Past } from "./past.js";
import { at, clock, element, fetchJson, link, number, rowHead, write } from "./page.js";
import { projected } from "./projection.js";

const share = new Intl.NumberFormat(navigator.language, { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });
const STALE_AFTER_MS = 10_000;
const CALLS_SHOWN = 40;
const RECORDS_BACK = 1_000;
const AGAIN_AFTER_MS = 2_000;
const CONTESTS_LISTED = 60; // more than these are a list of their own, at /observe
const PROVE_EVERY_MS = 10_000; // a certificate is hashed over every unit: only for who looks, and not for every frame

const picture = document.querySelector("tally-crossing");

let names = {};
let prize = "seats"; // what at-least and at-most count
let shown = null; // what the page says
let live = null; // the newest view; another one while the page shows the past
let past = null;
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
    election = await fetchJson("/v1/contests");
    const wanted = asked();
    const known = election.contests.find((c) => c.contest === wanted.id) ?? (wanted.must ? null : election.contests[0]);
    if (!known) { unknown(election); return; }
    named = await fetchJson(`/v1/contests/${encodeURIComponent(known.contest)}/names`);
  } catch {
    write(at("connection"), "the service does not answer; trying again");
    setTimeout(start, AGAIN_AFTER_MS);
    return;
  }
  const { contest } = named;
  at("night").textContent = election.name || election.election;
  label(election);
  prize = ["electoral_college", "district_method"].includes(contest.rule) ? "electors" : "seats";
  names = Object.fromEntries(named.selections.map((s) => [s.id, s.name || s.id]));
  at("contest").textContent = contest.name || contest.id;
  at("proof").addEventListener("toggle", () => { if (shown) verdict(shown); });
  at("verify").textContent = `tally verify ${location.origin}`;
  contests(election.contests, contest.id);
  past = new Past(contest.id, { paint: (view, ms) => { paint(view); picture.shows?.(view, ms); }, live: () => { paint(live); picture.shows?.(live, null); } });
  picture.fixed = mirrored;
  picture.addEventListener("moment", (event) => past.go(event.detail));
  picture.addEventListener("proof", lookAtProof);
  customElements.whenDefined("tally-crossing").then(() => {
    picture.open(contest, names, fetchJson);
    if (live) picture.take(live);
  });
  standIn = new StandIn(lookAt(contest.id, { view: show, calls: happened, projection: likely }), freshness);
  follow(election.election, contest.id, before(election.position));
  show(await fetchJson(`/v1/contests/${encodeURIComponent(contest.id)}`));
  addEventListener("hashchange", () => location.reload());
  setInterval(freshness, 1_000);
}

// The contest of the path; at `/` the one after the #, or the first.
function asked() {
  const [, place, id] = location.pathname.split("/");
  try {
    return place === "contest" ? { id: decodeURIComponent(id), must: true } : { id: decodeURIComponent(location.hash.slice(1)), must: false };
  } catch { return { id: null, must: place === "contest" }; }
}

function unknown(election) {
  at("night").textContent = election.name || election.election;
  label(election);
  at("contest").textContent = "There is no such contest here";
  at("unknown").hidden = false;
  for (const part of document.querySelectorAll("main > section, main > dl, #position, #connection")) part.hidden = true;
  document.title = "tally: no such contest";
  contests(election.contests, null);
}

// Who comes late reads what happened in the last records too; what is older stays in the contest's history.
function before(position) {
  const seq = Math.max(0, position.seq - RECORDS_BACK);
  if (seq) at("calls").firstElementChild.textContent = `Nothing in the last ${number.format(RECORDS_BACK)} records.`;
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
  if (standIn && say(at("connection"), standIn.words(lost))) return;
  at("connection").classList.toggle("lost", lost);
  at("connection").textContent = connected
    ? (lost ? `no word from the service for ${Math.round(quiet / 1_000)} s; the numbers may be old` : "live")
    : "connection lost; trying again. The numbers may be old";
}

function label(view) {
  const said = [view.is_test ? "TEST" : "", view.label ?? ""].filter(Boolean).join(" · ");
  at("label").hidden = !said;
  at("label").textContent = said;
}

function contests(all, current) {
  if (all.length < 2 && current !== null) return;
  const links = all.slice(0, CONTESTS_LISTED).map((contest) => {
    const one = link(`/contest/${encodeURIComponent(contest.contest)}`, contest.name || contest.contest);
    if (contest.contest === current) one.setAttribute("aria-current", "page");
    return one;
  });
  if (all.length > CONTESTS_LISTED) links.push(link("/observe", `all ${number.format(all.length)} contests`));
  at("contests").hidden = false;
  at("contests").replaceChildren(...links);
}

function show(view) {
  const known = live?.position;
  if (known?.epoch === view.position.epoch && view.position.seq < known.seq) return; // the stream was quicker
  live = view;
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
  places(view);
  if (projection && !past.on) projected(projection, view, names);
  at("position").textContent = `Position ${view.position.epoch}/${view.position.seq}, ${clock.format(new Date(view.as_of))}`;
}

function settled(view) {
  const sure = view.claims.filter((c) => ENDS.includes(c.claim) && c.status === "irreversible");
  const pair = sure.some((c) => c.claim === "runoff" && c.who.length);
  return sure.filter((c) => !(pair && c.claim === "runoff" && !c.who.length));
}

function verdict(view) {
  const won = settled(view);
  const withdrawn = view.claims.filter((c) => c.status === "withdrawn");
  const box = at("verdict");
  box.classList.toggle("sure", won.length > 0);
  write(at("verdict-kind"), won.length ? "proven" : "nothing yet");
  if (won.length) {
    const said = won.every((c) => c.claim === "elected")
      ? OUTCOMES.elected(won.map((c) => names[c.who[0]]).join(", "))
      : won.map((c) => OUTCOMES[c.claim](c.who.map((w) => names[w]).join(" and "))).join("; ");
    const grade = won.every((c) => c.grade === "certain") ? "" : `, if ${[...new Set(won.flatMap((c) => c.assumptions))].join(" and ")}`;
    write(at("verdict-head"), `Irreversible: ${said}${grade}`);
    write(at("verdict-text"), sentence(view, won[0]));
    at("proof").hidden = false;
    prove(view, won[0]);
    return;
  }
  at("proof").hidden = true;
  write(at("verdict-head"), view.ballots_cast ? "Not decided yet" : "Waiting for the first count");
  const undone = withdrawn.length
    ? `What was certain has been undone, for the reason given below: ${withdrawn.map((c) => named(c.id)).join(", ")}. `
    : "";
  write(at("verdict-text"), undone + open(view));
}

function sentence(view, claim) {
  const byVotes = claim.claim === "elected" && claim.evaluated_at === undefined;
  if (byVotes && claim.slack === null) return `Nobody can contest it.`;
  const assumed = claim.assumptions.map((name) => view.outstanding.assumptions[name]).find((ballots) => ballots !== undefined);
  const coming = claim.grade === "certain" ? view.outstanding.certain : assumed ?? null;
  const may = claim.grade === "certain" ? "may still come" : "may then still come";
  const rest = coming === null ? `whatever ${may}` : `all ${number.format(coming)} ballots that ${may}`;
  const disputed = view.units.disputed
    ? (claim.robust.if_any_disputed_annulled
      ? " It holds even if any of the disputed units are annulled."
      : ` Decided on what is outstanding, not on what is disputed: annulling ${claim.robust.units_to_overturn ? number.format(claim.robust.units_to_overturn) : "some"} disputed units would overturn it.`)
    : "";
  if (!byVotes && coming === 0) return `It is so in every way the count can still end: no ballot ${may}.${disputed}`;
  if (!byVotes) return `It is so in every way the count can still end: ${rest}, and however it is cast.${disputed}`;
  return `Even if ${rest} went to one rival, ${names[claim.who[0]]} would stay ahead by ${number.format(claim.slack)}.${disputed}`;
}

function open(view) {
  if (!view.ballots_cast) return "Nothing has been counted yet.";
  if (view.outstanding.certain === null) {
    return `${number.format(view.outstanding.uncapped)} open units have no hard limit on their ballots, so nothing can be certain while they are open.`;
  }
  if (!view.leader) return `The first two are level, with ${number.format(view.outstanding.certain)} ballots that may still come.`;
  return `${names[view.leader]} is ahead by ${number.format(view.lead)}; up to ${number.format(view.outstanding.certain)} ballots may still come, which is enough to change that.`;
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
    return element("li", `over ${names[rival] ?? rival}: ${number.format(a.counted)} ahead now, at most ${number.format(-a.worst)} can still be lost, so at least ${number.format(a.slack)} stays`);
  });
  const list = element("ul");
  list.append(...lines);
  const links = element("p");
  links.append(link(address, "certificate (JSON)"), " · ", link(`${path}/units.ndjson${moment.replace("&", "?")}`, "the unit rows it is computed from"), ` at position ${certificate.data.seq} · SHA-256 ${certificate.data.snapshot_sha256.slice(0, 16)}…`);
  at("proof-body").replaceChildren(list, links);
}

function crossing(view) {
  const coming = view.outstanding.certain;
  write(at("lead"), number.format(view.lead));
  write(at("coming"), coming === null ? "unknown" : number.format(coming));
  const assumed = Object.entries(view.outstanding.assumptions ?? {})
    .map(([name, ballots]) => `${ballots === null ? "unknown" : number.format(ballots)} if ${name}`).join("; ");
  write(at("crossing-text"), [
    coming !== null && view.leader ? (view.lead > coming ? "The lead is larger than everything that may still come." : "What may still come is larger than the lead.") : "",
    assumed,
  ].filter(Boolean).join(" "));
}

function weight({ least, most }) { // the fewest and the most there can be, where either is known
  if (most === 0) return [`no ${prize}`];
  if (most === undefined) return least === undefined ? [] : [`at least ${number.format(least)} ${prize}`];
  const from = least === undefined ? "at most " : least === most ? "" : `${number.format(least)} to `;
  return [`${from}${number.format(most)} ${prize}`];
}

function totals(view) {
  const claims = new Map();
  for (const c of view.claims) {
    if (c.status !== "irreversible" || c.who.length !== 1 || c.place !== undefined) continue;
    const known = claims.get(c.who[0]) ?? { said: [] };
    if (c.claim === "at-least") known.least = c.number;
    else if (c.claim === "at-most") known.most = c.number;
    else known.said.push(c.number === undefined ? c.claim : `${c.claim} ${number.format(c.number)}`);
    claims.set(c.who[0], known);
  }
  const rows = [...view.totals].sort((a, b) => b.votes - a.votes).map((total) => {
    const row = element("tr");
    const claim = claims.get(total.selection);
    row.append(
      rowHead(names[total.selection] ?? total.selection),
      cell(number.format(total.votes) + (total.votes_disputed ? ` (${number.format(total.votes_disputed)} disputed)` : "")),
      cell(view.valid ? share.format(total.votes / view.valid) : "–"),
      element("td", claim ? `${[...claim.said, ...weight(claim)].join(", ")}, irreversible` : "open", claim ? "certain" : ""),
    );
    return row;
  });
  at("totals").replaceChildren(...rows);
  const units = view.units;
  const extra = [["in process", units.in_process], ["under review", units.quarantined], ["disputed", units.disputed], ["annulled", units.annulled], ["do not add up", units.unreconciled]]
    .filter(([, count]) => count).map(([what, count]) => `${number.format(count)} ${what}`);
  write(at("counted"), `${number.format(units.completed)} of ${number.format(units.total)} units counted${extra.length ? ` (${extra.join(", ")})` : ""}; ${number.format(view.ballots_cast)} ballots, ${number.format(view.invalid)} of them invalid${view.voters_registered ? `; ${number.format(view.voters_registered)} registered voters` : ""}.`);
}

function places(view) {
  const below = view.subtotals ?? [];
  at("places-section").hidden = below.length < 2;
  if (below.length < 2) return;
  const first = [...view.totals].sort((a, b) => b.votes - a.votes).slice(0, 2).map((t) => t.selection);
  at("places-head").replaceChildren(...["Place", ...first.map((s) => names[s] ?? s), "Units counted"].map((text, i) => {
    const head = element("th", text, i ? "number" : "");
    head.scope = "col";
    return head;
  }));
  at("places-body").replaceChildren(...below.map((place) => {
    const row = element("tr");
    const votes = new Map(place.totals.map((t) => [t.selection, t.votes]));
    row.append(rowHead(place.name || place.unit), ...first.map((s) => cell(number.format(votes.get(s) ?? 0))), cell(number.format(place.units.completed)));
    return row;
  }));
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

function named(claim) {
  const [kind, ...rest] = claim.split(":");
  const whole = rest.join(":");
  if (names[whole]) return `${names[whole]} ${kind}`;
  const [who, ...more] = rest;
  const people = (who ?? "").split("+").map((w) => names[w] ?? w).join(" and ");
  return [people, kind, ...more].filter(Boolean).join(" ");
}

function inWords(event) {
  switch (event.kind) {
    case "claim": return event.status === "irreversible"
      ? `${named(event.claim)}: irreversible (${event.grade}${event.assumptions.length ? `, if ${event.assumptions.join(", ")}` : ""})`
      : `${named(event.claim)}: withdrawn`;
    case "correction": case "withdrawal": case "reopened": return `${event.kind} in unit ${event.unit}: ${event.reason}`;
    case "quarantined": return `unit ${event.unit} received, under review (${event.rule})`;
    case "bound-violated": return `unit ${event.unit} has ${number.format(event.ballots)} ballots, more than its limit of ${number.format(event.cap)} (${event.source})`;
    default: return `${event.kind}${event.units ? ` of ${number.format(event.units.length)} units` : ""}: ${event.reason ?? ""}`;
  }
}

function cell(text) { return element("td", text, "number"); }
