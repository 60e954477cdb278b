// The drawing: uPlot over a night's points, and what lies under and over its lines. Knows colours, not votes.
import uPlot from "uplot";
import { compact, onAxis, whole } from "./words.js";

const FONT = "12px system-ui, sans-serif";
const DASHES = { lead: [], coming: [9, 5], assumed: [[2, 4], [9, 4, 2, 4], [14, 4]] };
const stepped = uPlot.paths.stepped({ align: 1 });

// The smallest of the powers of ten the scale tells apart: four of them below the greatest value, below it the scale is even.
const least = (most) => 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, most))) - 4);

const wide = (u) => u.width > 560;

export class Plot {
  #plot = null;
  #lines = [];
  #asked;

  // `asked`: colour(name), height(), over(place of a point | null), drawn(): what the element has and wants to know.
  constructor(box, asked) {
    this.box = box;
    this.#asked = asked;
  }

  // `lines`: [{ key, kind, values }], `times` in ms, `state`: { sureFrom, past, marks, corrections }.
  draw(times, lines, state) {
    this.state = state;
    const named = lines.map((line) => line.key).join();
    const most = Math.max(1, ...lines.flatMap((line) => line.values.map((value) => value ?? 0)));
    const threshold = least(most);
    if (!this.#plot || named !== this.named || threshold !== this.threshold) this.#make(lines, named, threshold);
    this.#lines = lines;
    this.#plot.setData([times.map((ms) => ms / 1_000), ...lines.map((line) => line.values)]);
  }

  #make(lines, named, threshold) {
    this.#plot?.destroy();
    [this.named, this.threshold] = [named, threshold];
    const of = (name) => () => this.#asked.colour(name);
    const tickOf = (u) => {
      const splits = [0];
      for (let at = threshold; at <= u.scales.y.max; at *= 10) splits.push(at);
      return splits;
    };
    const options = {
      ...this.#size(),
      padding: [18, 6, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 9 } },
      scales: { x: { time: true, range: (_, from, to) => [from, Math.max(to, from + 1)] },
        y: { distr: 4, asinh: threshold, range: (_, __, max) => [0, Math.max(2 * threshold, max * 2.5)] } },
      axes: [
        { stroke: of("quiet"), font: FONT, grid: { show: false }, ticks: { stroke: of("rule"), width: 1 }, space: Math.max(80, 7 * onAxis(0, 1).length), size: 36,
          values: (_, splits, __, ___, step) => splits.map((at) => onAxis(at * 1_000, step)) },
        { stroke: of("quiet"), font: FONT, size: (u) => (wide(u) ? 84 : 46), grid: { stroke: of("rule"), width: 1 }, ticks: { show: false },
          splits: tickOf, filter: (_, splits) => splits, values: (u, splits) => splits.map(wide(u) ? whole : compact) },
      ],
      series: [{}, ...lines.map((line, place) => ({
        stroke: of(line.kind === "lead" ? "lead" : "coming"), width: line.kind === "assumed" ? 2 : 3, paths: stepped,
        dash: line.kind === "assumed" ? DASHES.assumed[(place - 1) % DASHES.assumed.length] : DASHES[line.kind],
        points: { show: (u) => u.data[0].length < 3 },
      }))],
      hooks: { drawClear: [(u) => this.#under(u)], draw: [(u) => { this.#over(u); this.#asked.drawn(); }],
        setCursor: [(u) => this.#asked.over(u.cursor.idx ?? null)] },
    };
    this.#plot = new uPlot(options, [[], ...lines.map(() => [])], this.box);
  }

  #size() { return { width: Math.max(200, this.box.clientWidth), height: this.#asked.height() }; }

  resized() { this.#plot?.setSize(this.#size()); }
  repainted() { this.#plot?.redraw(false, true); }

  // Where an instant is, in CSS pixels from the left of the box; and the area of the lines.
  left(ms) { return this.area().left + this.#plot.valToPos(ms / 1_000, "x"); }
  top(value) { return this.area().top + this.#plot.valToPos(value, "y"); }
  area() {
    const { left, top, width, height } = this.#plot.bbox;
    const ratio = devicePixelRatio;
    return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
  }

  // The crosshair on a point, as a key moves it.
  point(place) {
    const u = this.#plot;
    if (!u) return;
    u.setCursor({ left: u.valToPos(u.data[0][place], "x"), top: u.over.clientHeight / 2 }, false);
  }

  #under(u) {
    const { sureFrom } = this.state;
    if (sureFrom === null) return;
    const { ctx, bbox } = u;
    const from = Math.max(bbox.left, u.valToPos(sureFrom / 1_000, "x", true));
    ctx.save();
    ctx.fillStyle = this.#asked.colour("sure-paper");
    ctx.fillRect(from, bbox.top, bbox.left + bbox.width - from, bbox.height);
    ctx.restore();
  }

  #over(u) {
    const { ctx, bbox } = u;
    const { marks, corrections, past } = this.state;
    const ratio = devicePixelRatio;
    const at = (ms) => Math.round(u.valToPos(ms / 1_000, "x", true));
    const upright = (x, colour, width, dash) => {
      ctx.strokeStyle = this.#asked.colour(colour);
      ctx.lineWidth = width * ratio;
      ctx.setLineDash(dash.map((part) => part * ratio));
      ctx.beginPath();
      ctx.moveTo(x, bbox.top - 12 * ratio);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    };
    ctx.save();
    ctx.fillStyle = this.#asked.colour("warn");
    for (const one of corrections) {
      const x = at(one.ms), y = bbox.top + bbox.height;
      ctx.beginPath();
      ctx.moveTo(x, y - 9 * ratio);
      ctx.lineTo(x - 5 * ratio, y);
      ctx.lineTo(x + 5 * ratio, y);
      ctx.fill();
    }
    for (const one of marks) {
      if (one.kind === "withdrawn") upright(at(one.ms), "warn", 2, [3, 3]);
      else upright(at(one.ms), one.stands ? "sure" : "quiet", one.stands ? 3 : 2, one.stands ? [] : [3, 3]);
    }
    if (past !== null) {
      const x = at(past);
      ctx.fillStyle = this.#asked.colour("paper");
      ctx.globalAlpha = 0.7;
      ctx.fillRect(x, bbox.top, bbox.left + bbox.width - x, bbox.height);
      ctx.globalAlpha = 1;
      upright(x, "warn", 3, [1, 3]);
    }
    ctx.restore();
  }

  // The instant at a share of the width; the lines; and the points they go through, as small boxes to keep clear of.
  instant(part) { return this.#plot.posToVal(this.area().width * part, "x") * 1_000; }
  lines() { return this.#lines; }
  spots() {
    const times = this.#plot.data[0];
    return this.#lines.flatMap((line) => line.values.map((value, place) => (
      value === null ? null : { left: this.left(times[place] * 1_000), top: this.top(value), width: 3, height: 3 }
    ))).filter(Boolean);
  }
}
