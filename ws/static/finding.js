// What people type, looked for in a list of units: the very answers of ws/finding.py, for a copy that nobody answers.

const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const marks = new Map();

// Whether a mark joins the letter before it: then, and only then, it changes places with one of another class.
function joins(mark) {
  if (!marks.has(mark)) marks.set(mark, [`${mark}\u0334`, `\u0315${mark}`].some((pair) => pair.normalize("NFD") !== pair));
  return marks.get(mark);
}

// Capitals say which small letters are the same, ẞ apart; but for i without its dot, and sigma at the end of a word.
const folded = (text) => text.split("ı").map((part) => part.toLowerCase().toUpperCase().toLowerCase()).join("ı").replaceAll("ς", "σ");

// Text as it is compared: without case, accents and line breaks.
export function plain(text) {
  return folded(text).normalize("NFKD").replace(/\p{M}/gu, (mark) => (joins(mark) ? "" : mark)).split(SPACES).filter(Boolean).join(" ");
}

export class Names {
  // `listed`: [id, name, parent] of each in the order of the definition; `rows` of them are on a page.
  constructor(listed, rows) {
    const seen = new Map();
    this.units = listed.map(([id, name, parent]) => {
      const before = seen.get(parent) ?? 0;
      seen.set(parent, before + 1);
      return { id, parent, page: Math.floor(before / rows) + 1, line: `${plain(id)} ${plain(name)}` };
    });
  }

  // Those whose line holds every word: the id itself first, then what begins with it, then in their order.
  find(asked) {
    const wanted = plain(asked), words = wanted.split(" ").filter(Boolean);
    const ranks = [[], [], []];
    for (const one of this.units) {
      if (words.every((word) => one.line.includes(word))) ranks[!words.length || !one.line.startsWith(wanted) ? 2 : one.line[wanted.length] === " " ? 0 : 1].push(one);
    }
    return ranks.flat();
  }
}
