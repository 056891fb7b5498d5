// One line chart: drawn as SVG, read by pointer, by arrow keys, or as a table.

import { h, s, say } from "./dom.js";
import { clock } from "./words.js";

const HEIGHT = 150;
const EDGE = { left: 44, right: 12, top: 10, bottom: 20 };
/** Columns in the table view: all of them would be no help. */
const TABLE = 60;

/** A round number at or above `value`, for the top of a scale. */
export function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((top) => top >= value);
}

const isNumber = (value) => typeof value === "number";
const short = (value) => (value >= 1000 ? `${+(value / 1000).toFixed(1)}k` : String(+value.toFixed(2)));

export class Chart {
  #lines;
  #unit;
  #title;
  #data = { from: 0, step: 5000, series: {} };
  #drawing = s("svg", { class: "chart", height: HEIGHT, role: "img", tabindex: 0 });
  #reading = h("p", { class: "reading mono" });
  #table = h("div", { class: "scroll chart-table", tabindex: 0, role: "region", hidden: true });
  #cursor = null;
  #watcher;

  /** `lines`: `[{id, name}]`, at most two; the second is dashed. */
  constructor({ title, unit, lines }) {
    this.#title = title;
    this.#unit = unit;
    this.#lines = lines;
    const swap = h("button", { type: "button", class: "plain", "aria-pressed": "false", "aria-label": `${title} as a table` }, "Table");
    swap.addEventListener("click", () => {
      const on = this.#table.hidden;
      swap.setAttribute("aria-pressed", String(on));
      this.#table.hidden = !on;
      this.#drawing.toggleAttribute("hidden", on);
      this.#draw();
    });
    this.#table.setAttribute("aria-label", `${title}, table`);
    this.node = h("figure", { class: "card chart-card" },
      h("figcaption", {}, h("h2", {}, title), h("span", { class: "legend" }, lines.map((line, index) => h("span", {},
        s("svg", { width: 22, height: 8, "aria-hidden": "true" }, s("path", { d: "M1 4H21", class: `line-${index}` })), line.name))), swap),
      this.#drawing, this.#table, this.#reading);
    this.#drawing.addEventListener("pointermove", (event) => this.#point(event));
    this.#drawing.addEventListener("pointerleave", () => this.#move(null));
    this.#drawing.addEventListener("blur", () => this.#move(null));
    this.#drawing.addEventListener("keydown", (event) => this.#key(event));
    this.#watcher = new ResizeObserver(() => this.#draw());
    this.#watcher.observe(this.node);
  }

  close() {
    this.#watcher.disconnect();
  }

  /** `from` in milliseconds since 1970, `step` in milliseconds, `series` by id. */
  show(from, step, series) {
    this.#data = { from, step, series };
    this.#draw();
  }

  #values(line) {
    return this.#data.series[line.id] ?? [];
  }

  get #length() {
    return Math.max(0, ...this.#lines.map((line) => this.#values(line).length));
  }

