// Makes a picture of every view, both colours: for people who change the page. `node look.mjs FOLDER`
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { byToken, open } from "./chromium.mjs";
import { FakeServer, TOKEN } from "./fake/server.mjs";

const folder = process.argv[2] ?? "pictures";
await mkdir(folder, { recursive: true });
const server = await new FakeServer({ agents: 2000, messages: 20_000 }).listen();
for (const colours of ["light", "dark"]) {
  const { page, faults, close } = await open({ colours });
  await page.goto(server.url);
  await page.screenshot({ path: join(folder, `login-${colours}.png`) });
  await byToken(page, server.url, TOKEN);
  for (const view of ["", "agents", "agents/1001001", "trace", "charts", "operations"]) {
    await page.goto(`${server.url}#/${view}`);
    await page.waitForTimeout(700);
    if (view === "agents/1001001") {
      await page.screenshot({ path: join(folder, `agent-${colours}.png`) });
      await page.getByRole("tab", { name: "Ladder" }).click();
      await page.waitForTimeout(200);
    }
    await page.screenshot({ path: join(folder, `${view === "" ? "overview" : view.startsWith("agents/") ? "ladder" : view}-${colours}.png`) });
  }
  server.link("broker", { state: "down", why: "connection refused by 10.1.4.20:61616", retry_ms: 4000, flaps: 1 });
  await page.goto(`${server.url}#/`);
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(folder, `down-${colours}.png`) });
  server.link("broker", { state: "up", why: "", retry_ms: null });
  if (faults.length > 0) console.log(faults);
  await close();
}
await server.vanish();
