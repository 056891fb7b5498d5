// What an operator sees first: is it in service, and if not, what is down, since when and why.

import { h, keyed, put, say } from "./dom.js";
import { agentTone, badge, count, linkTone, moment, number, plainName, rate, span, stateWord } from "./words.js";

const ORDER = { down: 0, connecting: 1, idle: 2, up: 3 };

/** Down first: nobody should have to search. */
export const byTrouble = (links) => [...links].sort((a, b) => (ORDER[a.state] ?? 2) - (ORDER[b.state] ?? 2));

/** One sentence, and its tone, for a whole status. */
export function verdict(status) {
  const down = status.links.filter((link) => link.state === "down");
  const coming = status.links.filter((link) => link.state === "connecting");
  if (status.draining) return { tone: "warn", word: "Draining", why: "New commands are refused; what is pending is being answered." };
  if (down.length > 0) {
    const names = down.map((link) => link.name).join(", ");
    const word = status.ready ? "In service, not whole" : "Out of service";
    return { tone: status.ready ? "warn" : "bad", word, why: `${names} ${down.length === 1 ? "is" : "are"} down.` };
  }
  if (coming.length > 0) {
    const names = coming.map((link) => link.name).join(", ");
    return { tone: "warn", word: status.ready ? "In service, not whole" : "Not yet in service", why: `${names}: connecting.` };
  }
  if (!status.ready) return { tone: "bad", word: "Out of service", why: "All links stand, but finewire is not ready." };
  return { tone: "good", word: "In service", why: "Every link stands." };
}

const KINDS = { broker: "Message broker", "finesse-rest": "Finesse REST", "finesse-xmpp": "Finesse notifications" };

function linkRow() {
  return h("tr", {}, h("td", {}), h("th", { scope: "row" }), h("td", { class: "mono" }), h("td", { class: "nowrap" }),
    h("td", { class: "why" }), h("td", { class: "number" }));
}

function fillLink(row, link, at) {
  const [state, name, peer, since, why, flaps] = row.children;
  row.className = link.state === "down" ? "trouble" : "";
  put(state, link.state, () => badge(linkTone(link.state), stateWord(link.state)));
  say(name, link.name === link.kind ? KINDS[link.kind] ?? link.name : link.name);
  name.title = KINDS[link.kind] ?? "";
  say(peer, link.peer);
  const held = Math.max(0, at - Date.parse(link.since));
  say(since, `${span(Number.isNaN(held) ? link.since_ms ?? 0 : held)} · ${moment(link.since)}`);
  const parts = [];
  if (link.why) parts.push(link.why);
  if (typeof link.up === "number") parts.push(`${number(link.up)} up, ${number(link.connecting ?? 0)} connecting, ${number(link.down ?? 0)} down`);
  if (typeof link.retry_ms === "number" && link.state !== "up") parts.push(`next attempt in ${span(link.retry_ms)}`);
  say(why, parts.join("; "));
  say(flaps, number(link.flaps ?? 0));
}

function card(title, id, ...children) {
  return h("section", { class: "card", "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

function figures(entries, label) {
  const list = h("dl", { class: "figures", "aria-label": label });
  keyed(list, entries, ([name]) => name, () => h("div", {}, h("dt"), h("dd")), (node, [name, value]) => {
    say(node.firstElementChild, name);
    say(node.lastElementChild, value);
  });
  return list;
}

export function show(app, root) {
  const sentence = h("h1", {});
  const why = h("p", {});
  const facts = h("p", { class: "quiet" });
  const hero = h("section", { class: "hero", "aria-label": "State of finewire" }, sentence, why, facts);
  const links = h("tbody");
  const states = h("ul", { class: "states" });
  const agentTotal = h("p", { class: "big" });
  const rates = h("div");
  const counters = h("div");
  root.replaceChildren(
    hero,
    card("Links", "links-title", h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of links" },
      h("table", { class: "links" }, h("thead", {}, h("tr", {},
        ["State", "Link", "Peer", "Since", "Why"].map((title) => h("th", { scope: "col" }, title)),
        h("th", { scope: "col", class: "number", title: "How often it has gone down" }, "Losses"))), links))),
    h("div", { class: "columns" },
      card("Agents", "agents-title", agentTotal, states),
      card("Traffic", "traffic-title", rates),
      card("Counters since start", "counters-title", counters)),
  );

  function draw() {
    const status = app.live.status;
    if (status === null) return;
    const at = app.live.now();
    const found = verdict(status);
    hero.className = `hero ${found.tone}`;
    put(sentence, `${found.tone}${found.word}`, () => badge(found.tone, found.word));
    say(why, found.why);
    const served = status.ready && status.in_service_since ? `in service since ${moment(status.in_service_since)} · ` : "";
    say(facts, `${served}running for ${span(status.uptime_ms)} · finewire ${status.version} · log level ${status.log_level ?? "unknown"}`);
    keyed(links, byTrouble(status.links), (link) => link.id, linkRow, (row, link) => fillLink(row, link, at));

    const agents = status.agents ?? { total: 0, by_state: {} };
    say(agentTotal, `${count(agents.total, "agent")}, ${number(agents.on_calls ?? 0)} on calls`);
    const byState = Object.entries(agents.by_state ?? {}).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
    keyed(states, byState, ([state]) => state, ([state]) => h("li", {},
      h("a", { href: `#/agents?state=${encodeURIComponent(state)}` }, badge(agentTone(state), stateWord(state))),
      h("span", { class: "meter", "aria-hidden": "true" }, h("span", { class: agentTone(state) })),
      h("span", { class: "number" })), (node, [, n]) => {
      node.children[1].firstElementChild.style.width = `${(100 * n) / Math.max(1, agents.total)}%`;
      say(node.lastElementChild, number(n));
    });
    const speeds = [
      ["Commands per second", rate(status.rates?.commands_per_s)],
      ["Events per second", rate(status.rates?.events_per_s)],
    ];
    put(rates, JSON.stringify(speeds), () => figures(speeds, "Traffic"));
    const totals = Object.entries(status.counters ?? {}).map(([name, value]) => [plainName(name), number(value)]);
    put(counters, JSON.stringify(totals), () => figures(totals, "Counters since start"));
  }

  app.on("status", draw);
  const tick = setInterval(draw, 1000);
  draw();
  return { title: "Overview", close: () => clearInterval(tick) };
}
