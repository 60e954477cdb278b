// The page that stands in a frame: one ticker, by the address of the page, and its height for whoever frames it.
import "./ticker.js";
import { read } from "./embed-options.js";

const parameters = new URLSearchParams(location.search);
const options = read((name) => parameters.get(name));
const ticker = document.createElement("tally-ticker");
ticker.setAttribute("contest", named());
ticker.setAttribute("level", "1");
for (const [name, value] of Object.entries(options)) if (value !== null) ticker.setAttribute(name, String(value));
if (!options.lang) {
  const language = navigator.language.toLowerCase().split("-")[0];
  document.documentElement.lang = ["en", "es", "pt"].includes(language) ? language : "en";
}
document.getElementById("main").append(ticker);

if (parent !== window) {
  new ResizeObserver(() => {
    parent.postMessage({ tally: "height", height: document.getElementById("main").offsetHeight }, "*"); // nothing else is told
  }).observe(document.getElementById("main"));
}

function named() {
  try { return decodeURIComponent(location.pathname.split("/")[2] ?? ""); } catch { return ""; }
}
