// One agent: facts, calls, time line, ladder, and what an operator can do for it.

import { ask, tell } from "./api.js";
import { confirm, notify } from "./confirm.js";
import { h, keyed, put, say, settled } from "./dom.js";
import { Ladder } from "./ladder.js";
import { agentTone, badge, clock, moment, number, span, stateWord } from "./words.js";

const KINDS = { command: "Command", answer: "Answer", state: "State", call: "Call", error: "Error", link: "Link", operator: "Operator" };
const HOPS = [["queue", "queue"], ["rest", "REST"], ["event", "event"]];
const PAGE = 200;

/** Where the time of a command went, in words. */
export function hops(latency) {
  if (!latency || typeof latency.total !== "number") return "";
  const parts = HOPS.filter(([id]) => typeof latency[id] === "number").map(([id, name]) => `${name} ${number(latency[id])}`);
  return parts.join(" · ");
}

function bar(latency, most) {
  const parts = HOPS.filter(([id]) => typeof latency[id] === "number");
  return h("span", { class: "hops", "aria-hidden": "true", style: { width: `${Math.min(100, (100 * latency.total) / most)}%` } },
    parts.map(([id]) => h("span", { class: `hop-${id}`, style: { flex: String(latency[id]) } })));
}

function timelineRow() {
  return h("tr", {}, h("td", { class: "mono quiet nowrap" }), h("td", {}), h("td", { class: "strong" }), h("td", { class: "mono detail-cell" }),
    h("td", { class: "number" }), h("td", { class: "hop-cell" }));
}

