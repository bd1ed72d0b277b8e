/** A lock of a process on another machine: waited for while it shows signs of life, and not for longer. */
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { withLock } from "../../compiler/qnn/lock.ts";
import { scratch } from "../scratch.ts";

const foreign = (): string => {
  const path = join(scratch(), "foreign.lock");
  writeFileSync(path, JSON.stringify({ pid: 12, host: "another.example" }));
  return path;
};

test("one left behind on another machine is told of, with its file, and taken over", async () => {
  const path = foreign();
  const waits: string[] = [];
  const done = await withLock(
    path,
    (who) => void waits.push(who),
    () => Promise.resolve("done"),
    500,
  );
  expect(done).toBe("done");
  expect(waits).toEqual([
    `process 12 on another.example (taken for gone after 0.5 s without a sign of it, or when ${path} is removed)`,
  ]);
  expect(existsSync(path)).toBe(false);
});

test("one that is touched is waited for", async () => {
  const path = foreign();
  let second = 0;
  const touching = setInterval(() => utimesSync(path, ++second, second), 100);
  const began = Date.now();
  setTimeout(() => clearInterval(touching), 2000);
  await withLock(
    path,
    () => {},
    () => Promise.resolve(),
    1000,
  );
  expect(Date.now() - began).toBeGreaterThan(2500);
});

test("a holder that was taken for gone leaves the new holder's lock alone", async () => {
  const path = join(scratch(), "taken.lock");
  await withLock(
    path,
    () => {},
    () => Promise.resolve(writeFileSync(path, JSON.stringify({ pid: 12, host: "another.example" }))),
  );
  expect(existsSync(path)).toBe(true);
});
