/**
 * Files made to hang or fill a machine: each is opened in a process of its own, whose time and memory are measured, and
 * ends in a diagnostic. What the diagnostics say is tested beside each reader.
 *
 * The bounds: a second and 400 MB. Measured where nothing else runs: at most 0.7 s and 130 MB, of which Node itself takes
 * 0.1 s and 50 MB. A machine that is busy or slow takes longer for everything, so that what is asserted is a ratio: the
 * processor time of ten sound files.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";

import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  bytesOf,
  legacyTorch,
  pickle,
  pth,
  ramp,
  safetensors,
  tensorCode,
  type TensorEntry,
  tensorDict,
  u16,
  u32,
  zip,
} from "./write-files.ts";

const folder = mkdtempSync(join(tmpdir(), "rwkvc-hostile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, "open.mjs");

beforeAll(async () => {
  const checkpoint = new URL("../../compiler/checkpoint/open-checkpoint.ts", import.meta.url).pathname;
  const diagnostic = new URL("../../compiler/diagnostics/diagnostic.ts", import.meta.url).pathname;
  const contents = `
    import { readFileSync } from "node:fs";
    const [{ openCheckpoint }, { DiagnosticError }] = await Promise.all([import(${JSON.stringify(checkpoint)}),
      import(${JSON.stringify(diagnostic)})]);
    const codes = [];
    const attempt = async (action) => {
      try { return await action(); } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
        codes.push(...error.diagnostics.map(({ code }) => code));
      }
    };
    const checkpoint = await attempt(() => openCheckpoint(process.argv[2]));
    for (const tensor of checkpoint?.tensors.values() ?? []) {
      const count = Math.min(1000, tensor.shape.reduce((n, extent) => n * extent, 1));
      const out = tensor.dtype === "float32" ? new Uint32Array(count) : new Uint16Array(count);
      await attempt(() => checkpoint.readBits(tensor, 0, out));
    }
    const { user, system } = process.cpuUsage();
    // Not resourceUsage().maxRSS, which begins with what the parent had.
    const megabytes = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
    console.log(JSON.stringify({ codes: [...new Set(codes)], seconds: (user + system) / 1e6, megabytes }));
  `;
  await build({
    stdin: { contents, resolveDir: folder, loader: "js" },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
    logLevel: "silent",
    banner: { js: `import { createRequire as __r } from "node:module"; const require = __r(import.meta.url);` },
  });
});

/** The measure: a checkpoint of one small tensor. */
let soundFile: string;
let soundSeconds: number;

interface Measured {
  readonly codes: readonly string[];
  readonly seconds: number;
  readonly megabytes: number;
}

/** Fails where the process ends otherwise than by saying what it found, or not within a minute. */
function open(path: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "pipe"], timeout: 30_000 });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (piece: Buffer) => out.push(piece));
    child.stderr.on("data", (piece: Buffer) => err.push(piece));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(out).toString()) as Measured);
      else reject(new Error(`ended with ${code ?? signal}: ${Buffer.concat(err).toString()}`));
    });
  });
}

/** The least of a few runs, each beside one of a sound file. */
async function expectDiagnostic(path: string, code: string): Promise<void> {
  let ratio = Infinity;
  for (let run = 0; run < 4 && ratio >= 10; run++) {
    const measured = await open(path);
    expect(measured.codes).toEqual([code]);
    expect(measured.megabytes).toBeLessThan(400);
    // The measure is taken anew only where a file seems slow.
    if (run > 0) soundSeconds = (await open(soundFile)).seconds;
    ratio = Math.min(ratio, measured.seconds / soundSeconds);
  }
  expect(ratio).toBeLessThan(10);
}

function written(bytes: Uint8Array, name = "hostile"): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

beforeAll(async () => {
  const entry = { name: "w", storage: "0", count: 3, shape: [3], strides: [1] };
  soundFile = written(pth(tensorDict([entry]), { 0: bytesOf(ramp(3)) }), "sound");
  const measured = await open(soundFile);
  expect(measured.codes).toEqual([]);
  expect(measured.megabytes).toBeLessThan(150);
  soundSeconds = measured.seconds;
});

