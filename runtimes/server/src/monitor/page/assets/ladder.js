// One agent's conversation as a ladder: who told whom what, and how long after.
//
// Each rung is an entry of a list whose words say everything that the drawing says.

import { h, say } from "./dom.js";
import { clock } from "./words.js";

export const LANES = [["driver", "Driver"], ["broker", "Broker"], ["connector", "Connector"], ["rest", "Finesse REST"], ["xmpp", "Finesse XMPP"]];

const RUNGS = 300;

/** Which lane a party's end of a message lies in. */
export function lane(party, link) {
  const name = party === "finesse" ? (link === "xmpp" ? "xmpp" : "rest") : party;
  return LANES.findIndex(([id]) => id === name);
}

const gap = (ms) => (ms < 1000 ? `+${ms} ms` : `+${(ms / 1000).toFixed(1)} s`);

export class Ladder {
  #list = h("ol", { class: "rungs", tabindex: 0, "aria-label": "Messages, oldest first" });
  #note = h("p", { class: "quiet" });
  #newest = 0;
  #at = null;

  constructor() {
    this.node = h("div", { class: "ladder" }, this.#note,
      h("div", { class: "lanes", "aria-hidden": "true" }, h("span"), LANES.map(([, title]) => h("span", {}, title))), this.#list);
    say(this.#note, "No message of this agent is kept.");
  }

  /** Adds messages, oldest first; those it has are left alone. */
  append(rows) {
    const list = this.#list;
    const stuck = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
    for (const row of rows) {
      if (row.n <= this.#newest) continue;
      this.#newest = row.n;
      list.append(this.#rung(row));
    }
    while (list.childElementCount > RUNGS) list.firstElementChild.remove();
    if (list.childElementCount > 0) say(this.#note, `The last ${list.childElementCount} messages. Open one for its text.`);
    if (stuck) list.scrollTop = list.scrollHeight;
  }

  clear() {
    this.#list.replaceChildren();
    this.#newest = 0;
    this.#at = null;
  }

  #rung(row) {
    const [from, to] = [lane(row.from, row.link), lane(row.to, row.link)];
    const at = Date.parse(row.at);
    const after = this.#at === null ? "" : gap(Math.max(0, at - this.#at));
    this.#at = at;
    const drawn = from >= 0 && to >= 0;
    const arrow = h("span", { class: `rung-arrow ${to > from ? "right" : "left"} ${from === to ? "self" : ""}`, "aria-hidden": "true" });
    const line = h("span", { class: "rung-line" }, arrow, h("span", { class: "rung-text mono" }, row.subject));
    if (drawn) {
      const [low, high] = [Math.min(from, to), Math.max(from, to)];
      const width = 100 / LANES.length;
      line.style.setProperty("--from", `${(low + 0.5) * width}%`);
      line.style.setProperty("--wide", `${Math.max(high - low, 0.35) * width}%`);
    }
    return h("li", {}, h("details", {}, h("summary", {},
      h("span", { class: "rung-time mono quiet" }, clock(row.at), h("span", { class: "rung-gap" }, after)),
      h("span", { class: "hidden" }, `${row.from} to ${row.to}${row.link ? ` by ${row.link}` : ""}: `), line),
    h("p", { class: "rung-detail mono" }, `${row.from} → ${row.to}${row.link ? ` (${row.link})` : ""}: ${row.subject}${row.detail ? `\n${row.detail}` : ""}`)));
  }
}
