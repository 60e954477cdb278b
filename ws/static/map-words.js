// What the map says.
import { locale, percents, say } from "./say.js";

const percent = percents(1);
const whole = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0, roundingMode: "floor" });
const points = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const WORDS = {
  map: say("map.label"),
  none: say("map.none"),
  level: say("map.level"),
  ahead: (who, lead) => say("map.ahead", { who, points: points.format(100 * lead) }),
  counted: ({ completed, total }) => say("map.counted", { completed, total, share: whole.format(total ? completed / total : 0) }),
  disputed: (n) => say("map.disputed", { n }),
  sure: say("map.sure"),
  share: (who, votes, share) => say("map.share", { who, votes, share: percent.format(share) }),
  away: (names) => say("map.away", { names }),
  legend: say("map.legend"),
  leads: (who) => say("map.leads", { who }),
  lead: say("map.lead"),
  partial: say("map.partial"),
  hatched: say("map.hatched"),
  outlined: say("map.outlined"),
  empty: say("map.empty"),
};
