// Starts the page: who is signed in, which view is open, and what stands above every view.

import * as api from "./api.js";
import { notify } from "./confirm.js";
import { h, put, say } from "./dom.js";
import { help, listen } from "./keys.js";
import { Live } from "./live.js";
import { badge, clock, inUtc, setUtc } from "./words.js";
import { signIn } from "./login.js";
import * as agent from "./agent.js";
import * as agents from "./agents.js";
import * as charts from "./charts.js";
import * as operations from "./operations.js";
import * as overview from "./overview.js";
import * as trace from "./trace.js";

const part = (id) => document.getElementById(id);
const root = part("view");
const bar = document.querySelector("header.bar");
const ICON_COLOURS = { good: "#1a7f37", warn: "#b26a00", bad: "#c21f32", idle: "#6a7380" };

let view = null;
let leaving = new AbortController();

const app = {
  session: null,
  live: new Live(),
  go(hash) {
    if (location.hash === hash) route();
    else location.hash = hash;
  },
  /** Listens to the stream for as long as the present view is open. */
  on(name, work) {
    app.live.addEventListener(name, (event) => work(event.detail), { signal: leaving.signal });
  },
};

function target() {
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const parts = path.split("/").filter(Boolean);
  const given = { query: new URLSearchParams(query ?? "") };
  switch (parts[0]) {
    case "agents":
      return parts[1] === undefined ? ["agents", agents, given] : ["agents", agent, { ...given, id: decodeURIComponent(parts[1]) }];
    case "trace":
      return ["trace", trace, given];
    case "charts":
      return ["charts", charts, given];
    case "operations":
      return ["operations", operations, given];
    default:
      return ["overview", overview, given];
  }
}

function leave() {
  view?.close();
  view = null;
  leaving.abort();
  leaving = new AbortController();
}

function route(event) {
  if (app.session === null) return;
  leave();
  const [name, module, given] = target();
  root.className = `view-${module === agent ? "agent" : name}`;
  root.replaceChildren();
  view = module.show(app, root, given);
  if (!view.trace) app.live.watch(null);
  for (const link of bar.querySelectorAll("nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  // Who came by a link is told where he is: the new view's heading is the next thing read.
  if (event !== undefined) root.focus({ preventScroll: true });
  scrollTo(0, 0);
  crown();
}

/** Title, icon and pill: legible from another tab and from across the room. */
function crown() {
  const { status, connected } = app.live;
  let mood = { tone: "idle", word: "Connecting" };
  if (status !== null) mood = overview.verdict(status);
  if (!connected && status !== null) mood = { tone: "bad", word: "No connection" };
  put(part("health"), `${mood.tone}${mood.word}`, () => badge(mood.tone, mood.word));
  document.title = `${mood.tone === "bad" || mood.tone === "warn" ? `${mood.word}: ` : ""}${view?.title ?? "Sign in"} – finewire`;
  const mark = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='${ICON_COLOURS[mood.tone] ?? ICON_COLOURS.idle}'/></svg>`;
  const icon = document.querySelector("link[rel=icon]");
  const href = `data:image/svg+xml,${encodeURIComponent(mark)}`;
  if (icon.href !== href) icon.href = href;
}

let announced = false;
function line() {
  const { connected, heard, retryAt, why, status } = app.live;
  const lost = part("lost");
  const place = part("line");
  document.body.classList.toggle("stale", !connected && status !== null);
  if (connected) {
    say(place, "live");
    place.className = "line on";
    lost.hidden = true;
    announced = false;
  } else if (app.session !== null && app.live.why !== "") {
    say(place, "no connection");
    place.className = "line off";
    lost.hidden = false;
    // Said once to a screen reader; the seconds are for the eye.
    if (!announced) {
      announced = true;
      lost.replaceChildren(h("strong", {}, "No connection to finewire. "), h("span", {}, `${why}. What you see is from ${clock(new Date(heard).toISOString(), false)}. `),
        h("span", { class: "retry", "aria-live": "off" }), " ", h("button", { type: "button", onclick: () => app.live.again() }, "Try now"));
    }
    const wait = Math.ceil((retryAt - Date.now()) / 1000);
    say(lost.querySelector(".retry"), wait > 0 ? `Trying again in ${wait} s.` : "Trying …");
  }
  crown();
}

function tools() {
  const zone = part("zone");
  const theme = part("theme");
  const dark = () => document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const name = () => {
    say(zone, inUtc() ? "UTC" : "Local time");
    zone.setAttribute("aria-label", inUtc() ? "Times are UTC, show local time" : "Times are local, show UTC");
    say(theme, dark() === "dark" ? "Dark" : "Light");
    theme.setAttribute("aria-label", dark() === "dark" ? "Dark colours, change to light" : "Light colours, change to dark");
  };
  zone.addEventListener("click", () => {
    setUtc(!inUtc());
    name();
    route();
  });
  theme.addEventListener("click", () => {
    const other = dark() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = other;
    localStorage.setItem("finewire.theme", other);
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  part("keys").addEventListener("click", help);
  part("leave").addEventListener("click", async () => {
    try {
      await api.logout();
    } catch (error) {
      if (error.status !== 401) {
        notify(`Not signed out: ${error.message}`, true);
        return;
      }
    }
    enter("You have signed out.");
  });
  name();
}

let entering = false;
/** Asks who is there, then opens the view that the address names. */
async function enter(note) {
  if (entering) return;
  entering = true;
  leave();
  app.live.close();
  app.live.status = null;
  app.live.agents.clear();
  app.live.loaded = app.live.connected = false;
  app.live.why = "";
  app.session = null;
  bar.hidden = true;
  part("lost").hidden = true;
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  document.title = "Sign in – finewire";
  root.className = "view-login";
  app.session = await signIn(root, note);
  entering = false;
  begin();
}

function begin() {
  bar.hidden = false;
  say(part("who"), `${app.session.user} · ${app.session.role}`);
  route();
}

async function start() {
  tools();
  listen(app, () => view);
  const ended = () => {
    if (app.session !== null) enter("Your session has ended. Sign in again; you come back to where you were.");
  };
  api.onEnded(ended);
  app.live.addEventListener("ended", ended);
  app.live.addEventListener("line", line);
  app.live.addEventListener("status", crown);
  setInterval(line, 1000);
  addEventListener("hashchange", route);
  addEventListener("online", () => app.live.again());
  for (;;) {
    try {
      app.session = await api.session();
      break;
    } catch (error) {
      root.replaceChildren(h("p", { class: "card", role: "alert" }, `${error.message}. Trying again …`));
      await new Promise((go) => setTimeout(go, 2000));
    }
  }
  if (app.session === null) enter();
  else begin();
}

start();
