// All agents: search, filter by state, open one.

import { h, perFrame, say, settled } from "./dom.js";
import { Grid } from "./grid.js";
import { agentTone, badge, count, linkTone, number, span, stateWord } from "./words.js";

const calls = (agent) => (agent.calls ?? []).map((call) => `${stateWord(call.state)} ${call.from} → ${call.to ?? ""}`).join("; ");

const haystack = (agent) =>
  `${agent.id} ${agent.name} ${agent.extension} ${agent.team} ${agent.destination} ${(agent.calls ?? []).map((call) => `${call.id} ${call.from} ${call.to}`).join(" ")}`.toLowerCase();

/** Which agents match, sorted by `id` as numbers where they are numbers. */
export function select(agents, { q, state, feed }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (const agent of agents) {
    if (state !== "" && agent.state !== state) continue;
    if (feed !== "" && agent.feed !== feed) continue;
    if (words.length > 0) {
      const text = haystack(agent);
      if (!words.every((word) => text.includes(word))) continue;
    }
    found.push(agent);
  }
  return found.sort((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
}

export function show(app, root, { query }) {
  let list = [];
  let places = new Map();
  const choice = { q: query.get("q") ?? "", state: query.get("state") ?? "", feed: query.get("feed") ?? "" };

  const search = h("input", { type: "search", id: "agent-search", value: choice.q, placeholder: "id, name, extension, number …", "data-search": "", spellcheck: "false", autocomplete: "off" });
  const state = h("select", { id: "agent-state" });
  const feed = h("select", { id: "agent-feed" },
    [["", "any"], ["up", "up"], ["connecting", "connecting"], ["down", "down"], ["idle", "idle"]].map(([value, text]) => h("option", { value }, text)));
  feed.value = choice.feed;
  const found = h("p", { class: "quiet found", role: "status" });
  const grid = new Grid({
    label: "Agents",
    empty: "No agent matches.",
    source: {
      count: () => list.length,
      at: (index) => list[index],
      key: (agent) => agent.id,
      indexOf: (id) => places.get(id) ?? -1,
    },
    columns: [
      { title: "Agent", width: "7.5rem", name: "mono strong", text: (agent) => agent.id },
      { title: "Name", width: "minmax(8rem, 1.2fr)", text: (agent) => agent.name },
      { title: "State", width: "9.5rem", mark: (agent) => agent.state, node: (agent) => badge(agentTone(agent.state), stateWord(agent.state)) },
      { title: "For", width: "6rem", name: "quiet", text: (agent) => (agent.since ? span(app.live.now() - Date.parse(agent.since)) : "") },
      { title: "Reason", width: "minmax(5rem, .7fr)", text: (agent) => agent.reason ?? "" },
      { title: "Ext.", width: "5rem", name: "mono", text: (agent) => agent.extension },
      { title: "Team", width: "minmax(4rem, .6fr)", text: (agent) => agent.team ?? "" },
      { title: "Destination", width: "minmax(8rem, .9fr)", name: "mono", text: (agent) => agent.destination },
      { title: "Feed", width: "8rem", mark: (agent) => `${agent.feed}${agent.node}`, node: (agent) => badge(linkTone(agent.feed), `${stateWord(agent.feed)}${agent.node ? ` · ${agent.node}` : ""}`) },
      { title: "Calls", width: "minmax(9rem, 1.6fr)", name: "mono", text: calls },
    ],
    onOpen: (agent) => app.go(`#/agents/${encodeURIComponent(agent.id)}`),
  });
  root.replaceChildren(
    h("div", { class: "toolbar" }, h("h1", {}, "Agents"),
      h("label", { for: "agent-search" }, "Search"), search,
      h("label", { for: "agent-state" }, "State"), state,
      h("label", { for: "agent-feed" }, "Feed"), feed, found),
    grid.node,
    h("p", { class: "hint quiet" }, "Enter or double click opens an agent."),
  );

  let offered = "";
  function offerStates() {
    const counts = new Map();
    for (const agent of app.live.agents.values()) counts.set(agent.state, (counts.get(agent.state) ?? 0) + 1);
    if (choice.state !== "" && !counts.has(choice.state)) counts.set(choice.state, 0);
    const options = [...counts.entries()].sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const mark = JSON.stringify(options);
    if (mark === offered || document.activeElement === state) return;
    offered = mark;
    state.replaceChildren(h("option", { value: "" }, "any"),
      ...options.map(([name, n]) => h("option", { value: name }, `${stateWord(name)} (${number(n)})`)));
    state.value = choice.state;
  }

  const draw = perFrame(() => {
    list = select(app.live.agents.values(), choice);
    places = new Map(list.map((agent, index) => [agent.id, index]));
    offerStates();
    const all = app.live.agents.size;
    say(found, !app.live.loaded && all === 0 ? "loading …" : list.length === all ? count(all, "agent") : `${number(list.length)} of ${count(all, "agent")}`);
    grid.refresh();
  });

  function chosen() {
    choice.q = search.value.trim();
    choice.state = state.value;
    choice.feed = feed.value;
    const asked = new URLSearchParams(Object.entries(choice).filter(([, value]) => value !== ""));
    history.replaceState(null, "", `#/agents${asked.size > 0 ? `?${asked}` : ""}`);
    grid.toStart();
    draw();
  }
  search.addEventListener("input", settled(80, chosen));
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      grid.table.focus();
    }
  });
  state.addEventListener("change", chosen);
  feed.addEventListener("change", chosen);

  app.on("agents", draw);
  const tick = setInterval(() => grid.refresh(), 1000);
  draw();
  return {
    title: "Agents",
    close() {
      clearInterval(tick);
      grid.close();
    },
  };
}
