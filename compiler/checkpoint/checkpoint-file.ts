/**
 * An open file that is read by position. Every read is checked against the size the file had when it was opened, so no
 * offset out of a damaged file leads anywhere else; a read that cannot be satisfied is a DiagnosticError.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

import { DiagnosticError, missingError } from "../diagnostics/diagnostic.ts";
import { failInput, failInternal } from "./checkpoint-error.ts";

export class CheckpointFile {
  readonly #fd: number;
  #open = true;

  private constructor(
    /** As the user gave it. */
    readonly path: string,
    /** In bytes. */
    readonly size: number,
    fd: number,
  ) {
    this.#fd = fd;
  }

  /** Opens a regular file; diagnostics: checkpoint/not-found, checkpoint/unreadable, checkpoint/not-a-file. */
  static open(path: string): CheckpointFile {
    let fd: number;
    try {
      // Not to wait for whoever writes into a pipe; a file does not care.
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw new DiagnosticError([openFailure(path, error)]);
    }
    const stat = fstatSync(fd);
    if (stat.isFile()) return new CheckpointFile(path, stat.size, fd);
    closeSync(fd);
    const found = stat.isDirectory() ? "a folder" : "not a regular file";
    return failInput(path, "checkpoint/not-a-file", `checkpoint ${path} is ${found}`, {
      hint: "name the .pth or .safetensors file itself",
    });
  }

  /** Fills `target` from byte `position` on; diagnostics: checkpoint/truncated, checkpoint/unreadable. */
  read(target: Uint8Array, position: number): void {
    if (!this.#open) failInternal(this.path, "checkpoint/closed", "the checkpoint was read after it had been closed");
    const end = position + target.length;
    if (!Number.isSafeInteger(position) || position < 0 || end > this.size) {
      this.failTruncated(`bytes ${position} to ${end} are needed`);
    }
    let done = 0;
    while (done < target.length) {
      const count = this.#readOnce(target, done, position + done);
      if (count === 0) this.failTruncated(`it ended at byte ${position + done} while being read`);
      done += count;
    }
  }

  /** Up to `length` bytes from `position`: fewer where the file ends. */
  bytes(position: number, length: number): Uint8Array {
    const target = new Uint8Array(Math.max(0, Math.min(length, this.size - position)));
    this.read(target, position);
    return target;
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  failTruncated(note: string): never {
    return failInput(this.path, "checkpoint/truncated", `checkpoint ${this.path} is cut short`, {
      notes: [`The file has ${this.size} bytes; ${note}.`],
      hint: "the download or copy is probably incomplete: compare its size and checksum with the source",
    });
  }

  #readOnce(target: Uint8Array, offset: number, position: number): number {
    try {
      // Linux reads at most 2^31 - 4096 bytes at a time.
      return readSync(this.#fd, target, offset, Math.min(target.length - offset, 2 ** 30), position);
    } catch (error) {
      throw new DiagnosticError([openFailure(this.path, error)]);
    }
  }
}

function openFailure(path: string, error: unknown): ReturnType<typeof missingError> {
  const reason = error as NodeJS.ErrnoException;
  const place = { place: { file: path } };
  if (reason.code === "ENOENT" || reason.code === "ENOTDIR") {
    return missingError("checkpoint/not-found", `no checkpoint at ${path || '""'}`, {
      ...place,
      hint: "name a .pth or .safetensors file, or random:SEED:PRESET",
    });
  }
  const notes = [`The system reports ${reason.code ?? "an error"}: ${reason.message}.`];
  const hint = reason.code === "ELOOP" ? "its symbolic links lead in a circle: name the file itself" : undefined;
  return missingError("checkpoint/unreadable", `checkpoint ${path} cannot be read`, {
    ...place,
    notes,
    ...(hint === undefined ? {} : { hint }),
  });
}
