// <tally-ticker src="https://HOST" contest="ID" size= theme= lang= rows= accent= mode="frame">: one contest, live, on any page.
import { Drawing, element } from "./embed-draw.js";
import { fetchJson, follow } from "./embed-live.js";
import { HEIGHTS, query, read } from "./embed-options.js";
import { speaker } from "./embed-words.js";

const DRAW_EVERY_MS = 250; // a person cannot read faster
const AGAIN_AFTER_MS = 3_000;
const HEIGHT_MAX = 4_000;
const HERE = new URL(import.meta.url).origin;
const sheets = new Map();

function sheet(origin) { // one a page; a page that is drawn without it is plain, not empty
  if (!sheets.has(origin)) {
    sheets.set(origin, fetch(`${origin}/static/embed.css`, { credentials: "omit" })
      .then((response) => response.ok ? response.text() : "")
      .then((text) => { const made = new CSSStyleSheet(); made.replaceSync(text); return made; })
      .catch(() => { sheets.delete(origin); return null; }));
  }
  return sheets.get(origin);
}

class TallyTicker extends HTMLElement {
  static observedAttributes = ["src", "contest", "size", "theme", "lang", "rows", "accent", "mode", "level"];
  #running = null;
  #waiting = null;

  connectedCallback() { this.#later(); }
  attributeChangedCallback() { if (this.isConnected) this.#later(); }
  disconnectedCallback() { clearTimeout(this.#waiting); this.#running?.(); this.#running = null; }

  #later() { // attributes come one by one
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => {
      this.#running?.();
      this.#running = this.#start();
    }, 0);
  }

  #origin() {
    try {
      const url = new URL(this.getAttribute("src") ?? HERE, document.baseURI);
      return ["http:", "https:"].includes(url.protocol) ? url.origin : HERE;
    } catch { return HERE; }
  }

  #start() {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.replaceChildren();
    const origin = this.#origin(), contest = this.getAttribute("contest") ?? "";
    const options = read((name) => this.getAttribute(name));
    return this.getAttribute("mode") === "frame" ? framed(root, origin, contest, options) : drawn(root, origin, contest, options, this);
  }
}

function framed(root, origin, contest, options) {
  const frame = element("iframe");
  frame.src = `${origin}/embed/${encodeURIComponent(contest)}${query(options)}`;
  frame.title = contest;
  frame.loading = "lazy";
  frame.width = "100%";
  frame.height = String(HEIGHTS[options.size]);
  frame.style.border = "0";
  frame.style.display = "block";
  const heard = (event) => { // only its height, only from the frame itself
    if (event.source !== frame.contentWindow || event.origin !== origin || event.data?.tally !== "height") return;
    const height = Number(event.data.height);
    if (height > 0 && height <= HEIGHT_MAX) frame.height = String(Math.ceil(height));
  };
  addEventListener("message", heard);
  root.append(frame);
  return () => { removeEventListener("message", heard); frame.remove(); };
}

function drawn(root, origin, contest, options, host) {
  const language = options.lang ?? (host.closest("[lang]")?.lang || navigator.language).toLowerCase().split("-")[0];
  const level = /^[1-6]$/.test(host.getAttribute("level") ?? "") ? Number(host.getAttribute("level")) : 3;
  let drawing = null, stop = () => {}, later = null, ended = false, latest = null, names = null;
  const resource = `${origin}/v1/contests/${encodeURIComponent(contest)}`;

  async function begin() {
    drawing ??= await prepared();
    if (ended) return;
    try {
      names = await fetchJson(`${resource}/names`);
    } catch (error) {
      if (ended) return;
      if (error.status === 404) { drawing.missing(); return; }
      drawing.tell({ state: "lost", quietMs: Date.now() - begunAt });
      later = setTimeout(begin, AGAIN_AFTER_MS * (1 + Math.random()));
      return;
    }
    if (ended) return;
    drawing.known(names);
    stop = follow(origin, names.election.id, contest, show, (said) => drawing.tell(said));
  }

  async function prepared() {
    const style = await sheet(origin);
    root.adoptedStyleSheets = style ? [style] : [];
    const made = new Drawing(root, speaker(language), options, { origin, level });
    made.onclaim = since;
    return made;
  }

  function show(view) {
    latest = view;
    later ??= setTimeout(draw, drawing.view ? DRAW_EVERY_MS : 0);
  }

  async function draw() {
    later = null;
    const view = latest;
    if (view.totals.some((total) => !drawing.names.has(total.selection))) { // an amendment added one
      try { drawing.known(await fetchJson(`${resource}/names`)); } catch { /* its id is shown until then */ }
    }
    if (!ended) drawing.show(view);
  }

  async function since(claim, tell) { // the instant of the record that decided it
    try {
      const history = await fetchJson(`${resource}/history?after=${claim.since - 1}&limit=1`);
      const turn = history.claims.find((one) => one.claim === claim.id && one.seq === claim.since);
      if (turn && !ended) tell(turn.as_of);
    } catch { /* the claim stands without its time */ }
  }

  const begunAt = Date.now();
  begin();
  return () => { ended = true; clearTimeout(later); stop(); drawing?.remove(); };
}

if (!customElements.get("tally-ticker")) customElements.define("tally-ticker", TallyTicker);
