// The colour of each selection, the same wherever a page marks it: the definition's, else one colour-blind readers tell apart.
import { element } from "./page.js";

const OKABE_ITO = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442"];
export const OTHERS = "#8a8f98";

export function coloursOf(selections) {
  const free = OKABE_ITO.filter((colour) => !selections.some((one) => one.color?.toLowerCase() === colour));
  return Object.fromEntries(selections.map((one) => [one.id, one.color ?? free.shift() ?? OTHERS]));
}

export function swatch(colour) {
  const made = element("span", "", "swatch");
  made.setAttribute("aria-hidden", "true");
  made.style.background = colour ?? OTHERS;
  return made;
}

// A share as a bar under a name.
export function bar(colour, part) {
  const made = element("span", "", "bar"), filled = element("span");
  made.setAttribute("aria-hidden", "true");
  filled.style.background = colour ?? OTHERS;
  filled.style.inlineSize = `${100 * part}%`;
  made.append(filled);
  return made;
}
