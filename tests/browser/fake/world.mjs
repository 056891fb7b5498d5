// A site for the fake server: agents, links, messages, all of them the same in each run.

const BEGIN = Date.parse("2026-03-02T08:00:00.000Z");

/** mulberry32: the same numbers in each run. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const FIRST = ["Ann", "Ben", "Carla", "David", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam", "Mona", "Nils", "Olga", "Paulo"];
const LAST = ["Lee", "Novak", "Okafor", "Petrov", "Quinn", "Rossi", "Sato", "Tanaka", "Usman", "Varga", "Weber", "Xu", "Young", "Zhang"];
const TEAMS = ["Blue", "Green", "Sales", "Claims"];

const at = (now, before) => new Date(now - before).toISOString();

export function agent(random, index, now) {
  const roll = random();
  const state = roll < 0.55 ? "READY" : roll < 0.75 ? "TALKING" : roll < 0.9 ? "NOT_READY" : roll < 0.96 ? "WORK" : "LOGOUT";
  const id = String(1001001 + index);
  const extension = String(2001 + index);
  const since = at(now, Math.floor(random() * 3_600_000));
  const calls = state === "TALKING"
    ? [{ id: String(16777217 + index), state: random() < 0.85 ? "ACTIVE" : "HELD", from: `555${String(index).padStart(4, "0")}`, to: extension, since }] : [];
  return {
    id, name: `${FIRST[index % FIRST.length]} ${LAST[(index * 7) % LAST.length]}`, state, reason: state === "NOT_READY" ? "Lunch" : "",
    since, extension, team: TEAMS[index % TEAMS.length], destination: `192.168.${1 + (index % 8)}.${1 + (index % 250)}`,
    feed: state === "LOGOUT" ? "idle" : "up", feed_since: since, feed_why: "", node: index % 2 ? "B" : "A", calls, pending: 0,
  };
}

const STEPS = [
  ["driver", "broker", "broker", "MakeReady", "{IPAddress}1"], ["broker", "connector", "broker", "MakeReady", "queue Connector1"],
  ["connector", "finesse", "rest", "PUT User", "state READY, requestId 81"], ["finesse", "connector", "rest", "202 Accepted", "8 ms"],
  ["finesse", "connector", "xmpp", "user update", "state READY"], ["connector", "broker", "broker", "AgentState READY", "topic of the agent"],
  ["broker", "driver", "broker", "AgentState READY", "delivered"],
];

export function message(n, agents, now) {
  const [from, to, link, subject, detail] = STEPS[n % STEPS.length];
  const index = Math.floor(n / STEPS.length) % Math.max(1, agents);
  const id = String(1001001 + index);
  return { n, at: new Date(now + n).toISOString(), from, to, link, agent: id, subject: `${subject}#${id}`, detail };
}

export function links(now) {
  return [
    { id: "broker", name: "broker", kind: "broker", peer: "tcp://broker-a.example.com:61616", state: "up", since: at(now, 9_252_000), since_ms: 9_252_000, why: "", retry_ms: null, flaps: 0 },
    { id: "rest-a", name: "Finesse A, REST", kind: "finesse-rest", peer: "https://finesse-a.example.com:8445", state: "up", since: at(now, 9_251_400), since_ms: 9_251_400, why: "", retry_ms: null, flaps: 1 },
    { id: "rest-b", name: "Finesse B, REST", kind: "finesse-rest", peer: "https://finesse-b.example.com:8445", state: "up", since: at(now, 9_251_100), since_ms: 9_251_100, why: "", retry_ms: null, flaps: 0 },
    { id: "xmpp-a", name: "Finesse A, notifications", kind: "finesse-xmpp", peer: "finesse-a.example.com:5223", state: "up", since: at(now, 9_250_000), since_ms: 9_250_000, why: "", retry_ms: null, flaps: 2, up: 1000, connecting: 0, down: 0 },
  ];
}

export function charts(minutes, now) {
  const random = dice(7);
  const length = Math.floor((minutes * 60) / 5);
  const wave = (base, swing) => Array.from({ length }, (_, i) => Math.round(base + swing * Math.sin(i / 9) + swing * random()));
  const p50 = wave(28, 8);
  const p99 = wave(140, 60);
  for (let i = 20; i < 30 && i < length; i += 1) p50[i] = p99[i] = null;
  return {
    step_ms: 5000, from: new Date(now - length * 5000).toISOString(),
    series: { commands: wave(40, 12), events: wave(110, 30), errors: wave(0, 0.6), latency_p50_ms: p50, latency_p99_ms: p99, links_down: wave(0, 0), agents: wave(1980, 8) },
  };
}

export function timeline(id, now) {
  const row = (n, kind, text, detail, ok = true, latency = null) => ({ n, at: new Date(now + n * 1700).toISOString(), kind, text, detail, ok, latency_ms: latency });
  return [
    row(1, "command", "Login", "extension 2001", true, { total: 212, queue: 40, rest: 96, event: 73 }),
    row(2, "link", "Notifications up", "node A"), row(3, "state", "NOT_READY", "Login"),
    row(4, "command", "MakeReady", "", true, { total: 41, queue: null, rest: 12, event: 27 }), row(5, "state", "READY", ""),
    row(6, "call", "ALERTING", "5551234 → 2001, dialog 16777217"), row(7, "command", "AnswerCall", "dialog 16777217", true, { total: 63, queue: null, rest: 21, event: 40 }),
    row(8, "call", "ACTIVE", "dialog 16777217"), row(9, "command", "HoldCall", "dialog 16777217", false, { total: 18, queue: null, rest: 16, event: null }),
    row(10, "error", "Finesse refused: Invalid State", "HTTP 400"),
  ].map((one) => ({ ...one, agent: id }));
}

export const begin = BEGIN;
