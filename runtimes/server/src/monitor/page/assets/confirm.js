// Asking before something is done, and saying what came of it.

import { h, say } from "./dom.js";

/**
 * Asks. `word`: what must be typed first, for what disturbs everybody. Resolves with whether the
 * operator said yes.
 */
export function confirm({ title, text, yes, word }) {
  return new Promise((resolve) => {
    const typed = word ? h("input", { id: "confirm-word", autocomplete: "off", spellcheck: "false", autocapitalize: "none" }) : null;
    const go = h("button", { class: "danger", value: "yes", type: "submit", disabled: Boolean(word) }, yes);
    const dialog = h("dialog", { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
      h("form", { method: "dialog" },
        h("h2", { id: "confirm-title" }, title),
        h("p", { id: "confirm-text" }, text),
        word ? h("label", { for: "confirm-word" }, `Type “${word}” to go on`) : null, typed,
        h("div", { class: "buttons" }, h("button", { value: "no", type: "submit", formnovalidate: true }, "Cancel"), go)));
    typed?.addEventListener("input", () => {
      go.disabled = typed.value.trim() !== word;
    });
    // Enter in the field must not press the first button, which is Cancel.
    typed?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (!go.disabled) dialog.close("yes");
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A note at the edge of the page; faults stay until dismissed. */
export function notify(text, fault = false) {
  const box = document.getElementById("notices");
  const words = h("span");
  const note = h("div", { class: fault ? "notice bad" : "notice" }, words,
    h("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => note.remove() }, "×"));
  box.append(note);
  say(words, text);
  while (box.childElementCount > 4) box.firstElementChild.remove();
  if (!fault) setTimeout(() => note.remove(), 8000);
}