const { op, int, text, list, call, global, file } = pickle;
const repeated = (unit: string, times: number): Buffer => Buffer.from(unit.repeat(times), "latin1");
const one: TensorEntry = { name: "w", storage: "0", count: 4, shape: [2, 2], strides: [2, 1] };
const data = bytesOf(ramp(4));
const table = { name: "a/data.pkl", data: file(tensorDict([one])) };
const storage = { name: "a/data/0", data };
const raw = (bytes: Buffer): Buffer => zip([{ name: "a/data.pkl", data: bytes }, storage]);

describe("zip archives", () => {
  const zeros = deflateRawSync(Buffer.alloc(200 * 2 ** 20));
  /** The record of the directory's end, and before it what zip64 says, as the case claims. */
  const zip64 = (entries: bigint, size: bigint, start: bigint, recordAt?: bigint): Buffer => {
    const local = zip([table, storage]);
    const directory = local.indexOf("PK\x01\x02");
    const [head, central] = [local.subarray(0, directory), local.subarray(directory, -22)];
    const u64 = (value: bigint): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(value);
      return bytes;
    };
    const record = Buffer.concat([
      ...[u32(0x06064b50), u64(44n), u16(45), u16(45), u32(0), u32(0)],
      ...[entries, entries, size, start].map(u64),
    ]);
    const at = recordAt ?? BigInt(head.length + central.length);
    const locator = Buffer.concat([u32(0x07064b50), u32(0), u64(at), u32(1)]);
    const end = Buffer.concat([u32(0x06054b50), u32(0), u32(0xffffffff), u32(0xffffffff), u32(0xffffffff), u16(0)]);
    return Buffer.concat([head, central, record, locator, end]);
  };
  const many = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `a/${i}`, data: Buffer.alloc(0) }));

  test.each<[string, () => Buffer, string]>([
    [
      "a bomb: 200 MB of zeros, deflated to 200 KB",
      () =>
        zip([
          table,
          { name: "a/data/0", data: zeros, method: 8, claimedStoredSize: zeros.length, claimedSize: 200 * 2 ** 20 },
        ]),
      "checkpoint/compressed",
    ],
    [
      "a bomb in place of the table",
      () =>
        zip([
          { name: "a/data.pkl", data: zeros, method: 8, claimedStoredSize: zeros.length, claimedSize: 200 * 2 ** 20 },
        ]),
      "checkpoint/compressed",
    ],
    ["an entry that says 4 GB", () => zip([table, { ...storage, claimedSize: 0xfffffff0 }]), "checkpoint/truncated"],
    [
      "entries that overlap",
      () => zip([table, { ...storage, claimedSize: 200 }, ...many(9)]),
      "checkpoint/zip-overlap",
    ],
    [
      "all entries at one place",
      () => zip([table, ...many(9).map((e) => ({ ...e, claimedHeader: 0 }))]),
      "checkpoint/zip",
    ],
    ["30,000 entries", () => zip([table, ...many(30_000)]), "checkpoint/zip"],
    ["9,000 entries without a tensor", () => zip([...many(9_000)]), "checkpoint/no-pickle"],
    ["a path upwards", () => zip([table, { ...storage, name: "../../etc/passwd" }]), "checkpoint/zip"],
    ["zip64: 2^63 entries", () => zip64(2n ** 63n, 100n, 100n), "checkpoint/zip"],
    ["zip64: a directory of 2^62 bytes", () => zip64(2n, 2n ** 62n, 0n), "checkpoint/zip"],
    ["zip64: a directory at 2^62", () => zip64(2n, 100n, 2n ** 62n), "checkpoint/zip"],
    ["zip64: a record at 2^60", () => zip64(2n, 100n, 100n, 2n ** 60n), "checkpoint/zip"],
    [
      "a directory of zeros",
      () => Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(2 ** 20)]),
      "checkpoint/truncated",
    ],
    [
      "a thousand ends of the directory",
      () => Buffer.concat([Buffer.from("PK\x03\x04"), repeated("PK\x05\x06", 16_000)]),
      "checkpoint/zip",
    ],
  ])("%s", async (_, bytes, code) => expectDiagnostic(written(bytes()), code));
});

