/**
 * Reads a pickle as data. The pickle machine's opcodes that data needs are interpreted, nothing is imported and
 * nothing is called: a global is looked up in the caller's table of known ones, each a plain function that builds a
 * value from values, and an unknown one is an error. Everything is bounded: opcodes, stack, memo, and the memory of all
 * values together; nothing walks through values, so that cycles and doubled references cost nothing.
 *
 * Opcodes as in CPython's Lib/pickletools.py, protocols 2 to 5.
 */

import type { ByteCursor } from "./byte-cursor.ts";

/** `undefined` never occurs: every value is one of these. */
export type PickleValue = null | boolean | number | bigint | string | PickleObject;

export type PickleObject =
  | { readonly kind: "tuple"; readonly items: PickleValue[] }
  | { readonly kind: "list"; readonly items: PickleValue[] }
  | { readonly kind: "set"; readonly items: PickleValue[] }
  | { readonly kind: "dict"; readonly entries: Map<PickleValue, PickleValue> }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | PickleGlobal
  /** Something the caller's globals made. */
  | { readonly kind: "host"; readonly value: object };

export interface PickleGlobal {
  readonly kind: "global";
  /** `module.name`. */
  readonly path: string;
  /** What calling it gives; undefined for a global that is only a name (a dtype, a storage type). */
  readonly make?: (args: readonly PickleValue[]) => PickleValue;
}

export interface PickleHost {
  readonly findGlobal: (path: string) => PickleGlobal | undefined;
  readonly persistentLoad: (id: PickleValue) => PickleValue;
}

/** Why a pickle was not read; `offset` in bytes. The caller makes a diagnostic of it. */
export class PickleError extends Error {
  constructor(
    readonly reason: "malformed" | "limit" | "foreign-global",
    message: string,
    readonly offset: number,
  ) {
    super(message);
    this.name = "PickleError";
  }
}

/** A checkpoint needs about thirty opcodes and 3 KB for a tensor, and the largest have a few thousand tensors. */
const limits = { opcodes: 2_000_000, stack: 500_000, memo: 300_000, memory: 64 * 2 ** 20, globalName: 512 };

/** What values take in memory, roughly, in bytes. What is dropped again counts too. */
const costs = { container: 160, dict: 320, item: 16, entry: 64, string: 32, memo: 48, host: 400 };

/** Leaves the cursor behind the pickle. Fails with a PickleError; also passes on what the host's functions throw. */
export function readPickle(input: ByteCursor, host: PickleHost): PickleValue {
  return new Machine(input, host).run();
}

type Opcode = (machine: Machine) => void;