export function show(app, root, { id }) {
  let agent = app.live.agents.get(id) ?? null;
  let rows = [];
  let next = null;
  const gone = new AbortController();

  const title = h("h1", {});
  const facts = h("dl", { class: "facts" });
  const callBox = h("div");
  const stateBox = h("span");
  const timeline = h("tbody");
  const older = h("button", { type: "button", hidden: true, onclick: () => read(next) }, "Older");
  const empty = h("p", { class: "quiet" }, "Nothing has happened yet.");
  const ladder = new Ladder();
  const act = (name, path, words) => h("button", { type: "button", onclick: () => doIt(path, words) }, name);
  const actions = app.session.operator
    ? h("div", { class: "buttons" },
      act("Resync", "resync", { title: `Resync agent ${id}?`, text: "finewire reads the agent and its calls from Finesse again and tells the driver what differs.", yes: "Resync" }),
      act("Drop stream", "drop-stream", { title: `Drop the notification stream of agent ${id}?`, text: "The XMPP stream is closed and opened again. Events in between are read again by REST.", yes: "Drop stream" }),
      h("a", { class: "button", href: `#/operations?agent=${encodeURIComponent(id)}` }, "Log level …"))
    : h("p", { class: "quiet" }, "You are signed in as a viewer: actions need an operator.");
  const panels = {
    timeline: h("div", { id: "panel-timeline", role: "tabpanel", "aria-labelledby": "tab-timeline" },
      h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Time line" },
        h("table", { class: "timeline" }, h("thead", {}, h("tr", {}, ["Time", "Kind", "What", "Detail"].map((name) => h("th", { scope: "col" }, name)),
          h("th", { scope: "col", class: "number" }, "Total"), h("th", { scope: "col" }, "Where the time went, ms"))), timeline), empty, older)),
    ladder: h("div", { id: "panel-ladder", role: "tabpanel", "aria-labelledby": "tab-ladder", hidden: true }, ladder.node),
  };
  const tabs = [["timeline", "Time line"], ["ladder", "Ladder"]].map(([name, text]) => h("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => turn(name), onkeydown: arrows,
  }, text));
  root.replaceChildren(
    h("p", { class: "crumbs" }, h("a", { href: "#/agents" }, "Agents"), " / ", h("span", { class: "mono" }, id)),
    h("div", { class: "agent-head" }, title, stateBox, actions),
    h("section", { class: "card", "aria-label": "Facts" }, facts, callBox),
    h("div", { role: "tablist", class: "tabs", "aria-label": "History" }, tabs),
    panels.timeline, panels.ladder,
  );

  function turn(name) {
    for (const tab of tabs) {
      const on = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    for (const [other, panel] of Object.entries(panels)) panel.hidden = other !== name;
  }

  function arrows(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = tabs[event.currentTarget === tabs[0] ? 1 : 0];
    other.focus();
    other.click();
  }

  function draw() {
    agent = app.live.agents.get(id) ?? agent;
    say(title, agent?.name ? `${agent.name} · ${id}` : id);
    if (agent === null) {
      put(stateBox, "none", () => badge("idle", app.live.loaded ? "Not connected" : "…"));
      return;
    }
    put(stateBox, agent.state, () => badge(agentTone(agent.state), stateWord(agent.state)));
    const at = app.live.now();
    const list = [
      ["State", `${stateWord(agent.state)}${agent.reason ? ` (${agent.reason})` : ""}`],
      ["For", agent.since ? `${span(at - Date.parse(agent.since))} · ${moment(agent.since)}` : "–"],
      ["Extension", agent.extension || "–"], ["Team", agent.team || "–"], ["Destination", agent.destination || "–"],
      ["Notifications", `${stateWord(agent.feed)}${agent.node ? `, node ${agent.node}` : ""}${agent.feed !== "up" && agent.feed_why ? `: ${agent.feed_why}` : ""}`], ["Commands pending", number(agent.pending ?? 0)],
    ];
    keyed(facts, list, ([name]) => name, () => h("div", {}, h("dt"), h("dd")), (node, [name, value]) => {
      say(node.firstElementChild, name);
      say(node.lastElementChild, value);
    });
    const calls = agent.calls ?? [];
    put(callBox, JSON.stringify(calls), () => (calls.length === 0 ? h("p", { class: "quiet" }, "No call.") : h("table", { class: "calls" },
      h("thead", {}, h("tr", {}, ["Call", "State", "From", "To", "Since"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, calls.map((call) => h("tr", {}, h("td", { class: "mono" }, call.id), h("td", {}, badge("busy", stateWord(call.state))),
        h("td", { class: "mono" }, call.from), h("td", { class: "mono" }, call.to ?? ""), h("td", {}, call.since ? moment(call.since) : "")))))));
  }

  function drawTimeline() {
    const most = Math.max(50, ...rows.map((row) => row.latency_ms?.total ?? 0));
    keyed(timeline, rows, (row) => row.n, timelineRow, (node, row) => {
      const [time, kind, what, detail, total, where] = node.children;
      say(time, clock(row.at));
      time.title = moment(row.at);
      const tone = row.kind === "error" || row.ok === false ? "bad" : row.kind === "operator" || row.kind === "link" ? "warn" : row.kind === "command" ? "busy" : "idle";
      put(kind, tone + row.kind, () => badge(tone, KINDS[row.kind] ?? row.kind));
      say(what, row.ok === false && row.kind !== "error" ? `${row.text} failed` : row.text);
      say(detail, row.detail ?? "");
      const timed = typeof row.latency_ms?.total === "number";
      say(total, timed ? `${number(row.latency_ms.total)} ms` : "");
      put(where, timed ? `${most}${JSON.stringify(row.latency_ms)}` : "", () => (timed
        ? h("span", { class: "hop-box" }, h("span", { class: "hop-track" }, bar(row.latency_ms, most)), h("span", { class: "quiet" }, hops(row.latency_ms))) : ""));
    });
    empty.hidden = rows.length > 0;
    older.hidden = next === null;
  }

  /** Reads the newest page, or the one before row `before`. */
  async function read(before = undefined) {
    try {
      const page = await ask(`/api/agents/${encodeURIComponent(id)}/timeline`, { before, limit: PAGE }, gone.signal);
      const had = new Set(rows.map((row) => row.n));
      const joined = page.rows.some((row) => had.has(row.n));
      if (before === undefined && !joined) {
        rows = page.rows;
        next = page.next ?? null;
      } else {
        rows = [...rows, ...page.rows.filter((row) => !had.has(row.n))].sort((a, b) => b.n - a.n);
        if (before !== undefined) next = page.next ?? null;
      }
      drawTimeline();
    } catch (error) {
      if (error.name === "AbortError" || error.status === 401) return;
      say(empty, error.status === 404 ? "finewire does not know this agent." : `The time line could not be read: ${error.message}`);
      empty.hidden = false;
    }
  }

  async function readLadder() {
    try {
      const { rows: messages } = await ask("/api/trace", { agent: id, limit: 300 }, gone.signal);
      ladder.append(messages.sort((a, b) => a.n - b.n));
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 401) notify(`The conversation could not be read: ${error.message}`, true);
    }
  }

  async function doIt(path, words) {
    if (!await confirm(words)) return;
    try {
      const done = await tell(`/api/agents/${encodeURIComponent(id)}/${path}`, { confirm: id });
      notify(done?.text || "Done.");
    } catch (error) {
      notify(`Not done: ${error.message}`, true);
    }
    read();
  }

  const readSoon = settled(250, () => read());
  app.on("agents", ({ changed, gone: left, all }) => {
    if (all || changed.some((one) => one.id === id)) readSoon();
    if (left.includes(id)) agent = { ...agent, state: "LOGOUT", feed: "idle", calls: [] };
    draw();
  });
  app.on("trace", (data) => {
    ladder.append(data.rows);
    readSoon();
  });
  app.on("fresh", () => {
    readLadder();
    read();
  });
  const tick = setInterval(draw, 1000);
  turn("timeline");
  draw();
  app.live.watch({ agent: id });
  if (app.live.connected && app.live.loaded) readLadder();
  read();
  return {
    title: `Agent ${id}`,
    trace: true,
    close() {
      clearInterval(tick);
      gone.abort();
    },
  };
}
