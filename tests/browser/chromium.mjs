// A Chromium of the system, and what every test needs of it.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const PROGRAM = process.env.FINEWIRE_CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A browser with a profile of its own. */
export async function open({ colours = "light", width = 1440, height = 900, utc = true } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "finewire-browser-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: PROGRAM, headless: true, args: FLAGS, colorScheme: colours, viewport: { width, height }, timezoneId: "UTC", locale: "en-GB", reducedMotion: "reduce", acceptDownloads: true,
  });
  const page = context.pages()[0] ?? await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = [];
  // A refused request is said in the console too: tests that provoke one look for their own words.
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  if (utc) await page.addInitScript(() => location.protocol === "http:" && localStorage.setItem("finewire.zone", "utc"));
  return {
    page, faults,
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What axe-core finds, one line each; run where no policy forbids it. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? node.failureSummary})`).join("; ")}`);
  });
  return found;
}

export async function byToken(page, url, token) {
  await page.goto(url);
  await page.getByLabel("First-run token").check();
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Views" }).waitFor();
}

export async function byUser(page, url, user, password) {
  await page.goto(url);
  await page.getByLabel("User and password").check();
  await page.getByLabel("User", { exact: true }).fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