  #time(index) {
    return clock(new Date(this.#data.from + index * this.#data.step).toISOString(), false);
  }

  #at(index) {
    const parts = this.#lines.map((line) => {
      const value = this.#values(line)[index];
      return `${line.name} ${isNumber(value) ? `${short(value)}${this.#unit}` : "no value"}`;
    });
    return `${this.#time(index)}   ${parts.join("   ")}`;
  }

  #summary() {
    const parts = this.#lines.map((line) => {
      const values = this.#values(line).filter(isNumber);
      if (values.length === 0) return `${line.name}: nothing measured`;
      const top = values.reduce((a, b) => Math.max(a, b));
      const low = values.reduce((a, b) => Math.min(a, b));
      return `${line.name}: last ${short(values.at(-1))}${this.#unit}, least ${short(low)}, most ${short(top)}`;
    });
    return `${this.#title}. ${parts.join(". ")}.`;
  }

  #draw() {
    if (!this.#table.hidden) {
      this.#drawTable();
    } else {
      this.#drawLines();
    }
    this.#drawing.setAttribute("aria-label", this.#summary());
    this.#read();
  }

  #drawLines() {
    const width = Math.max(240, this.#drawing.clientWidth || this.node.clientWidth - 24);
    const [wide, high] = [width - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
    const length = this.#length;
    let most = 0;
    for (const line of this.#lines) for (const value of this.#values(line)) if (isNumber(value) && value > most) most = value;
    const top = ceiling(most);
    const x = (index) => EDGE.left + (length < 2 ? wide : (wide * index) / (length - 1));
    const y = (value) => EDGE.top + high - (high * value) / top;
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const level = y(top * share);
      parts.push(s("path", { class: "rule", d: `M${EDGE.left} ${level}H${width - EDGE.right}` }),
        s("text", { x: EDGE.left - 6, y: level + 4, "text-anchor": "end" }, short(top * share)));
    }
    const marks = Math.max(2, Math.min(6, Math.floor(wide / 110)));
    for (let mark = 0; length > 1 && mark <= marks; mark += 1) {
      const index = Math.round(((length - 1) * mark) / marks);
      parts.push(s("text", { x: x(index), y: HEIGHT - 5, "text-anchor": mark === 0 ? "start" : mark === marks ? "end" : "middle" }, this.#time(index).slice(0, 5)));
    }
    this.#lines.forEach((line, place) => {
      let path = "";
      let pen = false;
      this.#values(line).forEach((value, index, all) => {
        if (!isNumber(value)) {
          pen = false;
          return;
        }
        path += `${pen ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
        // A value between two gaps would be no line: it gets a dot's width.
        if (!pen && !isNumber(all[index + 1])) path += "h1.5";
        pen = true;
      });
      parts.push(s("path", { class: `line-${place}`, d: path }));
    });
    if (this.#cursor !== null && this.#cursor < length) parts.push(s("path", { class: "cursor", d: `M${x(this.#cursor).toFixed(1)} ${EDGE.top}V${EDGE.top + high}` }));
    this.#drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.#drawing.replaceChildren(...parts);
  }

  #drawTable() {
    const length = this.#length;
    const every = Math.max(1, Math.ceil(length / TABLE));
    const rows = [];
    for (let index = length - 1; index >= 0; index -= every) {
      rows.push(h("tr", {}, h("th", { scope: "row", class: "mono" }, this.#time(index)),
        this.#lines.map((line) => h("td", { class: "number" }, isNumber(this.#values(line)[index]) ? short(this.#values(line)[index]) : "–"))));
    }
    this.#table.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Time"),
      this.#lines.map((line) => h("th", { scope: "col", class: "number" }, `${line.name}${this.#unit ? `, ${this.#unit.trim()}` : ""}`)))), h("tbody", {}, rows)));
  }

  #point(event) {
    const box = this.#drawing.getBoundingClientRect();
    const share = (event.clientX - box.left - EDGE.left) / Math.max(1, box.width - EDGE.left - EDGE.right);
    this.#move(Math.round(share * (this.#length - 1)));
  }

  #key(event) {
    const last = this.#length - 1;
    const here = this.#cursor ?? last;
    const target = { ArrowLeft: here - 1, ArrowRight: here + 1, PageUp: here - 12, PageDown: here + 12, Home: 0, End: last }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#reading.setAttribute("aria-live", "polite");
    this.#move(target);
  }

  #move(index) {
    this.#cursor = index === null || this.#length === 0 ? null : Math.min(this.#length - 1, Math.max(0, index));
    if (this.#cursor === null) this.#reading.removeAttribute("aria-live");
    this.#draw();
  }

  #read() {
    const index = this.#cursor ?? this.#length - 1;
    say(this.#reading, index >= 0 ? this.#at(Math.min(index, this.#length - 1)) : "nothing measured yet");
  }
}
