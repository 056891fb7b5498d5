"use strict";
const byId = (id) => document.getElementById(id);

function cell(text, name) {
  const td = document.createElement("td");
  if (name) td.className = name;
  td.textContent = text ?? "";
  return td;
}

function badge(text, kind) {
  const td = document.createElement("td");
  const span = document.createElement("span");
  span.className = "badge " + kind;
  span.textContent = text;
  td.append(span);
  return td;
}

function row(...cells) {
  const tr = document.createElement("tr");
  tr.append(...cells);
  return tr;
}

function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  if (s < 172800) return Math.floor(s / 3600) + " h";
  return Math.floor(s / 86400) + " d";
}

function fill(id, rows, columns, nothing) {
  if (rows.length === 0) {
    const td = cell(nothing, "quiet");
    td.colSpan = columns;
    rows = [row(td)];
  }
  byId(id).replaceChildren(...rows);
}

const linkKind = { up: "good", connecting: "warn", down: "bad", idle: "unknown" };

function show(status) {
  const health = byId("health");
  health.textContent = status.ready ? "in service" : "out of service";
  health.className = "badge " + (status.ready ? "good" : "bad");
  byId("about").textContent = `${status.version} · up ${span(status.uptime_ms)}`;
  fill("links", status.links.map((link) => row(
    cell(link.name), cell(link.peer, "text"), badge(link.state, linkKind[link.state] ?? "unknown"),
    cell(span(link.since_ms), "time"), cell(link.why))), 5, "no links");
  byId("agent-count").textContent = status.agents.length;
  fill("agents", status.agents.map((agent) => row(
    cell(agent.id), cell(agent.name), cell(agent.state), cell(agent.extension),
    cell(agent.destination, "text"), badge(agent.feed, linkKind[agent.feed] ?? "unknown"),
    cell(agent.calls.map((call) => `${call.id} ${call.state} ${call.from}`).join("; "), "text"))),
    7, "no agent is connected");
  fill("messages", status.messages.map((message) => row(
    cell(message.at, "time"), cell(`${message.from} → ${message.to}`, "way"), cell(message.agent),
    cell(message.subject + (message.detail ? "  " + message.detail : ""), "text"))),
    4, "nothing has passed yet");
  byId("counters").replaceChildren(...Object.entries(status.counters).map(([name, value]) => {
    const div = document.createElement("div");
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = name.replaceAll("_", " ");
    dd.textContent = value;
    div.append(dt, dd);
    return div;
  }));
}

async function refresh() {
  try {
    const answer = await fetch("/api/status", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
  } catch (error) {
    const health = byId("health");
    health.textContent = "no answer from finewire";
    health.className = "badge bad";
  }
  setTimeout(refresh, 1000);
}
refresh();
