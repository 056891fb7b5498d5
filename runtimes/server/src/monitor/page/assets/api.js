// Questions to the server, and what it refuses.

const PATIENCE_MS = 15_000;

/** The server said no, or there was no answer (`status` 0). */
export class Refused extends Error {
  constructor(status, code, text) {
    super(text);
    this.status = status;
    this.code = code;
  }
}

let csrf = "";
let ended = () => {};

/** Called when an answer says that nobody is signed in. */
export function onEnded(listener) {
  ended = listener;
}

async function fault(answer) {
  let code = "";
  let text = `${answer.status} ${answer.statusText}`;
  try {
    const { error } = await answer.json();
    code = error.code ?? "";
    text = error.text ?? text;
  } catch {
    // A proxy's page instead of ours: the status line says enough.
  }
  return new Refused(answer.status, code, text);
}

async function request(path, options, signing) {
  let answer;
  const signals = [AbortSignal.timeout(PATIENCE_MS), options.signal].filter(Boolean);
  try {
    answer = await fetch(path, { ...options, cache: "no-store", credentials: "same-origin", signal: AbortSignal.any(signals) });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refused(0, "no_answer", "finewire does not answer");
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const refusal = await fault(answer);
  if (refusal.status === 401 && !signing) ended();
  throw refusal;
}

/** A path with its query; parts that are empty are left out. */
export function where(path, query) {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parts.set(name, String(value));
  }
  const text = parts.toString();
  return text === "" ? path : `${path}?${text}`;
}

export const ask = (path, query = {}, signal) => request(where(path, query), { method: "GET", signal }, false);

export const tell = (path, body = {}) => request(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", "X-Finewire-Csrf": csrf },
  body: JSON.stringify(body),
}, false);

function signedIn(session) {
  csrf = session.csrf;
  return { user: session.user, role: session.role, operator: session.role === "operator" };
}

/** Who is signed in, or null. */
export async function session() {
  try {
    return signedIn(await request("/api/session", { method: "GET" }, true));
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

export async function login(credentials) {
  return signedIn(await request("/api/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(credentials),
  }, true));
}

export const logout = () => tell("/api/logout");
