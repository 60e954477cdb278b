// Follows contests of one service over one Server-Sent Events stream a page; where that is not to be had, asks again and again.
const QUIET_MS = 10_000; // the service says something every second
const ASK_EVERY_MS = 5_000;
const AGAIN_AFTER_MS = 5_000;
const ANSWER_WITHIN_MS = 8_000;
const CHANNELS_MAX = 99; // of one stream, besides the status; contests beyond them are asked for
const streams = new Map();

const jitter = (ms) => ms + Math.random() * ms * 0.4; // so that a crowd does not come back at once

export async function fetchJson(address) {
  // no-cache: the browser asks with the ETag it has, and needs no leave of the other origin for it
  const response = await fetch(address, { cache: "no-cache", credentials: "omit", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok) throw Object.assign(new Error(`${address}: ${response.status}`), { status: response.status });
  return response.json();
}

class Stream {
  constructor(origin, election) {
    this.origin = origin;
    this.election = election;
    this.followers = new Set();
    this.newest = new Map(); // contest → view: for a ticker that joins a stream already open
    this.source = null;
    this.wanted = "";
    this.waiting = null;
  }

  changed() { // several tickers of a page come and go together
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.open(), 20);
  }

  open() {
    const contests = [...new Set([...this.followers].map((one) => one.contest))].slice(0, CHANNELS_MAX);
    const wanted = contests.length ? [...contests.map((id) => `contest:${id}`), `status:${this.election}`].map(encodeURIComponent).join(",") : "";
    if (this.source && wanted === this.wanted && this.source.readyState !== EventSource.CLOSED) {
      for (const one of this.followers) {
        if (this.source.readyState === EventSource.OPEN) one.heard();
        if (this.newest.has(one.contest)) one.show(this.newest.get(one.contest));
      }
      return;
    }
    this.source?.close();
    this.source = null;
    this.newest.clear();
    this.wanted = wanted;
    if (!wanted || !globalThis.EventSource) return;
    const source = new EventSource(`${this.origin}/v1/stream?channels=${wanted}`);
    this.source = source;
    const tell = (what, contest) => { for (const one of this.followers) if (!contest || one.contest === contest) what(one); };
    source.onopen = () => tell((one) => one.heard());
    source.addEventListener(`status:${this.election}`, () => tell((one) => one.heard()));
    for (const contest of contests) {
      source.addEventListener(`contest:${contest}`, (event) => {
        const view = JSON.parse(event.data);
        this.newest.set(contest, view);
        tell((one) => { one.heard(); one.show(view); }, contest);
      });
    }
    source.onerror = () => {
      tell((one) => one.lost());
      // Refused outright (full, or not up yet), a browser gives up: then coming back is ours to do.
      if (source.readyState === EventSource.CLOSED && source === this.source) {
        this.waiting = setTimeout(() => this.open(), jitter(AGAIN_AFTER_MS));
      }
    };
  }
}

// Follow a contest. `show` is called with each view that is newer, `tell` every second with {state, quietMs}:
// state is "live", "asking" (no stream, but asked a moment ago), "quiet" (a stream that says nothing) or "lost".
export function follow(origin, election, contest, show, tell) {
  const key = `${origin} ${election}`;
  const stream = streams.get(key) ?? new Stream(origin, election);
  streams.set(key, stream);
  let connected = false, heardAt = 0, askedAt = globalThis.EventSource ? Date.now() : 0, answeredAt = 0, newest = null, nextAsk = ASK_EVERY_MS;
  const begunAt = Date.now();
  const one = {
    contest,
    heard() { connected = true; heardAt = Date.now(); said(); },
    lost() { connected = false; said(); },
    show(view) {
      const known = newest?.position;
      if (known?.epoch === view.position.epoch && view.position.seq <= known.seq) return;
      newest = view;
      show(view);
    },
  };
  const quietMs = () => Date.now() - (Math.max(heardAt, answeredAt) || begunAt);
  const live = () => connected && Date.now() - heardAt <= QUIET_MS;
  function said() {
    const asking = answeredAt && Date.now() - answeredAt <= 2 * ASK_EVERY_MS + ANSWER_WITHIN_MS && quietMs() <= 2 * ASK_EVERY_MS;
    const state = live() ? "live" : asking && answeredAt > heardAt ? "asking" : connected ? "quiet" : heardAt || answeredAt ? "lost" : "connecting";
    tell({ state, quietMs: quietMs() });
  }
  async function ask() {
    askedAt = Date.now();
    nextAsk = jitter(ASK_EVERY_MS);
    try {
      const view = await fetchJson(`${origin}/v1/contests/${encodeURIComponent(contest)}`);
      answeredAt = Date.now();
      if (stream.followers.has(one)) one.show(view);
    } catch { /* said below, by how long it has been quiet */ }
    if (stream.followers.has(one)) said();
  }
  const clock = setInterval(() => {
    if (!live() && Date.now() - askedAt >= nextAsk) ask();
    said();
  }, 1_000);
  stream.followers.add(one);
  stream.changed();
  return () => {
    clearInterval(clock);
    stream.followers.delete(one);
    stream.changed();
  };
}
