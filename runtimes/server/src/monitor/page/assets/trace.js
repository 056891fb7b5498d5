// The live trace: every message between driver, broker, connector and Finesse.

import { where } from "./api.js";
import { notify } from "./confirm.js";
import { h, say, settled } from "./dom.js";
import { Grid } from "./grid.js";
import { Found, Whole } from "./trace-rows.js";
import { clock, count, moment, number } from "./words.js";

const PARTIES = [["", "all"], ["driver", "driver"], ["broker", "broker"], ["connector", "connector"], ["finesse", "Finesse"]];

export function show(app, root, { query }) {
  const filter = { agent: query.get("agent") ?? "", party: query.get("party") ?? "", q: query.get("q") ?? "" };
  let follow = true;
  let paused = false;
  let held = 0;
  let skipped = 0;
  let rows = null;

  const search = h("input", { type: "search", id: "trace-search", "data-search": "", value: filter.q, placeholder: "words in a message", spellcheck: "false", autocomplete: "off" });
  const agent = h("input", { type: "search", id: "trace-agent", value: filter.agent, placeholder: "agent id", spellcheck: "false", autocomplete: "off", size: 9 });
  const party = h("select", { id: "trace-party" }, PARTIES.map(([value, text]) => h("option", { value }, text)));
  party.value = filter.party;
  const followBox = h("button", { type: "button", "aria-pressed": "true", title: "Keep the newest message in view (f)" }, "Follow");
  const pauseBox = h("button", { type: "button", "aria-pressed": "false", title: "Stop the rows while you read (p)" }, "Pause");
  const save = h("a", { class: "button", download: "finewire-trace.ndjson" }, "Export");
  const found = h("p", { class: "quiet found", role: "status" });
  const detail = h("dl", { class: "detail" });
  const pane = h("section", { class: "pane card", "aria-label": "The chosen message", tabindex: 0, hidden: true }, detail);
  const source = {
    count: () => rows.count(),
    at: (index) => rows.at(index),
    key: (row) => row.n,
    keyAt: (index) => rows.keyAt?.(index) ?? null,
    indexOf: (n) => rows.indexOf(n),
  };
  const grid = new Grid({
    label: "Messages",
    empty: "No message matches.",
    source,
    columns: [
      { title: "Time", width: "7.5rem", name: "mono quiet", text: (row) => clock(row.at) },
      { title: "From", width: "5.5rem", text: (row) => row.from },
      { title: "To", width: "6.5rem", name: "arrow", text: (row) => row.to },
      { title: "Link", width: "5rem", name: "quiet", text: (row) => row.link ?? "" },
      { title: "Agent", width: "6.5rem", name: "mono", text: (row) => row.agent ?? "" },
      { title: "Message", width: "minmax(12rem, 1fr)", name: "mono strong", text: (row) => row.subject },
      { title: "Detail", width: "minmax(12rem, 1.6fr)", name: "mono quiet", text: (row) => row.detail ?? "" },
    ],
    onCurrent: describe,
    onOpen: () => pane.focus(),
    onScroll: (moved) => {
      // Content only grows downwards: a view that moves up was moved by its reader.
      if (moved < 0 && follow && !grid.atEnd) setFollow(false);
      else if (moved > 0 && !follow && grid.atEnd && !paused) setFollow(true);
    },
  });
  root.replaceChildren(
    h("div", { class: "toolbar" }, h("h1", {}, "Trace"),
      h("label", { for: "trace-search" }, "Search"), search,
      h("label", { for: "trace-agent" }, "Agent"), agent,
      h("label", { for: "trace-party" }, "Party"), party,
      followBox, pauseBox, save, found),
    grid.node, pane,
    h("p", { class: "hint quiet" }, "Passwords and keys are left out before a message is recorded."),
  );

  function describe(row) {
    pane.hidden = row === undefined;
    if (row === undefined) return;
    const facts = [["Number", number(row.n)], ["Time", `${moment(row.at)} (${row.at})`], ["Way", `${row.from} → ${row.to}${row.link ? `, ${row.link}` : ""}`],
      ["Agent", row.agent || "–"], ["Message", row.subject], ["Detail", row.detail || "–"]];
    detail.replaceChildren(...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: "mono" }, value))));
    if (row.agent) detail.lastElementChild.previousElementSibling.previousElementSibling.lastElementChild.append(" ", h("a", { href: `#/agents/${encodeURIComponent(row.agent)}` }, "open agent"));
  }

  function setFollow(on) {
    follow = on;
    followBox.setAttribute("aria-pressed", String(on));
    if (on) {
      if (paused) setPaused(false);
      rows?.prune();
      grid.toEnd();
    }
  }

  function setPaused(on) {
    paused = on;
    pauseBox.setAttribute("aria-pressed", String(on));
    if (!on && held > 0) {
      held = 0;
      start();
    }
    tell();
  }

  const filtered = () => filter.agent !== "" || filter.party !== "" || filter.q !== "";

  function tell() {
    if (rows === null) return;
    const total = filtered() ? `${number(rows.count())}${rows.more ? "+" : ""} found` : count(rows.count(), "message");
    const notes = [total];
    if (paused) notes.push(held > 0 ? `paused, ${number(held)} newer` : "paused");
    if (skipped > 0) notes.push(`${number(skipped)} skipped on the way here`);
    say(found, notes.join(" · "));
  }

  function changed(source, shift) {
    if (source !== rows) return;
    if (shift !== 0) grid.shift(shift);
    if (follow) grid.toEnd();
    grid.refresh();
    tell();
  }

  /** Reads anew what there is; the stream brings what comes. */
  async function start() {
    rows?.close();
    const mine = filtered() ? new Found({ ...filter }, (shift) => changed(mine, shift)) : new Whole((shift) => changed(mine, shift));
    rows = mine;
    grid.refresh();
    try {
      await mine.start();
    } catch (error) {
      if (mine === rows && error.name !== "AbortError" && error.status !== 401) notify(`The trace could not be read: ${error.message}`, true);
    }
  }

  function chosen() {
    Object.assign(filter, { agent: agent.value.trim(), party: party.value, q: search.value.trim() });
    const asked = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
    history.replaceState(null, "", `#/trace${asked.size > 0 ? `?${asked}` : ""}`);
    save.href = where("/api/trace/export", filter);
    pane.hidden = true;
    setFollow(true);
    app.live.watch({ ...filter });
    start();
  }
  const later = settled(250, chosen);
  search.addEventListener("input", later);
  agent.addEventListener("input", later);
  party.addEventListener("change", chosen);
  followBox.addEventListener("click", () => setFollow(!follow));
  pauseBox.addEventListener("click", () => setPaused(!paused));

  app.on("trace", (data) => {
    skipped += data.skipped ?? 0;
    if (paused) {
      held += data.rows.length;
      tell();
      return;
    }
    rows.append(data.rows);
    if (follow) rows.prune();
  });
  app.on("fresh", () => {
    if (!paused) start();
  });
  save.href = where("/api/trace/export", filter);
  rows = new Found({}, () => {});
  rows.more = false;
  // The stream says `fresh` once it stands; that reads what there is.
  app.live.watch({ ...filter });
  if (app.live.connected && app.live.loaded) start();
  return {
    title: "Trace",
    trace: true,
    keys: { f: () => setFollow(!follow), p: () => setPaused(!paused) },
    close() {
      rows.close();
      grid.close();
    },
  };
}
