// The stream of changes, and the picture of the server that it keeps true.
//
// Read with `fetch` and not with `EventSource`: that one hides the status of a refusal and the
// comment lines by which a silent stream proves that it lives.

import { Refused, ask, where } from "./api.js";

/** The server writes at least a comment each 15 s. */
const SILENCE_MS = 40_000;
const WAITS_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** More than any event has. */
const BUFFER = 16 * 1024 * 1024;

/** Splits a stream's text into events; `onEvent(name, data)`. */
export class Events {
  #rest = "";
  #onEvent;

  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  feed(text) {
    this.#rest += text.replaceAll("\r\n", "\n");
    for (let end = this.#rest.indexOf("\n\n"); end >= 0; end = this.#rest.indexOf("\n\n")) {
      const block = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 2);
      let name = "message";
      const data = [];
      for (const line of block.split("\n")) {
        const colon = line.indexOf(":");
        if (colon <= 0) continue;
        const value = line.slice(colon + 1).replace(/^ /, "");
        if (line.startsWith("event:")) name = value;
        else if (line.startsWith("data:")) data.push(value);
      }
      if (data.length > 0) this.#onEvent(name, data.join("\n"));
    }
    if (this.#rest.length > BUFFER) throw new Error("an event without an end");
  }
}

/**
 * Emits `status`, `agents`, `trace`, `charts` (each with the event's data as `detail`), `line`
 * (whether the stream stands), `fresh` (the stream stands again: what was missed must be read
 * again) and `ended` (the session is over).
 */
export class Live extends EventTarget {
  status = null;
  agents = new Map();
  /** Whether `agents` is complete. */
  loaded = false;
  /** Whether the stream stands, and when it last said something (milliseconds since 1970). */
  connected = false;
  heard = Date.now();
  /** When it will be tried again, in milliseconds since 1970. */
  retryAt = 0;
  why = "";

  #filter = null;
  #failures = 0;
  #run = null;
  #waiting = [];
  #skew = 0;

  /** The server's clock, in milliseconds since 1970: spans do not depend on the browser's clock. */
  now() {
    return Date.now() + this.#skew;
  }

  /** Opens the stream, with the messages that `filter` selects; `null`: without messages. */
  open(filter = null) {
    this.close();
    this.#filter = filter;
    this.#start();
  }

  /** Opens anew only if the filter differs. */
  watch(filter) {
    if (JSON.stringify(filter) !== JSON.stringify(this.#filter) || this.#run === null) this.open(filter);
  }

  /** Tries at once instead of waiting. */
  again() {
    if (!this.connected) this.open(this.#filter);
  }

  close() {
    this.#run?.abort();
    this.#run = null;
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #start() {
    const run = new AbortController();
    this.#run = run;
    this.#read(run).catch((error) => {
      if (this.#run !== run) return;
      if (error instanceof Refused && error.status === 401) {
        this.close();
        this.#emit("ended");
        return;
      }
      this.#lose(run, error instanceof Refused ? error.message : "finewire does not answer");
    });
  }

  #lose(run, why) {
    run.abort();
    const wait = WAITS_MS[Math.min(this.#failures, WAITS_MS.length - 1)];
    this.#failures += 1;
    this.connected = false;
    this.why = why;
    this.retryAt = Date.now() + wait;
    this.#emit("line");
    setTimeout(() => {
      if (this.#run === run) this.#start();
    }, wait);
  }

  async #read(run) {
    const begun = Date.now();
    const silence = () => setTimeout(() => run.abort(new Error("silent")), SILENCE_MS);
    let timer = silence();
    try {
      const query = this.#filter === null ? {} : { trace: 1, ...this.#filter };
      const answer = await fetch(where("/api/events", query), { signal: run.signal, cache: "no-store", headers: { Accept: "text/event-stream" } });
      if (!answer.ok) {
        const text = answer.status === 503 ? "finewire has too many open pages" : `finewire answers ${answer.status}`;
        throw new Refused(answer.status, "", text);
      }
      const events = new Events((name, data) => this.#take(run, name, JSON.parse(data)));
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(timer);
        timer = silence();
        this.heard = Date.now();
        events.feed(value);
      }
      // Streams end after an hour: that is no loss worth a banner.
      if (this.#run !== run) return;
      if (Date.now() - begun > 5_000 && this.connected) this.#start();
      else this.#lose(run, "finewire ended the stream");
    } finally {
      clearTimeout(timer);
    }
  }

  #take(run, name, data) {
    if (this.#run !== run) return;
    if (name === "hello") {
      this.#greeted(run);
    } else if (name === "status") {
      this.#status(data);
    } else if (name === "agents") {
      if (this.loaded) this.#agents(data);
      else this.#waiting.push(data);
    } else if (name === "session") {
      if (data.ended) {
        this.close();
        this.#emit("ended");
      }
    } else if (name === "trace" || name === "charts") {
      this.#emit(name, data);
    }
  }

  #status(data) {
    this.status = data;
    const server = Date.parse(data.now);
    if (!Number.isNaN(server)) this.#skew = server - Date.now();
    this.#emit("status", data);
  }

  #agents({ changed = [], gone = [] }) {
    for (const agent of changed) this.agents.set(agent.id, agent);
    for (const id of gone) this.agents.delete(id);
    this.#emit("agents", { changed, gone });
  }

  #greeted(run) {
    this.connected = true;
    this.loaded = false;
    this.#waiting = [];
    this.#emit("line");
    this.#load(run).catch((error) => {
      if (this.#run === run && error.status !== 401) this.#lose(run, error.message);
    });
  }

  /** Changes that arrive while the whole is being read are applied after it. */
  async #load(run) {
    const agents = new Map();
    const status = ask("/api/status", {}, run.signal);
    // Its fault is told where it is awaited, not when the agents' pages fail first.
    status.catch(() => {});
    for (let after; ;) {
      const page = await ask("/api/agents", { after, limit: 1000 }, run.signal);
      for (const agent of page.agents) agents.set(agent.id, agent);
      if (page.next === null || page.next === undefined || page.agents.length === 0) break;
      after = page.next;
    }
    this.#status(await status);
    this.agents = agents;
    this.loaded = true;
    for (const data of this.#waiting) this.#agents(data);
    this.#waiting = [];
    this.#failures = 0;
    this.#emit("agents", { changed: [], gone: [], all: true });
    this.#emit("fresh");
  }
}
