// The page's files: nothing from elsewhere, nothing that parses text, and not too much.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const PAGE = new URL("../../runtimes/server/src/monitor/page/", import.meta.url);
const names = (await readdir(new URL("assets/", PAGE))).sort();
const files = new Map([["index.html", await readFile(new URL("index.html", PAGE), "utf8")]]);
for (const name of names) files.set(name, await readFile(new URL(`assets/${name}`, PAGE), "utf8"));

test("what a file names is there, and nothing comes from elsewhere", () => {
  for (const [file, text] of files) {
    for (const [, name] of text.matchAll(/"\/assets\/([^"]+)"|from "\.\/([^"]+)"/g)) if (name) assert.ok(files.has(name), `${file} names ${name}`);
    for (const [, name] of text.matchAll(/from "\.\/([^"]+)"/g)) assert.ok(files.has(name), `${file} imports ${name}`);
    for (const [address] of text.matchAll(/https?:\/\/[^\s"'`)]+/g)) assert.equal(address, "http://www.w3.org/2000/svg", file);
  }
});

test("no script turns text into markup or code", () => {
  for (const [file, text] of files) assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc/, file);
});

test("the page weighs less than 128 KiB", () => {
  const whole = [...files.values()].join("");
  console.log(`the page: ${files.size} files, ${whole.length} bytes, ${gzipSync(whole).length} compressed`);
  assert.ok(whole.length < 128 * 1024, String(whole.length));
});
