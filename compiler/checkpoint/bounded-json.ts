/**
 * Reads JSON out of a file that nobody vouches for. JSON.parse takes the last of two equal keys and makes whatever the
 * text asks for; so the text is scanned first: its nesting and its number of values are bounded, and no object has a
 * key twice.
 */

/** Why a text was not read; the caller makes a diagnostic of it. */
export class JsonError extends Error {}

/** A table of 20,000 tensors has some 80,000 keys and 60,000 objects and arrays. */
const limits = { depth: 16, containers: 200_000, keys: 200_000 };

/** Fails with a JsonError. */
export function parseBoundedJson(bytes: Uint8Array): unknown {
  scan(bytes);
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new JsonError(`not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

const [quote, colon, backslash] = [0x22, 0x3a, 0x5c];
const isOpening = (byte: number): boolean => byte === 0x7b || byte === 0x5b;
const isClosing = (byte: number): boolean => byte === 0x7d || byte === 0x5d;
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** All that has a meaning here is ASCII, and no byte of a longer UTF-8 sequence is. */
function scan(bytes: Uint8Array): void {
  const open: Set<string>[] = [];
  let [containers, keys] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quote) {
      const end = endOfString(bytes, at);
      if (isKey(bytes, end)) {
        if (++keys > limits.keys) throw new JsonError(`more than ${limits.keys} keys`);
        claim(open.at(-1), Buffer.from(bytes.subarray(at, end)).toString());
      }
      at = end - 1;
    } else if (isOpening(byte)) {
      if (++containers > limits.containers) throw new JsonError(`more than ${limits.containers} objects and arrays`);
      if (open.length === limits.depth) throw new JsonError(`values nested more than ${limits.depth} deep`);
      open.push(new Set());
    } else if (isClosing(byte)) {
      open.pop();
    }
  }
}

/** The place behind the closing quote, or the end of the text. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return Math.min(at + 1, bytes.length);
}

function isKey(bytes: Uint8Array, end: number): boolean {
  let at = end;
  while (isBlank(bytes[at])) at++;
  return bytes[at] === colon;
}

/** `text` is a key with its quotes; two spellings of one key are equal. */
function claim(seen: Set<string> | undefined, text: string): void {
  let key = text;
  if (text.includes("\\")) {
    try {
      key = JSON.stringify(JSON.parse(text));
    } catch {
      // Not JSON, as JSON.parse will say of the whole.
      return;
    }
  }
  if (seen?.has(key)) throw new JsonError(`the key ${key} twice in one object`);
  seen?.add(key);
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
