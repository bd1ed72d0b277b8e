import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { elf, scratch } from "../qnn/fake-pack.ts";
import { bareEnv, problems, rwkvc } from "./command-line.ts";

test("list tells of packs that are not there", async () => {
  const { code, stdout } = await rwkvc(["qnn", "list", "--json"]);
  expect(code).toBe(0);
  const { packs } = JSON.parse(stdout) as { packs: { version: string; state: string }[] };
  expect(packs.map(({ version, state }) => [version, state])).toEqual([
    ["2.7.0", "absent"],
    ["2.3.0", "absent"],
  ]);
  expect((await rwkvc(["qnn", "list"])).stdout).toContain("SDK 2.51.0");
});

test("path without a library", async () => {
  expect(await problems(["qnn", "path", "htp"])).toEqual({ code: 3, codes: ["qnn/not-installed"] });
});

test("path tells where the library is, and with --json why", async () => {
  const dir = scratch();
  writeFileSync(join(dir, "libQnnHtp.so"), elf(process.arch === "x64" ? 62 : 183));
  const env = { ...bareEnv, RWKVC_QNN_DIR: dir };
  expect(await rwkvc(["qnn", "path"], env)).toMatchObject({ code: 0, stdout: `${join(dir, "libQnnHtp.so")}\n` });
  const { stdout } = await rwkvc(["qnn", "path", "htp", "--json"], env);
  expect(JSON.parse(stdout)).toMatchObject({ source: "RWKVC_QNN_DIR", why: `RWKVC_QNN_DIR=${dir}` });
});

test("install refuses what is not the pinned file", async () => {
  const folder = scratch();
  const python = join(folder, "python3");
  writeFileSync(
    python,
    `#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = -d ] && folder=$2; shift; done
echo junk > "$folder/onnxruntime_qnn-\${1##*==}-cp311-cp311-manylinux_2_35_x86_64.whl"
`,
  );
  chmodSync(python, 0o755);
  const cache = join(folder, "cache");
  const env = { ...bareEnv, RWKVC_CACHE_DIR: cache, RWKVC_PYTHON: python, RWKVC_ACCEPT_LICENSE: "qualcomm" };
  expect(await problems(["qnn", "install"], env)).toEqual({ code: 3, codes: ["qnn/hash-mismatch"] });
  expect(existsSync(join(cache, "qnn/2.7.0"))).toBe(false);
});

test("nothing is fetched before the licence was accepted", async () => {
  const folder = scratch();
  const python = join(folder, "python3");
  writeFileSync(python, `#!/bin/sh\ntouch '${folder}/asked'\nexit 1\n`);
  chmodSync(python, 0o755);
  const env = { ...bareEnv, RWKVC_CACHE_DIR: join(folder, "cache"), RWKVC_PYTHON: python };
  expect((await problems(["qnn", "install"], env)).codes).toEqual(["qnn/licence-unanswered"]);
  expect((await problems(["qnn", "install"], { ...env, RWKVC_ACCEPT_LICENSE: "no" })).codes).toEqual([
    "usage/bad-value",
  ]);
  expect(existsSync(join(folder, "asked"))).toBe(false);
  expect(existsSync(join(folder, "cache"))).toBe(false);
});

test("doctor: what is not needed for everything may be absent", async () => {
  const { code, stdout } = await rwkvc(["doctor", "--json"]);
  const { ok, checks } = JSON.parse(stdout) as {
    ok: boolean;
    checks: { name: string; verdict: string; remedy?: string }[];
  };
  expect(code).toBe(0);
  expect(ok).toBe(true);
  expect(checks.find((check) => check.name === "HTP library")).toMatchObject({ verdict: "absent" });
  for (const check of checks) if (check.verdict !== "ok") expect(check.remedy).toBeTruthy();
});

test("doctor: what is needed and missing is an error", async () => {
  const { code, stdout } = await rwkvc(["doctor", "--json"], { ...bareEnv, PATH: scratch() });
  expect(code).toBe(3);
  expect((JSON.parse(stdout) as { ok: boolean }).ok).toBe(false);
});

test("doctor: a library that cannot be used is told", async () => {
  const dir = scratch();
  writeFileSync(join(dir, "libQnnHtp.so"), "not a library");
  const { code, stdout } = await rwkvc(["doctor"], { ...bareEnv, RWKVC_QNN_DIR: dir });
  expect(code).toBe(3);
  expect(stdout).toContain("BROKEN  HTP library");
});
