// What an operator may do to the whole: drain, reload, log level; and the record of who did what.

import { ask, tell } from "./api.js";
import { confirm, notify } from "./confirm.js";
import { h, keyed, put, say } from "./dom.js";
import { badge, moment, plainName } from "./words.js";

const LEVELS = ["error", "warn", "info", "debug", "trace"];

function card(title, id, ...children) {
  return h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

export function show(app, root, { query }) {
  if (!app.session.operator) {
    root.replaceChildren(h("div", { class: "toolbar" }, h("h1", {}, "Operations")),
      h("section", { class: "card" }, h("p", {}, "You are signed in as a viewer. Draining, reloading, log levels and the audit record need an operator.")));
    return { title: "Operations", close() {} };
  }
  const gone = new AbortController();
  let next = null;
  let records = [];

  const service = h("p", {});
  const drain = h("button", { type: "button", onclick: toggleDrain });
  const reloaded = h("div", { class: "outcome", role: "status" });
  const level = h("select", { id: "level" }, LEVELS.map((name) => h("option", { value: name }, name)));
  level.value = query.get("agent") ? "debug" : "info";
  const who = h("input", { id: "level-agent", value: query.get("agent") ?? "", placeholder: "every agent", spellcheck: "false", autocomplete: "off" });
  const minutes = h("input", { id: "level-minutes", type: "number", min: 1, max: 1440, value: 10 });
  const audit = h("tbody");
  const older = h("button", { type: "button", hidden: true, onclick: () => read(next) }, "Older");
  const none = h("p", { class: "quiet" }, "Nothing has been done yet.");
  const levelForm = h("form", { class: "row-form", novalidate: true },
    h("label", { for: "level" }, "Level"), level, h("label", { for: "level-agent" }, "Agent"), who,
    h("label", { for: "level-minutes" }, "Minutes"), minutes, h("button", { type: "submit" }, "Set level"));
  levelForm.addEventListener("submit", setLevel);

  root.replaceChildren(
    h("div", { class: "toolbar" }, h("h1", {}, "Operations")),
    h("div", { class: "columns" },
      card("Service", "service-title", service, h("div", { class: "buttons" }, drain)),
      card("Configuration", "reload-title", h("p", {}, "Reads the configuration again and applies what can change without dropping an agent. The rest is refused and the old values stay."),
        h("div", { class: "buttons" }, h("button", { type: "button", onclick: reload }, "Reload configuration")), reloaded),
      card("Log level", "level-title", h("p", {}, "Ends by itself. With an agent's id it holds for that agent only."), levelForm)),
    card("Who did what", "audit-title", h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Table of actions" },
      h("table", {}, h("thead", {}, h("tr", {}, ["Time", "User", "Action", "Target", "Outcome", "From"].map((name) => h("th", { scope: "col" }, name)))), audit)), none, older),
  );

  function draw() {
    const draining = app.live.status?.draining === true;
    say(service, draining
      ? "Draining: new commands are refused, pending ones are answered, drivers have been told OUT_OF_SERVICE."
      : "Taking commands. Draining refuses new ones, answers what is pending and tells drivers OUT_OF_SERVICE.");
    say(drain, draining ? "Take commands again" : "Drain …");
    drain.className = draining ? "" : "danger";
  }

  async function attempt(path, body) {
    try {
      const done = await tell(path, body);
      if (done?.text) notify(done.text);
      else notify("Done.");
      return done;
    } catch (error) {
      notify(`Not done: ${error.message}`, true);
      return null;
    } finally {
      read();
    }
  }

  async function toggleDrain() {
    if (app.live.status?.draining) {
      await attempt("/api/undrain", {});
      return;
    }
    const yes = await confirm({
      title: "Drain finewire?", yes: "Drain", word: "drain",
      text: "No agent can do anything through this connector until it is taken back. Drivers that know a second connector go there.",
    });
    if (yes) await attempt("/api/drain", { confirm: "drain" });
  }

  async function reload() {
    if (!await confirm({ title: "Reload the configuration?", yes: "Reload", text: "Agents stay signed in. What cannot change while finewire runs is refused and listed." })) return;
    const done = await attempt("/api/reload", { confirm: "reload" });
    if (done === null) return;
    const [applied, refused] = [done.applied ?? [], done.refused ?? []];
    reloaded.replaceChildren(
      h("p", {}, applied.length === 0 ? "Nothing had changed that could be applied." : "Applied:"),
      applied.length === 0 ? "" : h("ul", {}, applied.map((key) => h("li", { class: "mono" }, key))),
      refused.length === 0 ? "" : h("p", {}, "Refused, the old values stay:"),
      refused.length === 0 ? "" : h("ul", {}, refused.map(({ key, why }) => h("li", {}, h("span", { class: "mono" }, key), `: ${why}`))));
  }

  async function setLevel(event) {
    event.preventDefault();
    const held = Number(minutes.value);
    if (!Number.isInteger(held) || held < 1 || held > 1440) {
      notify("Minutes: a whole number from 1 to 1440.", true);
      minutes.focus();
      return;
    }
    const agent = who.value.trim();
    await attempt("/api/log-level", { level: level.value, minutes: held, ...(agent === "" ? {} : { agent }) });
  }

  async function read(before = undefined) {
    try {
      const page = await ask("/api/audit", { before, limit: 200 }, gone.signal);
      const had = new Set(page.rows.map((row) => row.n));
      records = [...records.filter((row) => !had.has(row.n)), ...page.rows].sort((a, b) => b.n - a.n);
      if (before !== undefined || records.length === page.rows.length) next = page.next ?? null;
      keyed(audit, records, (row) => row.n, () => h("tr", {}, h("td", { class: "mono quiet nowrap" }), h("td", {}), h("td", {}), h("td", { class: "mono" }), h("td", {}), h("td", { class: "mono" })), (node, row) => {
        const [at, user, action, target, outcome, from] = node.children;
        say(at, moment(row.at));
        say(user, row.user);
        say(action, plainName(row.action));
        say(target, row.target ?? "");
        put(outcome, row.outcome, () => badge(row.outcome === "done" ? "good" : "bad", row.outcome));
        say(from, row.from ?? "");
      });
      none.hidden = records.length > 0;
      older.hidden = next === null;
    } catch (error) {
      if (error.name === "AbortError" || error.status === 401) return;
      say(none, `The record could not be read: ${error.message}`);
      none.hidden = false;
    }
  }

  app.on("status", draw);
  app.on("fresh", () => read());
  draw();
  read();
  return { title: "Operations", close: () => gone.abort() };
}