describe("pickles", () => {
  const listOf = (count: number): Buffer => op("](", repeated("N", count), op("e"));
  const megabyte = op("X", u32(2 ** 20), repeated("x", 2 ** 20));

  test.each<[string, () => Buffer, string]>([
    [
      "a call of os.system",
      () => raw(file(call(global("os", "system"), text("echo owned")))),
      "checkpoint/foreign-global",
    ],
    ["a call by INST", () => raw(op("\x80\x02(ios\nsystem\n.")), "checkpoint/pickle"],
    [
      "a dict that is its own value",
      () => raw(op("\x80\x02}q\x01", text("model"), op("h\x01s."))),
      "checkpoint/no-tensors",
    ],
    ["a list inside itself, as the dict", () => raw(op("\x80\x02]q\x01h\x01a.")), "checkpoint/no-tensors"],
    [
      "pairs of pairs, 2^60 of them",
      () => raw(file(op("", list(int(1)), ...Array.from({ length: 60 }, () => op("2\x86"))))),
      "checkpoint/no-tensors",
    ],
    [
      "nesting, two million deep",
      () => raw(op("\x80\x02]", repeated("\x85", 2e6), op("."))),
      "checkpoint/pickle-limit",
    ],
    ["marks, ten million", () => raw(op("\x80\x02", repeated("(", 1e7), op("."))), "checkpoint/pickle-limit"],
    ["values, ten million", () => raw(op("\x80\x02", repeated("N", 1e7), op("."))), "checkpoint/pickle-limit"],
    ["values made and dropped", () => raw(op("\x80\x02", repeated("N0", 8e6), op("."))), "checkpoint/pickle-limit"],
    ["dicts made and dropped", () => raw(op("\x80\x02", repeated("}0", 8e6), op("."))), "checkpoint/pickle-limit"],
    [
      "dicts in lists in a list",
      () => raw(op("\x80\x02]", ...Array.from({ length: 12 }, () => op("](", repeated("}", 9e5), op("ea"))), op("."))),
      "checkpoint/pickle-limit",
    ],
    ["places in the memo", () => raw(op("\x80\x02N", repeated("\x94", 1e7), op("."))), "checkpoint/pickle-limit"],
    ["a memo index of 2^32", () => raw(op("\x80\x02Nr\xff\xff\xff\xff.")), "checkpoint/pickle-limit"],
    [
      "a long list made a dict again and again",
      () => {
        const pairs = op("](", ...Array.from({ length: 50_000 }, () => op("K\x01K\x02\x86")), op("e"));
        const again = op("0ccollections\nOrderedDict\nh\x01\x85R");
        return raw(op("\x80\x02", pairs, op("q\x01"), ...Array.from({ length: 5000 }, () => again), op(".")));
      },
      "checkpoint/pickle-limit",
    ],
    ["a list of eight million", () => raw(op("\x80\x02", listOf(8e6), op("."))), "checkpoint/pickle-limit"],
    ["a string of 4 GB", () => raw(op("\x80\x02X\xff\xff\xff\xff.")), "checkpoint/pickle"],
    ["bytes of 2^63", () => raw(op("\x80\x02\x8e" + "\xff".repeat(8) + ".")), "checkpoint/pickle"],
    [
      "strings of a megabyte",
      () => raw(op("\x80\x02", ...Array.from({ length: 15 }, () => megabyte), op("."))),
      "checkpoint/no-tensors",
    ],
    ["a table of 100 MB", () => raw(Buffer.alloc(100 * 2 ** 20)), "checkpoint/pickle-limit"],
    [
      "30,000 tensors of one storage",
      () => {
        const names = Array.from({ length: 30_000 }, (_, i) => op("", text(String(i)), op("h\x01")));
        return pth(op("}", tensorCode({ ...one, storage: "0" }), op("q\x010("), ...names, op("u")), { 0: data });
      },
      "checkpoint/too-many-tensors",
    ],
    [
      "an element repeated 2^34 times",
      () => pth(tensorDict([{ ...one, shape: [2 ** 34], strides: [0] }]), { 0: data }),
      "checkpoint/tensor-bounds",
    ],
    [
      "extents whose product is beyond 2^64",
      () => pth(tensorDict([{ ...one, shape: [2 ** 40, 2 ** 40], strides: [0, 0] }]), { 0: data }),
      "checkpoint/tensor-bounds",
    ],
    ["a negative stride", () => pth(tensorDict([{ ...one, strides: [-2, 1] }]), { 0: data }), "checkpoint/pickle"],
    ["the older container: no end", () => legacyTorch(op("", repeated("N0", 8e6)), []), "checkpoint/pickle-limit"],
    [
      "the older container: a storage of 2^50",
      () => legacyTorch(tensorDict([{ ...one, count: 2 ** 50 }]), [{ key: "0", count: 2 ** 50, data }]),
      "checkpoint/truncated",
    ],
    [
      "the older container: two million keys",
      () => legacyTorch(op("", tensorDict([one]), op("\x2e\x80\x02]("), repeated("K\x01", 2e6), op("e")), []),
      "checkpoint/pickle-limit",
    ],
  ])("%s", async (_, bytes, code) => expectDiagnostic(written(bytes()), code));
});

