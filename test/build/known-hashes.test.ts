import { mkdtemp, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect, it } from "vitest";

import { contentId, knownHash, rememberHash } from "../../compiler/build/known-hashes.ts";
import { contentHash, hashFile } from "../../compiler/build/read-artefact.ts";

let scratch: string;
let big: string;
const cache = () => ({ RWKVC_CACHE_DIR: join(scratch, "cache") });
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "rwkvc-test-"));
  big = join(scratch, "big.bin");
  await writeFile(big, "");
  await truncate(big, 2 ** 24);
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

it("hashes a big file once, and again after it was written to, even if its old time is put back", async () => {
  expect(await contentId(big), "one that has just changed").toBeUndefined();
  await sleep(2100);
  const id = (await contentId(big))!;
  const { sha256 } = await hashFile(big);
  expect(await contentHash(big, cache())).toBe(sha256);
  expect(knownHash(id, cache())).toBe(sha256);
  rememberHash(id, "what is remembered is believed", cache());
  expect(await contentHash(big, cache())).toBe("what is remembered is believed");

  const { atime, mtime } = await stat(big);
  await writeFile(big, "x", { flag: "r+" });
  await utimes(big, atime, mtime);
  expect(await contentHash(big, cache())).toBe((await hashFile(big)).sha256);
  await sleep(2100);
  expect(await contentHash(big, cache())).toBe((await hashFile(big)).sha256);
});

it("keeps no account of small files, of folders and of what is not there", async () => {
  expect(await contentId(join(scratch, "cache"))).toBeUndefined();
  expect(await contentId(join(scratch, "none"))).toBeUndefined();
  await writeFile(join(scratch, "small"), "x");
  await sleep(2100);
  expect(await contentId(join(scratch, "small"))).toBeUndefined();
});

it("goes on without a cache that is damaged or cannot be written", async () => {
  const file = join(scratch, "cache", "hashes.json");
  for (const text of ["", "null", "[null, 1, {}]", "{"]) {
    await writeFile(file, text);
    expect(knownHash("a", cache())).toBeUndefined();
    rememberHash("a", "b", cache());
    expect(knownHash("a", cache())).toBe("b");
  }
  for (let i = 0; i < 300; ++i) rememberHash(String(i), "b", cache());
  expect(JSON.parse(await readFile(file, "utf8"))).toHaveLength(200);
  const nowhere = { RWKVC_CACHE_DIR: join(scratch, "small", "below") };
  rememberHash("a", "b", nowhere);
  expect(knownHash("a", nowhere)).toBeUndefined();
});
