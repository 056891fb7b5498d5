// Rates and latencies of the last minutes.

import { ask } from "./api.js";
import { Chart } from "./chart.js";
import { notify } from "./confirm.js";
import { h } from "./dom.js";

const SPANS = [[5, "5 minutes"], [15, "15 minutes"], [60, "1 hour"]];
const KEPT = "finewire.minutes";

const CHARTS = [
  { title: "Latency of commands", unit: " ms", lines: [{ id: "latency_p50_ms", name: "median" }, { id: "latency_p99_ms", name: "99th percentile" }] },
  { title: "Commands and events", unit: "", lines: [{ id: "commands", name: "commands" }, { id: "events", name: "events" }] },
  { title: "Errors", unit: "", lines: [{ id: "errors", name: "errors" }] },
  { title: "Links down", unit: "", lines: [{ id: "links_down", name: "links down" }] },
  { title: "Agents", unit: "", lines: [{ id: "agents", name: "agents" }] },
];

export function show(app, root) {
  let data = null;
  const gone = new AbortController();
  const charts = CHARTS.map((chart) => new Chart(chart));
  const minutes = h("select", { id: "chart-span" }, SPANS.map(([value, text]) => h("option", { value }, text)));
  minutes.value = localStorage.getItem(KEPT) ?? "15";
  if (minutes.value === "") minutes.value = "15";
  const step = h("p", { class: "quiet found" });
  root.replaceChildren(
    h("div", { class: "toolbar" }, h("h1", {}, "Charts"), h("label", { for: "chart-span" }, "Last"), minutes, step),
    h("div", { class: "charts" }, charts.map((chart) => chart.node)),
    h("p", { class: "hint quiet" }, "Arrow keys move through a chart that has the focus; each chart is also a table."),
  );

  function draw() {
    if (data === null) return;
    step.textContent = `one value per ${data.step_ms / 1000} s`;
    for (const chart of charts) chart.show(Date.parse(data.from), data.step_ms, data.series);
  }

  async function read() {
    try {
      data = await ask("/api/charts", { minutes: minutes.value }, gone.signal);
      draw();
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 401) notify(`The charts could not be read: ${error.message}`, true);
    }
  }

  minutes.addEventListener("change", () => {
    localStorage.setItem(KEPT, minutes.value);
    read();
  });
  app.on("charts", (column) => {
    if (data === null) return;
    const most = Math.ceil((Number(minutes.value) * 60_000) / data.step_ms);
    let dropped = 0;
    for (const [id, values] of Object.entries(data.series)) {
      values.push(column[id] ?? null);
      dropped = Math.max(0, values.length - most);
      if (dropped > 0) values.splice(0, dropped);
    }
    data.from = new Date(Date.parse(data.from) + dropped * data.step_ms).toISOString();
    draw();
  });
  app.on("fresh", read);
  read();
  return {
    title: "Charts",
    close() {
      gone.abort();
      for (const chart of charts) chart.close();
    },
  };
}
