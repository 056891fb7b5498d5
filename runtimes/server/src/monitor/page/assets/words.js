// How facts are written: times, spans, numbers, states.

import { h, s } from "./dom.js";

let utc = localStorage.getItem("finewire.zone") === "utc";

export const inUtc = () => utc;

export function setUtc(on) {
  utc = on;
  localStorage.setItem("finewire.zone", on ? "utc" : "local");
}

const two = (n) => String(n).padStart(2, "0");
const three = (n) => String(n).padStart(3, "0");

/** Time of day with milliseconds, in the chosen zone. */
export function clock(at, millis = true) {
  const t = new Date(at);
  if (Number.isNaN(t.getTime())) return "";
  const [hour, minute, second] = utc
    ? [t.getUTCHours(), t.getUTCMinutes(), t.getUTCSeconds()]
    : [t.getHours(), t.getMinutes(), t.getSeconds()];
  return `${two(hour)}:${two(minute)}:${two(second)}${millis ? `.${three(t.getUTCMilliseconds())}` : ""}`;
}

/** Date and time of day, in the chosen zone. */
export function moment(at) {
  const t = new Date(at);
  if (Number.isNaN(t.getTime())) return "";
  const [year, month, day] = utc
    ? [t.getUTCFullYear(), t.getUTCMonth() + 1, t.getUTCDate()]
    : [t.getFullYear(), t.getMonth() + 1, t.getDate()];
  return `${year}-${two(month)}-${two(day)} ${clock(at, false)}`;
}

/** A span in two units at most: `3 min 12 s`. */
export function span(ms) {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [d, hr, m, sec] = [Math.floor(all / 86400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60, all % 60];
  if (d > 0) return `${d} d ${hr} h`;
  if (hr > 0) return `${hr} h ${m} min`;
  if (m > 0) return `${m} min ${sec} s`;
  return `${sec} s`;
}

const grouped = new Intl.NumberFormat("en-GB");
export const number = (n) => (typeof n === "number" ? grouped.format(n) : "");
export const rate = (n) => (typeof n === "number" ? (n >= 100 ? grouped.format(Math.round(n)) : n.toFixed(1)) : "–");

/** `n thing` or `n things`. */
export const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

const SHAPES = {
  good: () => s("circle", { cx: 6, cy: 6, r: 4.5, fill: "currentColor" }),
  bad: () => s("path", { d: "M6 .8 11.6 11H.4Z", fill: "currentColor" }),
  warn: () => s("path", { d: "M6 .8 11.2 6 6 11.2 .8 6Z", fill: "currentColor" }),
  busy: () => s("rect", { x: 1.5, y: 1.5, width: 9, height: 9, rx: 2, fill: "currentColor" }),
  idle: () => s("circle", { cx: 6, cy: 6, r: 4, fill: "none", stroke: "currentColor", "stroke-width": 1.6 }),
};

/** A small shape that says what its colour says. */
export const shape = (tone) =>
  s("svg", { class: "shape", viewBox: "0 0 12 12", width: 10, height: 10, "aria-hidden": "true" }, (SHAPES[tone] ?? SHAPES.idle)());

/** A state as a badge: colour, shape and word. */
export const badge = (tone, text) => h("span", { class: `badge ${tone}` }, shape(tone), text);

const LINK_TONES = { up: "good", connecting: "warn", down: "bad", idle: "idle" };
export const linkTone = (state) => LINK_TONES[state] ?? "idle";

const AGENT_TONES = {
  READY: "good", NOT_READY: "warn", TALKING: "busy", HOLD: "busy", RESERVED: "busy", RESERVED_OUTBOUND: "busy",
  RESERVED_OUTBOUND_PREVIEW: "busy", WORK: "busy", WORK_READY: "busy", LOGOUT: "idle",
};
export const agentTone = (state) => AGENT_TONES[state] ?? "idle";

/** `NOT_READY` as people say it: `Not ready`. */
export function stateWord(state) {
  const words = (state || "unknown").toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A counter's or a code's name as words. */
export const plainName = (name) => name.replaceAll("_", " ").replaceAll(".", " ");
