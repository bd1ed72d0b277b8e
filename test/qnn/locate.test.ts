import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { hostMachine } from "../../compiler/qnn/elf.ts";
import { locateQnn } from "../../compiler/qnn/locate.ts";
import { packsFolder } from "../../compiler/qnn/pack-store.ts";
import { elf, scratch } from "./fake-pack.ts";

const own = hostMachine() === "x86-64" ? 62 : 183;
const other = own === 62 ? 183 : 62;
const sdkLibraries = own === 62 ? "lib/x86_64-linux-clang" : "lib/aarch64-oe-linux-gcc11.2";

function folderWith(files: Readonly<Record<string, Buffer | string>>): string {
  const root = scratch();
  for (const [name, data] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), data);
  }
  return root;
}

async function problem(env: NodeJS.ProcessEnv, backend: "htp" | "cpu" = "htp") {
  const error: unknown = await locateQnn(backend, env).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DiagnosticError);
  const [first] = (error as DiagnosticError).diagnostics;
  expect(first!.kind).toBe("missing");
  expect(first!.hint).toBeTruthy();
  return first!;
}

test("RWKVC_QNN_DIR comes before QNN_SDK_ROOT", async () => {
  const dir = folderWith({ "libQnnHtp.so": elf(own), "libQnnSystem.so": elf(own) });
  const sdk = folderWith({ [`${sdkLibraries}/libQnnHtp.so`]: elf(own) });
  const env = { RWKVC_QNN_DIR: dir, QNN_SDK_ROOT: sdk, RWKVC_CACHE_DIR: scratch() };
  expect(await locateQnn("htp", env)).toMatchObject({
    library: join(dir, "libQnnHtp.so"),
    system: join(dir, "libQnnSystem.so"),
    source: "RWKVC_QNN_DIR",
  });
  expect(await locateQnn("htp", { ...env, RWKVC_QNN_DIR: undefined })).toMatchObject({
    library: join(sdk, sdkLibraries, "libQnnHtp.so"),
    system: null,
    source: "QNN_SDK_ROOT",
  });
});

test("RWKVC_QNN_DIR may be an SDK's root", async () => {
  const sdk = folderWith({ [`${sdkLibraries}/libQnnCpu.so`]: elf(own) });
  const found = await locateQnn("cpu", { RWKVC_QNN_DIR: sdk });
  expect(found.library).toBe(join(sdk, sdkLibraries, "libQnnCpu.so"));
});

test("a library of another architecture is refused and named", async () => {
  const dir = folderWith({ "libQnnHtp.so": elf(other) });
  const found = await problem({ RWKVC_QNN_DIR: dir });
  expect(found.code).toBe("qnn/wrong-architecture");
  expect(found.title).toContain(hostMachine());
});

test("a Hexagon library is refused", async () => {
  const dir = folderWith({ "libQnnHtp.so": elf(164) });
  expect((await problem({ RWKVC_QNN_DIR: dir })).title).toContain("Hexagon");
});

test("a file that is no library is refused", async () => {
  const dir = folderWith({ "libQnnHtp.so": "version https://git-lfs.github.com/spec/v1\n" });
  expect((await problem({ RWKVC_QNN_DIR: dir })).code).toBe("qnn/not-a-library");
});

test("a named folder without the library is an error, not a reason to look on", async () => {
  expect((await problem({ RWKVC_QNN_DIR: scratch() })).code).toBe("qnn/library-missing");
  expect((await problem({ QNN_SDK_ROOT: scratch() })).code).toBe("qnn/library-missing");
  expect((await problem({ QNN_SDK_ROOT: "/nowhere/at/all" })).title).toContain("not a folder");
});

test("nothing installed names what to do", async () => {
  const found = await problem({ RWKVC_CACHE_DIR: scratch() });
  expect(found.code).toBe("qnn/not-installed");
  expect(found.hint).toContain("rwkvc qnn install");
});

test("the cache's place", () => {
  expect(packsFolder({ RWKVC_CACHE_DIR: "/a" })).toBe("/a/qnn");
  expect(packsFolder({ XDG_CACHE_HOME: "/x", HOME: "/h" })).toBe("/x/rwkvc/qnn");
  expect(packsFolder({ XDG_CACHE_HOME: "relative", HOME: "/h" })).toBe("/h/.cache/rwkvc/qnn");
  expect(packsFolder({ HOME: "/h" })).toBe("/h/.cache/rwkvc/qnn");
});