describe("safetensors", () => {
  const header = (json: string): Buffer => safetensors(json, Buffer.alloc(0));
  const entry = (i: number): string => `"${i}":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}`;

  test.each<[string, () => Buffer, string]>([
    [
      "a header of 2^60 bytes",
      () => Buffer.concat([u32(0), u32(2 ** 28), Buffer.from("{")]),
      "checkpoint/safetensors-header",
    ],
    ["a header of 100 MB", () => header(`{"a":"${"x".repeat(1e8)}"}`), "checkpoint/safetensors-header"],
    ["nesting, a million deep", () => header(`{"a":${"[".repeat(1e6)}`), "checkpoint/safetensors-header"],
    ["two million lists", () => header(`{"a":[${"[],".repeat(2e6)}[]]}`), "checkpoint/safetensors-header"],
    ["two million objects", () => header(`{"a":[${"{},".repeat(2e6)}{}]}`), "checkpoint/safetensors-header"],
    ["three million numbers", () => header(`{"a":[${"1,".repeat(3e6)}1]}`), "checkpoint/safetensors-tensor"],
    ["a string of 8 MB", () => header(`{"${"x".repeat(8e6)}":1}`), "checkpoint/safetensors-tensor"],
    [
      "NaN for an extent",
      () => header('{"a":{"dtype":"F16","shape":[NaN],"data_offsets":[0,0]}}'),
      "checkpoint/safetensors-header",
    ],
    [
      "an extent of 1e400",
      () => header('{"a":{"dtype":"F16","shape":[1e400],"data_offsets":[0,0]}}'),
      "checkpoint/safetensors-tensor",
    ],
    [
      "offsets of 2^63",
      () => header('{"a":{"dtype":"F16","shape":[1],"data_offsets":[9223372036854775806,9223372036854775808]}}'),
      "checkpoint/safetensors-tensor",
    ],
    ["a tensor twice", () => header(`{${entry(1)},${entry(1)}}`), "checkpoint/safetensors-header"],
    [
      "30,000 tensors",
      () => header(`{${Array.from({ length: 30_000 }, (_, i) => entry(i)).join(",")}}`),
      "checkpoint/too-many-tensors",
    ],
    ["junk", () => Buffer.concat([u32(1e6), u32(0), Buffer.alloc(1e6, "{\xff")]), "checkpoint/safetensors-header"],
  ])("%s", async (_, bytes, code) => expectDiagnostic(written(bytes()), code));
});

describe("what is not a file", () => {
  test("a pipe that nobody writes into", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    await expectDiagnostic(path, "checkpoint/not-a-file");
  });

  test.each(["/dev/zero", "/dev/null"])("%s", async (path) => expectDiagnostic(path, "checkpoint/not-a-file"));

  test("a socket", async () => {
    const path = join(folder, "socket");
    const server = createServer().listen(path);
    await expectDiagnostic(path, "checkpoint/unreadable");
    server.close();
  });

  test("a folder, links in a circle, a path that is too long", async () => {
    await expectDiagnostic(folder, "checkpoint/folder");
    symlinkSync("round", join(folder, "about"));
    symlinkSync("about", join(folder, "round"));
    await expectDiagnostic(join(folder, "round"), "checkpoint/unreadable");
    await expectDiagnostic(join(folder, "x".repeat(5000)), "checkpoint/unreadable");
  });
});
