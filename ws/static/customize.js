// The customizer: reads the form, shows the ticker as it will be, and writes what to paste.
import { HEIGHTS, query, read } from "./embed-options.js";
import { LANGUAGES } from "./embed-words.js";
import { at } from "./page.js";

const ESCAPED = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => text.replace(/[&<>"]/g, (one) => ESCAPED[one]);
let names = new Map();

start();

async function start() {
  for (const [lang, name] of [["", "of the reader"], ...Object.entries(LANGUAGES)]) at("lang").append(new Option(name, lang));
  let listed;
  try {
    const response = await fetch("/v1/contests");
    if (!response.ok) throw new Error(String(response.status));
    listed = await response.json();
  } catch {
    at("copied").textContent = "The service does not answer; reload to try again.";
    return;
  }
  names = new Map(listed.contests.map((one) => [one.contest, one.name || one.contest]));
  at("contest").append(...[...names].map(([id, name]) => new Option(name, id)));
  at("form").addEventListener("input", write);
  at("form").addEventListener("submit", (event) => event.preventDefault());
  for (const what of ["element", "frame", "link"]) at(`copy-${what}`).addEventListener("click", () => copy(what));
  addEventListener("message", (event) => {
    const told = event.source === at("preview").contentWindow && event.origin === location.origin && event.data?.tally === "height";
    if (told && event.data.height > 0) at("preview").height = String(Math.ceil(event.data.height) + 2);
  });
  write();
}

function chosen() {
  const given = { rows: at("rows").value, accent: at("accented").checked ? at("accent").value.slice(1) : "" };
  return read((name) => given[name] ?? at(name).value);
}

function write() {
  const options = chosen(), contest = at("contest").value;
  const path = `/embed/${encodeURIComponent(contest)}`, address = `${path}${query(options)}`;
  const attributes = Object.entries(options).filter(([, value]) => value !== null).map(([name, value]) => ` ${name}="${value}"`).join("");
  at("element").textContent = `<script type="module" src="${location.origin}/static/ticker.js"></script>\n`
    + `<tally-ticker src="${location.origin}" contest="${escaped(contest)}"${attributes}></tally-ticker>`;
  at("frame").textContent = `<iframe src="${escaped(location.origin + address)}" title="${escaped(names.get(contest) ?? contest)}" `
    + `width="100%" height="${HEIGHTS[options.size]}" loading="lazy" style="border:0"></iframe>`;
  const spoken = options.lang ? `?lang=${options.lang}` : "";
  at("link").textContent = location.origin + address;
  at("card").href = `${path}/card.svg${spoken}`;
  at("card-png").href = `${path}/card.png${spoken}`;
  if (at("preview").getAttribute("src") !== address) at("preview").setAttribute("src", address);
  at("copied").textContent = "";
}

async function copy(what) {
  try {
    await navigator.clipboard.writeText(at(what).textContent);
    at("copied").textContent = "Copied.";
  } catch { // no clipboard outside https: it is marked, to be copied by hand
    getSelection().selectAllChildren(at(what));
    at("copied").textContent = "Marked: copy it with your keyboard.";
  }
}
