// Signing in: by the token of the first run, or as a user of the configuration.

import { login } from "./api.js";
import { h, say } from "./dom.js";

const WAY = "finewire.login";

/** Shows the form; resolves with the session. */
export function signIn(root, note) {
  return new Promise((resolve) => {
    const fault = h("p", { class: "fault", role: "alert", id: "login-fault" });
    const token = h("input", { id: "token", name: "token", type: "password", autocomplete: "off", spellcheck: "false", "aria-describedby": "token-hint login-fault" });
    const user = h("input", { id: "user", name: "user", autocomplete: "username", spellcheck: "false", autocapitalize: "none", "aria-describedby": "login-fault" });
    const password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", "aria-describedby": "login-fault" });
    const byToken = h("div", { class: "fields" }, h("label", { for: "token" }, "Token"), token,
      h("p", { id: "token-hint", class: "quiet" }, "It is in the file whose path finewire prints when it starts."));
    const byUser = h("div", { class: "fields" }, h("label", { for: "user" }, "User"), user, h("label", { for: "password" }, "Password"), password);
    const ways = ["token", "user"].map((way) => h("label", { class: "way" },
      h("input", { type: "radio", name: "way", value: way }), way === "token" ? "First-run token" : "User and password"));
    const button = h("button", { type: "submit", class: "primary" }, "Sign in");
    const form = h("form", { class: "login card", novalidate: true, "aria-labelledby": "login-title" },
      h("h1", { id: "login-title" }, "finewire monitor"),
      note ? h("p", { class: "note", role: "status" }, note) : null,
      h("fieldset", { class: "ways" }, h("legend", {}, "Sign in with"), ...ways),
      byToken, byUser, fault, button);
    root.replaceChildren(form);

    const way = () => form.elements.namedItem("way").value;
    function turn() {
      byToken.hidden = way() !== "token";
      byUser.hidden = way() === "token";
      say(fault, "");
    }
    form.elements.namedItem("way").value = localStorage.getItem(WAY) === "user" ? "user" : "token";
    turn();
    (way() === "token" ? token : user).focus();
    form.addEventListener("change", (event) => {
      if (event.target.name === "way") turn();
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const credentials = way() === "token" ? { token: token.value.trim() } : { user: user.value, password: password.value };
      const first = way() === "token" ? token : user;
      if (Object.values(credentials).some((value) => value === "")) {
        say(fault, way() === "token" ? "The token is missing." : "User and password are both needed.");
        first.focus();
        return;
      }
      button.disabled = true;
      say(button, "Signing in …");
      try {
        const session = await login(credentials);
        localStorage.setItem(WAY, way());
        token.value = "";
        password.value = "";
        resolve(session);
      } catch (error) {
        say(fault, said(error));
        (way() === "token" ? token : password).select();
        first.focus();
      } finally {
        button.disabled = false;
        say(button, "Sign in");
      }
    });
  });
}

function said(error) {
  if (error.status === 401) return "Not accepted. Check what you typed.";
  if (error.status === 429) return "Too many attempts. Wait a minute and try again.";
  return `${error.message}.`;
}