/** The stack's marks are indices into it, kept apart. */
class Machine {
  #opcodeAt = 0;
  #memory = 0;
  #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(
    readonly input: ByteCursor,
    readonly host: PickleHost,
  ) {}

  run(): PickleValue {
    for (let count = 0; count < limits.opcodes; count++) {
      this.#opcodeAt = this.input.offset;
      const code = this.uint8();
      if (code === STOP) return this.pop();
      const opcode = opcodes[code];
      if (opcode === undefined) this.fail(`opcode 0x${code.toString(16).padStart(2, "0")} is not one that data needs`);
      opcode(this);
    }
    return this.fail(`more than ${limits.opcodes} opcodes`, "limit");
  }

  fail(message: string, reason: PickleError["reason"] = "malformed"): never {
    throw new PickleError(reason, message, this.#opcodeAt);
  }

  /** Counts what a value takes before it is made. */
  spend(bytes: number): void {
    this.#memory += bytes;
    if (this.#memory > limits.memory) this.fail(`values of more than ${limits.memory} bytes`, "limit");
  }

  // Arguments that follow the opcode.

  /** Valid until the next read. */
  take(length: number): Uint8Array {
    return this.input.take(length) ?? this.fail("the pickle ends inside a value");
  }

  uint8(): number {
    return this.input.byte() ?? this.fail("the pickle ends inside a value");
  }

  uint16(): number {
    return this.uint8() + this.uint8() * 2 ** 8;
  }

  uint32(): number {
    return this.uint16() + this.uint16() * 2 ** 16;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  uint64(): number {
    // Beyond 2^53 it is not exact, but more than any file can have: `take` refuses it.
    return this.uint32() + this.uint32() * 2 ** 32;
  }

  float64(): number {
    const bytes = this.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, false);
  }

  /** Little-endian two's complement of any length up to 16 bytes. */
  long(length: number): number | bigint {
    if (length > 16) this.fail(`an integer of ${length} bytes`, "limit");
    let value = 0n;
    const bytes = this.take(length);
    bytes.forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
    if (length > 0 && bytes[length - 1]! >= 0x80) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  text(length: number): string {
    const bytes = this.take(length);
    this.spend(costs.string + 2 * length);
    return this.decode(bytes);
  }

  bytes(length: number): PickleValue {
    const bytes = this.take(length);
    this.spend(costs.container + length);
    return { kind: "bytes", bytes: bytes.slice() };
  }

  line(): string {
    const bytes: number[] = [];
    for (let byte = this.input.byte(); byte !== 0x0a; byte = this.input.byte()) {
      if (byte === undefined || bytes.length === limits.globalName) this.fail("a name without an end");
      bytes.push(byte);
    }
    return this.decode(Uint8Array.from(bytes));
  }

  decode(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail("a string is not UTF-8");
    }
  }

  // The stack.

  push(value: PickleValue): void {
    if (this.#stack.length >= limits.stack) this.fail(`more than ${limits.stack} values on the stack`, "limit");
    this.#stack.push(value);
  }

  pop(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.fail("a value is missing on the stack");
    return this.#stack.pop()!;
  }

  top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    if (this.#marks.length >= limits.stack) this.fail(`more than ${limits.stack} marks on the stack`, "limit");
    this.#marks.push(this.#stack.length);
  }

  /** All values above the last mark. */
  popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) this.fail("a mark is missing on the stack");
    this.spend(costs.item * (this.#stack.length - mark));
    return this.#stack.splice(mark);
  }

  popTuple(): PickleValue[] {
    const value = this.pop();
    if (!isKind(value, "tuple")) this.fail(`a tuple of arguments is missing: found ${describe(value)}`);
    return value.items;
  }

  topOf<K extends "list" | "set" | "dict">(kind: K): Extract<PickleObject, { kind: K }> {
    const value = this.top();
    if (!isKind(value, kind)) this.fail(`items are added to ${describe(value)}, which is not a ${kind}`);
    return value;
  }

  setItems(items: readonly PickleValue[]): void {
    const { entries } = this.topOf("dict");
    if (items.length % 2 !== 0) this.fail("a key without a value");
    this.spend(costs.entry * (items.length / 2));
    for (let i = 0; i < items.length; i += 2) entries.set(items[i]!, items[i + 1]!);
  }

  addItems(kind: "list" | "set", items: readonly PickleValue[]): void {
    const target = this.topOf(kind).items;
    this.spend(costs.item * items.length);
    for (const item of items) target.push(item);
  }

  // The memo, globals and objects.

  put(index: number): void {
    if (index >= limits.memo) this.fail(`memo index ${index}`, "limit");
    this.spend(costs.memo);
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.fail(`memo index ${index} is read before it is written`);
    this.push(value);
  }

  pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") this.fail("a global's name is not text");
    const path = `${module}.${name}`;
    this.push(this.host.findGlobal(path) ?? this.fail(path, "foreign-global"));
  }

  reduce(): void {
    const args = this.popTuple();
    const callee = this.pop();
    if (!isKind(callee, "global") || callee.make === undefined) this.fail(`${describe(callee)} is called`);
    // A dict may be made of a long list, and so may the next one, of the same.
    const items = args.reduce<number>(
      (n, arg) => n + (isKind(arg, "list") || isKind(arg, "tuple") ? arg.items.length : 0),
      0,
    );
    this.spend(costs.host + costs.entry * items);
    this.push(callee.make(args));
  }

  persistentLoad(): void {
    this.spend(costs.host);
    this.push(this.host.persistentLoad(this.pop()));
  }

  // Containers.

  tuple(items: PickleValue[]): void {
    this.spend(costs.container);
    this.push({ kind: "tuple", items });
  }

  list(kind: "list" | "set", items: PickleValue[] = []): void {
    this.spend(costs.container);
    this.push({ kind, items });
  }

  dict(): void {
    this.spend(costs.dict);
    this.push({ kind: "dict", entries: new Map() });
  }

  /**
   * An object's attributes: only dicts have been seen to carry some (`_metadata` of a state_dict); they say nothing
   * here.
   */
  build(): void {
    this.pop();
    const value = this.top();
    if (!isKind(value, "dict")) this.fail(`attributes are set on ${describe(value)}`);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function isKind<K extends PickleObject["kind"]>(
  value: PickleValue,
  kind: K,
): value is Extract<PickleObject, { kind: K }> {
  return typeof value === "object" && value !== null && value.kind === kind;
}

/** For messages: what a value is, not what it holds. */
export function describe(value: PickleValue): string {
  if (value === null) return "None";
  if (typeof value !== "object") return typeof value === "string" ? "a string" : `a ${typeof value}`;
  return value.kind === "global" ? value.path : value.kind === "host" ? "a tensor" : `a ${value.kind}`;
}

const STOP = 0x2e;

/** By code; comments give the names of Lib/pickletools.py. */
const opcodes: { readonly [code: number]: Opcode | undefined } = {
  // PROTO, FRAME: the frame's length says nothing that the values do not.
  0x80: (m) => {
    const protocol = m.uint8();
    if (protocol < 2 || protocol > 5) m.fail(`pickle protocol ${protocol}: 2 to 5 are known`);
  },
  0x95: (m) => void m.take(8),
  // MARK, POP, POP_MARK, DUP
  0x28: (m) => m.mark(),
  0x30: (m) => void m.pop(),
  0x31: (m) => void m.popToMark(),
  0x32: (m) => m.push(m.top()),
  // NONE, NEWTRUE, NEWFALSE
  0x4e: (m) => m.push(null),
  0x88: (m) => m.push(true),
  0x89: (m) => m.push(false),
  // BININT, BININT1, BININT2, LONG1, LONG4, BINFLOAT
  0x4a: (m) => m.push(m.int32()),
  0x4b: (m) => m.push(m.uint8()),
  0x4d: (m) => m.push(m.uint16()),
  0x8a: (m) => m.push(m.long(m.uint8())),
  0x8b: (m) => m.push(m.long(m.uint32())),
  0x47: (m) => m.push(m.float64()),
  // SHORT_BINUNICODE, BINUNICODE, BINUNICODE8
  0x8c: (m) => m.push(m.text(m.uint8())),
  0x58: (m) => m.push(m.text(m.uint32())),
  0x8d: (m) => m.push(m.text(m.uint64())),
  // SHORT_BINBYTES, BINBYTES, BINBYTES8
  0x43: (m) => m.push(m.bytes(m.uint8())),
  0x42: (m) => m.push(m.bytes(m.uint32())),
  0x8e: (m) => m.push(m.bytes(m.uint64())),
  // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE
  0x29: (m) => m.tuple([]),
  0x85: (m) => m.tuple([m.pop()]),
  0x86: (m) => m.tuple([m.pop(), m.pop()].reverse()),
  0x87: (m) => m.tuple([m.pop(), m.pop(), m.pop()].reverse()),
  0x74: (m) => m.tuple(m.popToMark()),
  // EMPTY_LIST, LIST, APPEND, APPENDS
  0x5d: (m) => m.list("list"),
  0x6c: (m) => m.list("list", m.popToMark()),
  0x61: (m) => m.addItems("list", [m.pop()]),
  0x65: (m) => m.addItems("list", m.popToMark()),
  // EMPTY_SET, ADDITEMS
  0x8f: (m) => m.list("set"),
  0x90: (m) => m.addItems("set", m.popToMark()),
  // EMPTY_DICT, DICT, SETITEM, SETITEMS
  0x7d: (m) => m.dict(),
  0x64: (m) => {
    const items = m.popToMark();
    m.dict();
    m.setItems(items);
  },
  0x73: (m) => m.setItems([m.pop(), m.pop()].reverse()),
  0x75: (m) => m.setItems(m.popToMark()),
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  0x71: (m) => m.put(m.uint8()),
  0x72: (m) => m.put(m.uint32()),
  0x94: (m) => m.memoize(),
  0x68: (m) => m.get(m.uint8()),
  0x6a: (m) => m.get(m.uint32()),
  // GLOBAL, STACK_GLOBAL
  0x63: (m) => m.pushGlobal(m.line(), m.line()),
  0x93: (m) => {
    const name = m.pop();
    m.pushGlobal(m.pop(), name);
  },
  // REDUCE, NEWOBJ (calling the class), BUILD, BINPERSID
  0x52: (m) => m.reduce(),
  0x81: (m) => m.reduce(),
  0x62: (m) => m.build(),
  0x51: (m) => m.persistentLoad(),
};
