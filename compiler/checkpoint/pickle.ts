/**
 * Reads a pickle as data. The pickle machine's opcodes that data needs are interpreted, nothing is imported and
 * nothing is called: a global is looked up in the caller's table of known ones, each a plain function that builds a
 * value from values, and an unknown one is an error. Everything is bounded: opcodes, stack and memo.
 *
 * Opcodes as in CPython's Lib/pickletools.py, protocols 2 to 5.
 */

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

/** A checkpoint needs about thirty opcodes for a tensor, and the largest have a few thousand tensors. */
const limits = { opcodes: 4_000_000, stack: 1_000_000, memo: 1_000_000, globalName: 512 };

/** Fails with a PickleError; also passes on what the host's functions throw. */
export function readPickle(bytes: Uint8Array, host: PickleHost): PickleValue {
  return new Machine(bytes, host).run();
}

type Opcode = (machine: Machine) => void;

/** The stack's marks are indices into it, kept apart. */
class Machine {
  readonly #view: DataView;
  #at = 0;
  #opcodeAt = 0;
  #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(
    readonly bytes: Uint8Array,
    readonly host: PickleHost,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (let count = 0; count < limits.opcodes; count++) {
      this.#opcodeAt = this.#at;
      const code = this.uint(1);
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

  // Arguments that follow the opcode.

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.#at) this.fail("the pickle ends inside a value");
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  uint(size: 1 | 2 | 4): number {
    const at = this.#at;
    this.take(size);
    return size === 1
      ? this.#view.getUint8(at)
      : size === 2
        ? this.#view.getUint16(at, true)
        : this.#view.getUint32(at, true);
  }

  int32(): number {
    return this.uint(4) | 0;
  }

  length64(): number {
    const low = this.uint(4);
    // More than the file can have: `take` refuses it.
    return low + this.uint(4) * 2 ** 32;
  }

  float64(): number {
    const at = this.#at;
    this.take(8);
    return this.#view.getFloat64(at, false);
  }

  /** Little-endian two's complement of any length up to 8 bytes. */
  long(length: number): number | bigint {
    if (length > 8) this.fail(`an integer of ${length} bytes`, "limit");
    let value = 0n;
    const bytes = this.take(length);
    bytes.forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
    if (length > 0 && bytes[length - 1]! >= 0x80) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  text(length: number): string {
    try {
      return utf8.decode(this.take(length));
    } catch (error) {
      if (error instanceof PickleError) throw error;
      return this.fail("a string is not UTF-8");
    }
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > limits.globalName) this.fail("a name without an end");
    const text = this.text(end - this.#at);
    this.take(1);
    return text;
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
    for (let i = 0; i < items.length; i += 2) entries.set(items[i]!, items[i + 1]!);
  }

  addItems(kind: "list" | "set", items: readonly PickleValue[]): void {
    const target = this.topOf(kind).items;
    for (const item of items) target.push(item);
  }

  // The memo, globals and objects.

  put(index: number): void {
    if (index >= limits.memo) this.fail(`memo index ${index}`, "limit");
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
    this.push(callee.make(args));
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
const emptyDict = (): PickleValue => ({ kind: "dict", entries: new Map() });
const tuple = (items: PickleValue[]): PickleValue => ({ kind: "tuple", items });
const bytesOf = (bytes: Uint8Array): PickleValue => ({ kind: "bytes", bytes });

/** By code; comments give the names of Lib/pickletools.py. */
const opcodes: { readonly [code: number]: Opcode | undefined } = {
  // PROTO, FRAME: the frame's length says nothing that the values do not.
  0x80: (m) => {
    const protocol = m.uint(1);
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
  0x4b: (m) => m.push(m.uint(1)),
  0x4d: (m) => m.push(m.uint(2)),
  0x8a: (m) => m.push(m.long(m.uint(1))),
  0x8b: (m) => m.push(m.long(m.uint(4))),
  0x47: (m) => m.push(m.float64()),
  // SHORT_BINUNICODE, BINUNICODE, BINUNICODE8
  0x8c: (m) => m.push(m.text(m.uint(1))),
  0x58: (m) => m.push(m.text(m.uint(4))),
  0x8d: (m) => m.push(m.text(m.length64())),
  // SHORT_BINBYTES, BINBYTES, BINBYTES8
  0x43: (m) => m.push(bytesOf(m.take(m.uint(1)))),
  0x42: (m) => m.push(bytesOf(m.take(m.uint(4)))),
  0x8e: (m) => m.push(bytesOf(m.take(m.length64()))),
  // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE
  0x29: (m) => m.push(tuple([])),
  0x85: (m) => m.push(tuple([m.pop()])),
  0x86: (m) => m.push(tuple([m.pop(), m.pop()].reverse())),
  0x87: (m) => m.push(tuple([m.pop(), m.pop(), m.pop()].reverse())),
  0x74: (m) => m.push(tuple(m.popToMark())),
  // EMPTY_LIST, LIST, APPEND, APPENDS
  0x5d: (m) => m.push({ kind: "list", items: [] }),
  0x6c: (m) => m.push({ kind: "list", items: m.popToMark() }),
  0x61: (m) => m.addItems("list", [m.pop()]),
  0x65: (m) => m.addItems("list", m.popToMark()),
  // EMPTY_SET, ADDITEMS
  0x8f: (m) => m.push({ kind: "set", items: [] }),
  0x90: (m) => m.addItems("set", m.popToMark()),
  // EMPTY_DICT, DICT, SETITEM, SETITEMS
  0x7d: (m) => m.push(emptyDict()),
  0x64: (m) => {
    const items = m.popToMark();
    m.push(emptyDict());
    m.setItems(items);
  },
  0x73: (m) => m.setItems([m.pop(), m.pop()].reverse()),
  0x75: (m) => m.setItems(m.popToMark()),
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  0x71: (m) => m.put(m.uint(1)),
  0x72: (m) => m.put(m.uint(4)),
  0x94: (m) => m.memoize(),
  0x68: (m) => m.get(m.uint(1)),
  0x6a: (m) => m.get(m.uint(4)),
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
  0x51: (m) => m.push(m.host.persistentLoad(m.pop())),
};
