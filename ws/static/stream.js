// What a page hears of the service, and how fresh that is: over a WebSocket; where none gets through, over Server-Sent Events;
// where there is no stream at all, or the page is a copy's, it asks now and then (`mirror.js`).
import { StandIn, mirrored, tell } from "./mirror.js";
import { at, write } from "./page.js";
import { say } from "./say.js";

const STALE_AFTER_MS = 10_000;
const AGAIN_AFTER_MS = 2_000;
const BEGIN_WITHIN_MS = 3_000;

export class Stream {
  #channels = new Map(); // channel → what is done with a frame
  #since = new Map(); // channel → the position after which its events are wanted
  #socket = null;
  #source = null; // where there is no WebSocket
  #reached = ""; // on `#source`
  #opened = false;
  #connected = false;
  #known = false; // whether there ever was a connection
  #quiet = false; // what was said last
  #heardAt = Date.now();
  #begin;
  // Comes with the first frame, or when none comes for long: what is read of the past from then on leaves no gap to what is heard.
  begun = new Promise((come) => { this.#begin = come; });

  // `look(moved)` asks, where there is no stream; `back` is told that there is one after there was none.
  constructor(look, back = () => {}) {
    this.back = back;
    this.standIn = new StandIn(look, () => this.#say());
    setInterval(() => this.#say(), 1_000);
  }

  // Hears these channels from now on, and no others. `since`: channel → the position after which its events are wanted.
  follow(channels, since = new Map()) {
    this.#channels = new Map([...channels].map(([channel, hear]) => [channel, (frame) => { this.#up(); hear(frame); this.#begin(); }]));
    this.#since = since;
    setTimeout(this.#begin, mirrored ? 0 : BEGIN_WITHIN_MS);
    if (mirrored) this.standIn.start();
    else if (this.#socket) this.#socket.follow(this.#channels, since);
    else if (this.#source) this.#events();
    else if (!this.#opened) this.#open();
  }

  async #open() {
    this.#opened = true;
    const plain = () => { this.#socket = null; this.#events(); };
    try {
      const { Socket } = await import("/static/live.bundle.js"); // after the first numbers, which do not need it
      this.#socket = new Socket({ up: () => this.#up(), down: () => this.#down(), none: plain });
      this.#socket.follow(this.#channels, this.#since);
    } catch { plain(); }
  }

  #events() {
    this.#source?.close();
    const [since] = this.#since.values();
    this.#reached = since ? `${since.epoch}/${since.offset}` : "";
    const channels = [...this.#channels.keys()].map(encodeURIComponent).join(",");
    const resume = () => {
      const source = new EventSource(`/v1/stream?channels=${channels}${this.#reached && `&last_event_id=${encodeURIComponent(this.#reached)}`}`);
      this.#source = source;
      for (const [channel, hear] of this.#channels) {
        source.addEventListener(channel, (event) => {
          this.#reached = event.lastEventId || this.#reached;
          hear(JSON.parse(event.data));
        });
      }
      source.onopen = () => this.#up();
      source.onerror = () => {
        if (source !== this.#source) return;
        this.#down();
        // Refused outright (full, or not up yet), a browser gives up: then coming back is ours to do.
        if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (source === this.#source) resume(); }, AGAIN_AFTER_MS);
      };
    };
    resume();
  }

  #up() {
    this.#heardAt = Date.now();
    if (this.#connected) return;
    this.#connected = true;
    this.#known = true;
    this.back();
    this.#say();
  }

  #down() {
    this.#connected = false;
    this.#say();
  }

  #say() {
    const quietMs = Date.now() - this.#heardAt, stale = quietMs > STALE_AFTER_MS;
    const lost = !this.#connected || stale;
    if (tell(at("connection"), this.standIn.words(lost)) || (!this.#known && !stale)) return; // connecting still
    const quiet = this.#connected && stale;
    if (quiet && this.#quiet) at("connection").setAttribute("aria-live", "off"); // said once: seconds that pass are not read out
    this.#quiet = quiet;
    at("connection").classList.toggle("lost", lost);
    write(at("connection"), !this.#connected ? say("connection.lost") : stale ? say("connection.quiet", { s: Math.round(quietMs / 1_000) }) : say("connection.live"));
  }
}
