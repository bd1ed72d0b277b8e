/** Reads a stretch of a file from front to back through a small window, so that nothing of it is in memory as a whole. */

import type { CheckpointFile } from "./checkpoint-file.ts";

const windowSize = 65_536;

export class ByteCursor {
  readonly #start: number;
  readonly #end: number;
  readonly #window: Uint8Array;
  #windowAt: number;
  #windowLength = 0;
  #at: number;

  /** From byte `start` of the file, `length` bytes or as many as it has. */
  constructor(
    readonly file: CheckpointFile,
    start: number,
    length: number,
  ) {
    this.#start = start;
    this.#end = Math.min(start + length, file.size);
    this.#window = new Uint8Array(Math.max(0, Math.min(windowSize, this.#end - start)));
    this.#windowAt = start;
    this.#at = start;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#at - this.#start;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** One byte; undefined at the end. */
  byte(): number | undefined {
    if (this.#at - this.#windowAt >= this.#windowLength && !this.#refill()) return undefined;
    return this.#window[this.#at++ - this.#windowAt];
  }

  /** The next `length` bytes, valid until the next read; undefined where fewer are left. */
  take(length: number): Uint8Array | undefined {
    if (length > this.remaining) return undefined;
    if (this.#at - this.#windowAt + length > this.#windowLength) {
      if (length > this.#window.length) return this.#takeLong(length);
      this.#refill();
    }
    const from = this.#at - this.#windowAt;
    this.#at += length;
    return this.#window.subarray(from, from + length);
  }

  #takeLong(length: number): Uint8Array {
    const bytes = this.file.bytes(this.#at, length);
    this.#at += length;
    return bytes;
  }

  #refill(): boolean {
    this.#windowAt = this.#at;
    this.#windowLength = Math.min(this.#window.length, this.#end - this.#at);
    if (this.#windowLength === 0) return false;
    this.file.read(this.#window.subarray(0, this.#windowLength), this.#at);
    return true;
  }
}
