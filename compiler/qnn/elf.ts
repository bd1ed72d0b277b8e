/** For which machine a shared library is, from its ELF header, and whether the file has all that its header tells of. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** ELF e_machine -> the name users know. */
const machines: Readonly<Record<number, string>> = {
  3: "x86 (32 bits)",
  40: "ARM (32 bits)",
  62: "x86-64",
  164: "Hexagon",
  183: "aarch64",
  243: "RISC-V",
};

const nodeArchitectures: Readonly<Record<string, string>> = { x64: "x86-64", arm64: "aarch64" };

export const hostMachine = (arch: string = process.arch): string => nodeArchitectures[arch] ?? arch;

export interface ElfLibrary {
  readonly machine: string;
  /** In bytes. */
  readonly size: number;
  /** The least size that a file with these segments and sections can have; one that is smaller crashes its loader. */
  readonly needed: number;
}

/** Undefined when the file is not an ELF shared object. */
export function readElf(path: string): ElfLibrary | undefined {
  const file = openSync(path, "r");
  try {
    const stat = fstatSync(file);
    const head = Buffer.alloc(64);
    if (!stat.isFile() || readSync(file, head, 0, head.length, 0) < 52) return undefined;
    if (head.readUInt32BE(0) !== 0x7f454c46) return undefined;
    // EI_DATA (byte 5): 2 is big-endian, which none of our machines is. e_type (offset 16): 3 is a shared object.
    if (head[5] !== 1 || head.readUInt16LE(16) !== 3) return undefined;
    const machine = head.readUInt16LE(18);
    return { machine: machines[machine] ?? `machine ${machine}`, size: stat.size, needed: neededBytes(file, head) };
  } finally {
    closeSync(file);
  }
}

/** Of 64-bit files; the others are never ours to load. */
function neededBytes(file: number, head: Buffer): number {
  const is64 = head[4] === 2;
  if (!is64) return 0;
  const sections = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
  const [start, bytes, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  const ends = [sections, start + bytes * count];
  const segment = Buffer.alloc(56);
  for (let i = 0; i < count && bytes >= segment.length; i++) {
    if (!Number.isSafeInteger(start) || readSync(file, segment, 0, segment.length, start + i * bytes) < segment.length)
      break;
    ends.push(Number(segment.readBigUInt64LE(8)) + Number(segment.readBigUInt64LE(32)));
  }
  return Math.max(...ends);
}
