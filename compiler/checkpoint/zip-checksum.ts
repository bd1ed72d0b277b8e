/** CRC-32 of a zip entry against the one that its directory states, read through a window. */

import { crc32 } from "node:zlib";

import { failInput, quote } from "./checkpoint-error.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import type { ZipEntry } from "./zip-directory.ts";

const windowSize = 2 ** 20;

/**
 * Diagnostic: checkpoint/checksum. A stated checksum of 0 is taken for none: torch writes it when it is told not to
 * compute any (torch.serialization.set_crc32_options).
 */
export function verifyChecksum(file: CheckpointFile, entry: ZipEntry): void {
  if (entry.checksum === 0) return;
  const window = new Uint8Array(Math.min(windowSize, entry.size));
  let checksum = 0;
  for (let done = 0; done < entry.size; done += window.length) {
    const piece = window.subarray(0, Math.min(window.length, entry.size - done));
    file.read(piece, entry.start + done);
    checksum = crc32(piece, checksum);
  }
  if (checksum === entry.checksum) return;
  failInput(file.path, "checkpoint/checksum", `the data of ${file.path} is damaged`, {
    detail: entry.name,
    notes: [
      `The ${entry.size} bytes of entry ${quote(entry.name)} have the CRC-32 ${hex(checksum)}; ` +
        `the archive says ${hex(entry.checksum)}.`,
    ],
    hint: "a byte at least is not what was saved: copy or download the file again",
  });
}

/** The same, when it is first called. */
export function checksumOnce(file: CheckpointFile, entry: ZipEntry): () => void {
  let isVerified = false;
  return () => {
    if (!isVerified) verifyChecksum(file, entry);
    isVerified = true;
  };
}

const hex = (value: number): string => value.toString(16).padStart(8, "0");
