// The links to other contests: a few of them at once, and however many there are, found by name.
import { mirrored } from "./mirror.js";
import { at, element, fetchJson, link, write } from "./page.js";
import { say } from "./say.js";

export const LISTED = 60; // up to so many, links to all
const SHOWN = 12; // of more, so many of those found
const FIRST = 4; // and so many before anybody looks for one
const TYPED_FOR_MS = 150;

// `election`: the first of its contests, and how many there are.
export function contests(election, current) {
  const total = election.total;
  if (total < 2 && current !== null) return;
  at("contests").hidden = false;
  if (total <= LISTED) { at("contests").replaceChildren(...election.contests.map((one) => made(one, current))); return; }
  const list = element("p", "", "links"), found = element("p", "", "quiet");
  found.setAttribute("role", "status");
  const label = element("label", `${say("contests.find", { n: total })} `), search = element("input");
  search.type = "search";
  search.autocomplete = "off";
  search.spellcheck = false;
  label.append(search);
  const draw = (some, of, words) => {
    list.replaceChildren(...some.slice(0, words ? SHOWN : FIRST).map((one) => made(one, current)), link("/observe", say("contests.all", { n: total })));
    write(found, !words ? "" : !of ? say("contests.none") : of > SHOWN ? say("found.first", { n: of, shown: SHOWN }) : say("found", { n: of }));
  };
  let asked = 0, timer = null;
  const look = async () => {
    const mine = ++asked, words = search.value.trim();
    if (!words) { draw(election.contests, total, ""); return; }
    let answer;
    try { answer = mirrored ? among(election.contests, words) : await fetchJson(`/v1/contests?limit=${SHOWN}&q=${encodeURIComponent(words)}`); } catch { return; }
    if (mine === asked) draw(answer.contests, answer.total, words);
  };
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, TYPED_FOR_MS); });
  search.addEventListener("keydown", (event) => { if (event.key === "Enter" && search.value.trim()) list.querySelector("a").click(); });
  at("contests").replaceChildren(label, found, list);
  at("contests").classList.add("many");
  draw(election.contests, total, "");
}

function made(contest, current) {
  const one = link(`/contest/${encodeURIComponent(contest.contest)}`, contest.name || contest.contest);
  if (contest.contest === current) one.setAttribute("aria-current", "page");
  return one;
}

function plain(text) { return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, ""); }

function among(all, words) { // as the service looks, in a copy that has no service
  const wanted = plain(words).split(/\s+/);
  const found = all.filter((one) => { const text = plain(`${one.contest} ${one.name}`); return wanted.every((word) => text.includes(word)); });
  return { contests: found, total: found.length };
}
