/** Small stand-ins for Qualcomm's wheels, and a `python3` whose pip copies them. */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";

import { onTestFinished } from "vitest";

import type { Pack } from "../../compiler/qnn/packs.ts";

export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "rwkvc-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The first 64 bytes of an ELF shared object for e_machine. */
export function elf(machine: number): Buffer {
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(3, 16);
  head.writeUInt16LE(machine, 18);
  return head;
}

/** A zip archive, entries stored. */
export function zip(files: Readonly<Record<string, Buffer>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of Object.entries(files)) {
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const record = Buffer.concat([Buffer.from("PK\x03\x04"), common, nameBytes, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), common, rest, nameBytes]));
    local.push(record);
    offset += record.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

const wheelFiles = (libraries: Readonly<Record<string, Buffer>>): Record<string, Buffer> => ({
  ...Object.fromEntries(Object.entries(libraries).map(([name, data]) => [`onnxruntime_qnn/${name}`, data])),
  "onnxruntime_qnn/libQnnGpu.so": elf(62),
  "onnxruntime_qnn/Qualcomm_LICENSE.pdf": Buffer.from("the licence"),
  "onnxruntime_qnn.libs/libc++-71bc274c.so.1.0": elf(62),
  "onnxruntime_qnn-9.9.0.dist-info/licenses/LICENSE": Buffer.from("another licence"),
});

export interface FakePacks {
  readonly packs: readonly Pack[];
  readonly env: NodeJS.ProcessEnv;
  readonly cache: string;
  /** The wheels that the fake pip hands out, by file name; may be replaced by a test. */
  readonly wheels: string;
  /** Lines of "download VERSION" that pip was asked for. */
  readonly log: string;
}

export function fakePacks(): FakePacks {
  const root = scratch();
  const wheels = join(root, "wheels");
  const cache = join(root, "cache");
  mkdirSync(wheels);
  const pack = (version: string, backend: Pack["backend"], libraries: Record<string, Buffer>): Pack => {
    const wheel = `onnxruntime_qnn-${version}-cp311-cp311-manylinux_2_35_x86_64.whl`;
    const bytes = zip(wheelFiles(libraries));
    writeFileSync(join(wheels, wheel), bytes);
    return {
      version,
      sdk: "9.0",
      backend,
      purpose: "a test",
      wheel,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      libraries: Object.keys(libraries),
    };
  };
  const packs = [
    pack("9.9.0", "htp", { "libQnnHtp.so": elf(62), "libQnnSystem.so": elf(62) }),
    pack("9.8.0", "cpu", { "libQnnCpu.so": elf(62) }),
  ];
  const log = join(root, "pip.log");
  const python = join(root, "python3");
  writeFileSync(
    python,
    `#!/bin/sh
# python3 -m pip download ... -d FOLDER onnxruntime-qnn==VERSION
while [ $# -gt 1 ]; do [ "$1" = -d ] && folder=$2; shift; done
version=\${1##*==}
echo "download $version" >> '${log}'
cp '${wheels}'/onnxruntime_qnn-$version-*.whl "$folder/"
`,
  );
  chmodSync(python, 0o755);
  return { packs, cache, wheels, log, env: { PATH: process.env.PATH, RWKVC_CACHE_DIR: cache, RWKVC_PYTHON: python } };
}
