// The monitor's interface (runtimes/server/src/monitor/API.md) without a connector behind it: the
// tests decide what happens. Serves the page's own files with the headers of the real server.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { randomUUID } from "node:crypto";
import * as world from "./world.mjs";

const PAGE = fileURLToPath(new URL("../../../runtimes/server/src/monitor/page/", import.meta.url));
const KINDS = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const RING = 100_000;

const USERS = { anna: ["operator", "correct horse"], vera: ["viewer", "battery staple"] };
export const TOKEN = "fake-token-0123456789";

export class FakeServer {
  agents = new Map();
  rows = [];
  audit = [];
  sessions = new Map();
  streams = new Set();
  asked = [];
  draining = false;
  failures = 0;
  #server = createServer((request, response) => this.#serve(request, response));
  #sockets = new Set();

  constructor({ agents = 10, messages = 700 } = {}) {
    this.now = Date.now();
    const random = world.dice(1);
    for (let i = 0; i < agents; i += 1) {
      const one = world.agent(random, i, this.now);
      this.agents.set(one.id, one);
    }
    for (let n = 1; n <= messages; n += 1) this.rows.push(world.message(n, agents, this.now - messages));
    this.links = world.links(this.now);
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  async listen(port = 0) {
    await new Promise((done) => this.#server.listen(port, "127.0.0.1", done));
    this.port = this.#server.address().port;
    this.url = `http://127.0.0.1:${this.port}/`;
    return this;
  }

  /** Goes away as a killed process does; `listen(port)` brings it back. */
  async vanish() {
    const closed = new Promise((done) => this.#server.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  status() {
    const by_state = {};
    let on_calls = 0;
    for (const agent of this.agents.values()) {
      by_state[agent.state] = (by_state[agent.state] ?? 0) + 1;
      if (agent.calls.length > 0) on_calls += 1;
    }
    const ready = !this.draining && this.links.every((link) => link.state === "up");
    return {
      version: "0.1.0", ready, in_service_since: ready ? new Date(this.now - 9_250_000).toISOString() : null, uptime_ms: 9_260_000, draining: this.draining,
      now: new Date().toISOString(), log_level: "info", links: this.links, agents: { total: this.agents.size, by_state, on_calls },
      counters: { commands: 48_213, commands_refused: 12, commands_failed: 3, events: 130_877, messages_from_broker: 48_240, notifications: 91_004 },
      rates: { commands_per_s: 8.2, events_per_s: 22.6 },
    };
  }

  change(...agents) {
    for (const agent of agents) this.agents.set(agent.id, agent);
    this.send("agents", { changed: agents, gone: [] });
    this.send("status", this.status());
  }

  link(id, change) {
    this.links = this.links.map((link) => (link.id === id ? { ...link, since: new Date().toISOString(), ...change } : link));
    this.send("status", this.status());
  }

  /** Messages pass. */
  pass(count, shape = {}) {
    const last = this.rows.at(-1)?.n ?? 0;
    const rows = Array.from({ length: count }, (_, i) => ({ ...world.message(last + 1 + i, this.agents.size, this.now), ...shape }));
    this.rows.push(...rows);
    if (this.rows.length > RING) this.rows.splice(0, this.rows.length - RING);
    for (const stream of this.streams) {
      if (stream.query.get("trace") !== "1") continue;
      const wanted = rows.filter((row) => wants(stream.query, row)).slice(-500);
      if (wanted.length > 0) write(stream.response, "trace", { rows: wanted, skipped: 0 });
    }
    return rows;
  }

  send(name, data) {
    for (const stream of this.streams) write(stream.response, name, data);
  }

  endSessions() {
    this.sessions.clear();
    this.send("session", { ended: true });
    for (const stream of this.streams) stream.response.end();
  }

  async #serve(request, response) {
    const url = new URL(request.url, "http://localhost");
    this.asked.push(`${request.method} ${url.pathname}${url.search}`);
    response.setHeader("Content-Security-Policy", POLICY);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Cache-Control", "no-store");
    try {
      if (url.pathname === "/" || url.pathname.startsWith("/assets/")) await this.#file(url.pathname, response);
      else await this.#api(request, url, response);
    } catch (error) {
      refuse(response, 500, "internal", String(error));
    }
  }

  async #file(path, response) {
    const name = path === "/" ? "index.html" : path.slice(1);
    if (!/^(index\.html|assets\/[a-z-]+\.(js|css))$/.test(name)) return refuse(response, 404, "not_found", "there is no such page");
    response.setHeader("Content-Type", KINDS[name.split(".").pop()]);
    response.end(await readFile(PAGE + name));
  }

  async #api(request, url, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks));
    if (url.pathname === "/api/login") return this.#login(body, response);
    const session = this.sessions.get(/finewire_session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1]);
    if (session === undefined) return refuse(response, 401, "unauthorized", "sign in first");
    if (request.method === "POST") {
      if (request.headers["x-finewire-csrf"] !== session.csrf) return refuse(response, 403, "cross_site", "the csrf header is missing");
      if (url.pathname === "/api/logout") {
        this.sessions.delete(session.id);
        return response.writeHead(204).end();
      }
      return this.#act(session, url.pathname, body, response);
    }
    return this.#read(session, url, response);
  }

  #login(body, response) {
    if (this.failures >= 5) return refuse(response, 429, "too_many", "too many attempts");
    const role = body.token === TOKEN ? "operator" : USERS[body.user]?.[1] === body.password ? USERS[body.user]?.[0] : undefined;
    if (role === undefined) {
      this.failures += 1;
      return refuse(response, 401, "refused", "not accepted");
    }
    const session = { id: randomUUID(), user: body.user ?? "token", role, csrf: randomUUID() };
    this.sessions.set(session.id, session);
    response.setHeader("Set-Cookie", `finewire_session=${session.id}; HttpOnly; SameSite=Strict; Path=/`);
    return json(response, { user: session.user, role, csrf: session.csrf });
  }

  #read(session, url, response) {
    const { pathname: path, searchParams: query } = url;
    const one = /^\/api\/agents\/([^/]+)(\/timeline)?$/.exec(path);
    if (path === "/api/session") return json(response, { user: session.user, role: session.role, csrf: session.csrf });
    if (path === "/api/status") return json(response, this.status());
    if (path === "/api/events") return this.#stream(query, response);
    if (path === "/api/agents") {
      const all = [...this.agents.values()];
      const begin = query.has("after") ? all.findIndex((agent) => agent.id === query.get("after")) + 1 : 0;
      const agents = all.slice(begin, begin + Math.min(Number(query.get("limit") ?? 500), 500));
      return json(response, { agents, next: begin + agents.length < all.length ? agents.at(-1).id : null, total: all.length });
    }
    if (one?.[2]) return this.agents.has(one[1]) ? json(response, { rows: world.timeline(one[1], this.now).reverse(), next: null }) : refuse(response, 404, "not_found", "there is no such agent");
    if (one) return this.agents.has(one[1]) ? json(response, this.agents.get(one[1])) : refuse(response, 404, "not_found", "there is no such agent");
    if (path === "/api/trace") return json(response, this.#page(query));
    if (path === "/api/trace/export") {
      response.setHeader("Content-Type", "application/x-ndjson");
      response.setHeader("Content-Disposition", "attachment; filename=\"finewire-trace.ndjson\"");
      return response.end(this.rows.filter((row) => wants(query, row)).map((row) => `${JSON.stringify(row)}\n`).join(""));
    }
    if (path === "/api/charts") return json(response, world.charts(Number(query.get("minutes") ?? 15), Date.now()));
    if (path === "/api/audit") return session.role === "operator" ? json(response, { rows: this.audit, next: null }) : refuse(response, 403, "forbidden", "operators only");
    return refuse(response, 404, "not_found", "there is no such page");
  }

  #page(query) {
    const limit = Math.min(Number(query.get("limit") ?? 1000), 5000);
    const [first, last] = [this.rows[0]?.n ?? 0, this.rows.at(-1)?.n ?? 0];
    const [after, before] = [query.get("after"), query.get("before")];
    let rows = this.rows;
    if (after !== null || before !== null) {
      const [low, high] = [after === null ? first : Number(after) + 1, before === null ? last : Number(before) - 1];
      rows = rows.slice(Math.max(0, low - first), Math.max(0, high - first + 1));
    }
    rows = rows.filter((row) => wants(query, row));
    return { rows: after === null ? rows.slice(-limit) : rows.slice(0, limit), first, last, dropped: 0 };
  }

  #stream(query, response) {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const stream = { query, response };
    this.streams.add(stream);
    response.on("close", () => this.streams.delete(stream));
    response.write("retry: 2000\n");
    write(response, "hello", { version: "0.1.0" });
    write(response, "status", this.status());
  }

  #act(session, path, body, response) {
    if (session.role !== "operator") return refuse(response, 403, "forbidden", "operators only");
    const one = /^\/api\/agents\/([^/]+)\/(resync|drop-stream)$/.exec(path);
    const action = one ? `agent.${one[2].replace("-", "_")}` : path.slice("/api/".length);
    const needs = { "/api/drain": "drain", "/api/reload": "reload" }[path] ?? one?.[1];
    if (needs !== undefined && body.confirm !== needs) return refuse(response, 400, "unconfirmed", "the confirmation is missing");
    this.audit.unshift({ n: this.audit.length + 1, at: new Date().toISOString(), user: session.user, action, target: one?.[1] ?? body.agent ?? "", outcome: "done", from: "127.0.0.1" });
    if (path === "/api/drain" || path === "/api/undrain") {
      this.draining = path === "/api/drain";
      this.send("status", this.status());
    }
    const more = path === "/api/reload" ? { applied: ["driver.time_zone"], refused: [{ key: "broker.url", why: "it needs a restart" }] } : {};
    return json(response, { done: true, text: `${action} done`, ...more });
  }
}

function wants(query, row) {
  const [agent, party, q] = ["agent", "party", "q"].map((name) => query.get(name) ?? "");
  return (agent === "" || row.agent === agent) && (party === "" || row.from === party || row.to === party)
    && (q === "" || `${row.subject} ${row.detail} ${row.agent}`.toLowerCase().includes(q.toLowerCase()));
}

const write = (response, name, data) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

function json(response, value) {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(value));
}

function refuse(response, status, code, text) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ error: { code, text } }));
}
