// Without a stream: a page of a copy (`tally bake`), or one whose stream cannot be had, asks now and then, and says so.
import { say, times } from "./say.js";

export const mirrored = document.querySelector('meta[name="tally-mirror"]') !== null;

const ASK_LEAST_MS = 5_000, ASK_USUAL_MS = 10_000, ASK_MOST_MS = 15_000;
const FALL_BACK_AFTER_MS = 10_000;
const ANSWER_WITHIN_MS = 10_000;
const OLD_AFTER_MS = 60_000; // a copy that was to be kept up, and was not for so long
const DAY_MS = 86_400_000;
export const RECORDS_BACK = 1_000;
const PEOPLE = new Set(["dispute", "annul", "restore"]); // one event for all the units it names
const time = times({ timeStyle: "medium" });
const day = times({ timeStyle: "medium", dateStyle: "medium" });

async function json(address) {
  const response = await fetch(address, { cache: "no-cache", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

// The file of a copy that answers what a service is asked; a certificate's is named in the index of its contest.
function fileOf(address) {
  const { pathname, searchParams } = new URL(address, location.origin);
  const [, contest, what] = /^\/v1\/contests\/([^/]+)(?:\/(names|doubt|projections?|history))?$/.exec(pathname) ?? [];
  if (contest && what === "history") return `/v1/contests/${contest}/${searchParams.has("points") ? "picture" : searchParams.has("after") ? "recent" : what}.json`;
  if (contest) return `${pathname}.json`;
  if (pathname === "/v1/election" && searchParams.get("form") === "canonical") return "/v1/election/canonical.json";
  if (["/v1/contests", "/v1/observers", "/v1/election"].includes(pathname)) return `${pathname}.json`;
  return address;
}

// The file of a page, from 1, of the units under a parent; deploy/baking/places.py says the same.
export function fileOfUnits(contest, parent, number) {
  const plain = parent === null ? "_top" : /^_(top|roots)$/.test(parent) ? parent : parent.replace(/[^A-Za-z0-9-]/g, (one) => `_${one.charCodeAt(0).toString(16)}`);
  return `${contest}/units/${plain}-${number}.json`;
}

// Where a page finds what it would ask a service for.
export async function placeOf(address) {
  if (!mirrored) return address;
  const url = new URL(address, location.origin);
  const [, contest] = /^(\/v1\/contests\/[^/]+)\/certificate$/.exec(url.pathname) ?? [];
  if (!contest) return fileOf(address);
  const index = await json(`${contest}/index.json`);
  const named = index.certificates[url.searchParams.get("claim")];
  if (!named) throw new Error(`${address}: not in this copy`);
  return named.path;
}

// From the service; from a copy under the same host where that does not answer.
async function answer(address) {
  if (mirrored) return json(fileOf(address));
  return json(address).catch(() => json(fileOf(address)));
}

// A contest's newest records as frames of its events, the oldest first.
function framesOf(history) {
  const frames = new Map();
  const frame = (one) => {
    if (!frames.has(one.seq)) frames.set(one.seq, { position: { epoch: history.position.epoch, seq: one.seq }, as_of: one.as_of, events: [] });
    return frames.get(one.seq).events;
  };
  for (const one of history.corrections) {
    const events = frame(one);
    const known = PEOPLE.has(one.kind) && events.find((event) => event.kind === one.kind);
    if (known) known.units.push(one.unit);
    else events.push({ kind: one.kind, contest: history.contest, reason: one.reason, ...(PEOPLE.has(one.kind) ? { units: [one.unit] } : { unit: one.unit }) });
  }
  for (const one of history.claims) frame(one).push({ ...one, kind: "claim", contest: history.contest });
  return [...frames.values()].sort((a, b) => a.position.seq - b.position.seq);
}

// Looks at one contest, and tells what it saw to `hear`: its view, its events, what is projected.
export function lookAt(contest, hear) {
  const path = `/v1/contests/${encodeURIComponent(contest)}`;
  return async (moved) => {
    if (moved) {
      const view = await answer(path);
      hear.view(view);
      const recent = await answer(`${path}/history?after=${Math.max(0, view.position.seq - RECORDS_BACK)}`);
      framesOf(recent).forEach(hear.calls);
    }
    if (mirrored && (await json(`${path}/index.json`)).projected) hear.projection(await answer(`${path}/projection`));
  };
}

// What stands in for the stream. `look(moved)` fetches and shows; `said` is called when there are new words.
export class StandIn {
  constructor(look, said) {
    [this.look, this.said] = [look, said];
    this.every = ASK_USUAL_MS;
    this.copy = null; // mirror.json, newest
    this.seen = null; // the position last shown
    this.lostSince = this.answeredAt = 0;
    this.running = this.failing = false;
    addEventListener("visibilitychange", () => { if (this.running && !document.hidden) this.ask(); });
    if (mirrored) relink();
  }

  // Once it runs, only a copy's page is asked anew: it may show another contest than before.
  start() {
    if (this.running) { if (mirrored) this.ask(true); return; }
    this.running = true;
    this.ask();
  }

  stop() {
    this.running = false;
    clearTimeout(this.next);
  }

  async ask(again = false) {
    if (this.asking) { this.once = this.once || again; return; }
    clearTimeout(this.next);
    this.asking = true;
    try {
      if (!document.hidden) await this.askNow(again);
      this.failing = false;
    } catch { this.failing = true; }
    this.asking = false;
    this.said();
    if (this.once) { this.once = false; this.ask(true); return; }
    // Not all at once: each asks a little sooner or later than the others.
    if (this.running) this.next = setTimeout(() => this.ask(), within(this.every * (0.8 + 0.4 * Math.random())));
  }

  async askNow(again) {
    let moved = true;
    if (mirrored) {
      const copy = await json("/mirror.json");
      moved = again || !this.seen || this.seen.epoch !== copy.position.epoch || this.seen.seq < copy.position.seq;
      this.every = within(copy.every_s === null ? ASK_USUAL_MS : copy.every_s * 1_000);
      await this.look(moved);
      [this.copy, this.seen] = [copy, copy.position];
    } else await this.look(moved);
    this.answeredAt = Date.now();
  }

  // What to say in place of the stream's state; null while the stream speaks for itself.
  words(lost) {
    if (mirrored) return this.ofCopy();
    if (!lost) { this.lostSince = 0; this.stop(); return null; }
    this.lostSince ||= Date.now();
    if (Date.now() - this.lostSince > FALL_BACK_AFTER_MS) this.start();
    if (!this.running || this.failing || this.answeredAt < this.lostSince) return null;
    return { lost: false, text: say("mirror.asked", { s: seconds(this.every), time: time.format(this.answeredAt) }) };
  }

  ofCopy() {
    if (!this.copy) return { lost: this.failing, text: say(this.failing ? "mirror.unread" : "mirror.reading") };
    const at = Date.parse(this.copy.checked_at), age = Date.now() - at, every = this.copy.every_s;
    const when = (age < DAY_MS ? time : day).format(at);
    if (this.failing) return { lost: true, text: say("mirror.away", { when }) };
    if (every !== null && age > Math.max(OLD_AFTER_MS, 3_000 * every)) return { lost: true, text: say("mirror.old", { when }) };
    return { lost: false, text: say("mirror.following", { when, s: seconds(this.every) }) };
  }
}

// Says it, if there is anything to say, where the page says whether it is live. What changes every few seconds is not read out.
export function tell(node, news) {
  if (news && !news.lost) node.setAttribute("aria-live", "off");
  else node.removeAttribute("aria-live");
  if (!news) return false;
  node.classList.toggle("lost", news.lost);
  if (node.textContent !== news.text) node.textContent = news.text;
  return true;
}

function within(ms) { return Math.min(ASK_MOST_MS, Math.max(ASK_LEAST_MS, ms)); }

function seconds(ms) { return Math.round(ms / 1_000); }

// Links into a service lead to the files of the copy.
function relink() {
  const led = new WeakMap(); // link → the place it was led to
  const lead = (root) => {
    for (const one of root.querySelectorAll?.('a[href^="/v1/"]') ?? []) {
      const from = one.getAttribute("href");
      if (led.get(one) === from) continue;
      placeOf(from).then((place) => { led.set(one, place); one.setAttribute("href", place); }, () => {});
    }
  };
  lead(document);
  new MutationObserver((changes) => { for (const change of changes) lead(change.target); }).observe(document.body, { childList: true, subtree: true });
}
