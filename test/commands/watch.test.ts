/** `rwkvc check --watch` as a process: what makes it check again, and how it ends. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

// @ts-expect-error: plain JavaScript, so that it runs before anything is installed
import { buildCompiler } from "../../compiler/build.mjs";
import { miniSpec } from "../check/mini-spec.ts";
import { scratch } from "../qnn/fake-pack.ts";

const folder = resolve(`out/test-watch-${process.pid}`);
beforeAll(async () => {
  await (buildCompiler as (out: string) => Promise<void>)(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const good = miniSpec();
const mistaken = miniSpec({ also: "z = x + nothing" });

interface Result {
  readonly time: string;
  readonly ok: boolean;
  readonly resolved?: boolean;
  readonly diagnostics: readonly { readonly code: string }[];
}

class Watch {
  readonly process: ChildProcessWithoutNullStreams;
  stdout = "";
  stderr = "";
  private read = 0;

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [join(folder, "rwkvc.js"), "check", "--watch", ...args]);
    this.process.stdout.on("data", (data: Buffer) => (this.stdout += data.toString()));
    this.process.stderr.on("data", (data: Buffer) => (this.stderr += data.toString()));
  }

  /** The next document of --json: "ok", or the codes of what was found. */
  async next(): Promise<string> {
    await this.until(() => this.stdout.indexOf("\n", this.read) >= 0);
    const end = this.stdout.indexOf("\n", this.read);
    const { ok, diagnostics } = JSON.parse(this.stdout.slice(this.read, end)) as Result;
    this.read = end + 1;
    return ok ? "ok" : diagnostics.map(({ code }) => code).join(" ");
  }

  /** A file may be seen half written: what counts is what comes at last. */
  async finally(expected: string): Promise<void> {
    for (;;) if ((await this.next()) === expected) return;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.process.exitCode !== null) throw new Error(`it ended: ${this.stdout}${this.stderr}`);
      await sleep(20);
    }
  }

  async end(signal: NodeJS.Signals): Promise<number> {
    const closed = once(this.process, "close");
    this.process.kill(signal);
    return ((await closed) as [number])[0];
  }
}

let watching: Watch;
afterEach(() => watching.process.kill("SIGKILL"));

test("each result has its time, a mistake is shown with its line, and Ctrl-C ends it with 130", async () => {
  const spec = join(scratch(), "mini.rwkv.ts");
  writeFileSync(spec, good);
  watching = new Watch(spec);
  await watching.until(() => watching.stdout.includes("well formed"));
  expect(watching.stdout).toMatch(/^\[\d\d:\d\d:\d\d\] .*mini\.rwkv\.ts\n.* is well formed/);
  expect(watching.stdout).not.toContain("\x1b");

  writeFileSync(spec, mistaken);
  await watching.until(() => watching.stderr.includes("error[name/undefined]"));
  expect(watching.stderr).toContain("z = x + nothing");
  expect(await watching.end("SIGINT")).toBe(130);
});

test("files that are written, replaced, deleted, created again, and broken", async () => {
  const home = scratch();
  const spec = join(home, "mini.rwkv.ts");
  writeFileSync(spec, good);
  watching = new Watch(spec, "--json");
  expect(await watching.next()).toBe("ok");

  writeFileSync(spec, mistaken);
  await watching.finally("name/undefined name/unused-value");

  writeFileSync(join(home, "other.tmp"), good);
  renameSync(join(home, "other.tmp"), spec);
  await watching.finally("ok");
  // The new file is the one that is watched now.
  writeFileSync(spec, "export default model({");
  await watching.finally("spec/syntax");

  rmSync(spec);
  await watching.finally("spec/not-found");
  writeFileSync(spec, good);
  await watching.finally("ok");

  writeFileSync(spec, Buffer.from([0xff, 0xfe, 0xff]));
  await watching.finally("spec/encoding");
  writeFileSync(spec, good);
  await watching.finally("ok");

  expect(await watching.end("SIGTERM")).toBe(143);
});

test("its folder goes and comes back", async () => {
  const home = join(scratch(), "inner");
  mkdirSync(home);
  const spec = join(home, "mini.rwkv.ts");
  writeFileSync(spec, good);
  watching = new Watch(spec, "--json");
  expect(await watching.next()).toBe("ok");
  renameSync(home, `${home}-away`);
  await watching.finally("spec/not-found");
  renameSync(`${home}-away`, home);
  await watching.finally("ok");
  writeFileSync(spec, mistaken);
  await watching.finally("name/undefined name/unused-value");
});

test("imported specs, missing ones too, and where symbolic links lead", async () => {
  const home = scratch();
  const spec = join(home, "mini.rwkv.ts");
  const other = join(home, "other");
  mkdirSync(other);
  const pieces = join(other, "pieces.rwkv.ts");
  writeFileSync(spec, good.replace("\n", `\nimport { width } from "./pieces.rwkv.ts";\n`).replace('"width"', "width"));
  symlinkSync(pieces, join(home, "pieces.rwkv.ts"));
  watching = new Watch(spec, "--json");
  expect(await watching.next()).toBe("spec/missing-file");
  writeFileSync(pieces, 'export const width = "width";\n');
  await watching.finally("ok");
  writeFileSync(pieces, "export const width = 7;\n");
  await watching.finally("spec/argument");
});

test("the checkpoint", async () => {
  const home = scratch();
  const weights = join(home, "model.pth");
  writeFileSync(weights, "not yet");
  watching = new Watch("specs/rwkv-7.rwkv.ts", "--json", "--weights", weights);
  expect(await watching.next()).toBe("checkpoint/unknown-format");
  copyFileSync("models/rwkv7-kjv/model.pth", `${weights}.part`);
  renameSync(`${weights}.part`, weights);
  await watching.finally("ok");
  expect(watching.stdout).toContain('"resolved":true');
});

test("while nothing changes it does nothing", async () => {
  const home = scratch();
  const spec = join(home, "mini.rwkv.ts");
  writeFileSync(spec, good);
  watching = new Watch(spec, "--json");
  expect(await watching.next()).toBe("ok");
  // In hundredths of a second, of all its threads.
  const processorTime = (): number => {
    const fields = readFileSync(`/proc/${watching.process.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  await sleep(1000);
  const before = processorTime();
  for (let i = 0; i < 10; i++) {
    // Another file of the folder is none of its business.
    writeFileSync(join(home, "log.txt"), `${i}`);
    await sleep(150);
  }
  expect(processorTime() - before).toBeLessThan(10);
  expect(watching.stdout.trim().split("\n")).toHaveLength(1);
});
