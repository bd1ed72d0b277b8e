/** For which machine a shared library is, from its ELF header. */
import { closeSync, openSync, readSync } from "node:fs";

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

/** The machine's name, or undefined when the file is not an ELF shared object. */
export function elfMachine(path: string): string | undefined {
  const head = Buffer.alloc(20);
  const file = openSync(path, "r");
  try {
    if (readSync(file, head, 0, head.length, 0) < head.length) return undefined;
  } finally {
    closeSync(file);
  }
  if (head.readUInt32BE(0) !== 0x7f454c46) return undefined;
  // EI_DATA (byte 5): 2 is big-endian, which none of our machines is. e_type (offset 16): 3 is a shared object.
  if (head[5] !== 1 || head.readUInt16LE(16) !== 3) return undefined;
  const machine = head.readUInt16LE(18);
  return machines[machine] ?? `machine ${machine}`;
}
