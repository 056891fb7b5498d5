// The page against the real server: FINEWIRE names the program. Signs in with the first run's token,
// looks at what the demo left behind, resyncs an agent. FINEWIRE_PICTURE: where the README's picture goes.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM, axe, byToken, open } from "./chromium.mjs";

const program = process.env.FINEWIRE;
if (program === undefined || PROGRAM === undefined) {
  if (process.env.CI === "true") throw new Error("FINEWIRE or Chromium is missing, and CI=true");
  console.log("skipped: FINEWIRE names no program, or there is no Chromium here");
  process.exit(0);
}

let child;
let folder;
let url;
let token;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "finewire-real-"));
  child = spawn(program, ["demo", "--stay", "--broker-port", "0", "--finesse-port", "0", "--xmpp-port", "0", "--monitor-port", "0"], { cwd: folder, env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, XDG_STATE_HOME: folder, TMPDIR: folder }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  await new Promise((done, fail) => {
    const hear = (chunk) => {
      said += chunk;
      url = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0] ?? url;
      const file = /(\/\S*token\S*)/.exec(said)?.[1];
      if (url !== undefined && file !== undefined) done(file);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => fail(new Error(`the demo ended with ${code}: ${said}`)));
    setTimeout(() => fail(new Error(`the demo names no token: ${said}`)), 30_000).unref();
  }).then(async (file) => {
    token = (await readFile(file.replace(/[.,;]$/, ""), "utf8")).trim();
  });
  browser = await open({ height: 620 });
});
after(async () => {
  await browser?.close();
  child?.removeAllListeners("exit");
  child?.kill();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("the real server's page is signed in to, shows links, agents and messages, and is clean for axe", { timeout: 60_000 }, async () => {
  const { page, faults } = browser;
  await byToken(page, url, token);
  await page.locator(".links tbody tr").first().waitFor();
  await page.locator("#line", { hasText: "live" }).waitFor();
  assert.deepEqual(await axe(page), []);
  if (process.env.FINEWIRE_PICTURE) await page.screenshot({ path: process.env.FINEWIRE_PICTURE });
  await page.goto(`${url}#/trace`);
  await page.getByRole("grid").getByText("connector").first().waitFor();
  await page.goto(`${url}#/charts`);
  await page.getByRole("img", { name: /Latency of commands/ }).waitFor();
  await page.goto(`${url}#/operations`);
  await page.getByRole("button", { name: "Drain …" }).waitFor();
  assert.deepEqual(faults, []);
});

test("an operator resyncs an agent, drops its stream and drains, each confirmed and in the record, and signs out", { timeout: 60_000 }, async () => {
  const { page, faults } = browser;
  await page.goto(`${url}#/agents`);
  await page.getByRole("grid").getByText("1001001").first().waitFor();
  await page.goto(`${url}#/agents/1001001`);
  for (const [name, path] of [["Resync", "resync"], ["Drop stream", "drop-stream"]]) {
    await page.getByRole("button", { name }).click();
    const answered = page.waitForResponse(`**/api/agents/1001001/${path}`);
    await page.getByRole("dialog").getByRole("button", { name }).click();
    assert.equal((await answered).status(), 200, path);
  }
  await page.goto(`${url}#/operations`);
  await page.getByRole("button", { name: "Drain …" }).click();
  assert.ok(await page.getByRole("dialog").getByRole("button", { name: "Drain" }).isDisabled());
  await page.getByLabel("Type “drain” to go on").fill("drain");
  await page.keyboard.press("Enter");
  await page.locator("#health", { hasText: "Draining" }).waitFor();
  const record = page.getByRole("region", { name: "Table of actions" });
  for (const action of [/resync/i, /drop.stream/i, /drain/i]) await record.getByRole("row", { name: action }).first().waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You have signed out.").waitFor();
  const status = await page.evaluate(async () => (await fetch("/api/status")).status);
  assert.equal(status, 401);
  assert.deepEqual(faults, []);
});
