// The keyboard: what each key does, and the dialog that says so.

import { h } from "./dom.js";

const KEPT = "finewire.keys";
const GOES = { o: "#/", a: "#/agents", t: "#/trace", c: "#/charts", p: "#/operations" };

const HELP = [
  ["g then o, a, t, c, p", "overview, agents, trace, charts, operations"],
  ["/", "to the search field"],
  ["↑ ↓ Page Home End", "move in a table"],
  ["Enter", "open the chosen row"],
  ["f, p", "trace: follow, pause"],
  ["← →", "move through a chart that has the focus"],
  ["Escape", "back from a search field to its table; close a dialog"],
  ["?", "this list"],
];

// Speech input and slips of a hand can press single letters: one can turn them off (WCAG 2.1.4).
const on = () => localStorage.getItem(KEPT) !== "off";

export function help() {
  const single = h("input", { type: "checkbox", id: "keys-on" });
  single.checked = on();
  single.addEventListener("change", () => localStorage.setItem(KEPT, single.checked ? "on" : "off"));
  const dialog = h("dialog", { "aria-labelledby": "keys-title" }, h("form", { method: "dialog" }, h("h2", { id: "keys-title" }, "Keys"),
    h("dl", { class: "keys" }, HELP.map(([keys, does]) => h("div", {}, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, does)))),
    h("label", { class: "way", for: "keys-on" }, single, "Single letters are shortcuts"),
    h("div", { class: "buttons" }, h("button", { type: "submit" }, "Close"))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Listens; `view()` is the view that is open, its `keys` come first. */
export function listen(app, view) {
  let leading = false;
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (event.key === "Escape" && field?.hasAttribute("data-search")) {
      document.querySelector("#view .grid")?.focus();
      return;
    }
    if (app.session === null || field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || !on()) return;
    if (leading) {
      leading = false;
      if (GOES[event.key]) {
        event.preventDefault();
        app.go(GOES[event.key]);
      }
      return;
    }
    if (event.key === "g") {
      leading = true;
      setTimeout(() => {
        leading = false;
      }, 1500);
    } else if (event.key === "/") {
      const search = document.querySelector("#view [data-search]");
      if (search === null) return;
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "?") {
      event.preventDefault();
      help();
    } else {
      view()?.keys?.[event.key]?.();
    }
  });
}
