/**
 * Reads JSON piece by piece with the place of each, so that a file of a million entries never stands in memory as a tree, and
 * a fault has a place. NaN and Infinity are read as numbers: Python writes them, and the one who asks for a number can say where.
 */

/** Why a text was not read any further. Offsets are those of the text. */
export class JsonFault extends Error {
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
  ) {
    super(message);
  }
}

/** A value and where it stands. Objects are Maps of them, arrays of numbers are kept plain. */
export interface Placed {
  readonly value:
    string | number | boolean | null | readonly number[] | readonly Placed[] | ReadonlyMap<string, Placed>;
  readonly start: number;
  readonly end: number;
}

const deepest = 16;
/** A weight of 65,536 channels and 4,096 inputs has 16 million blocks of 16. */
const mostValues = 2 ** 25;

export class JsonCursor {
  at = 0;
  private depth = 0;

  constructor(readonly text: string) {
    if (text.startsWith("\ufeff")) this.at = 1;
  }

  /** The first character of the next value; empty at the end. */
  peek(): string {
    this.skipBlank();
    return this.text[this.at] ?? "";
  }

  /** `visit` reads the value of the key. */
  object(visit: (key: string, start: number) => void): void {
    this.open("{", "an object");
    const seen = new Set<string>();
    if (this.closes("}")) return;
    do {
      this.skipBlank();
      const start = this.at;
      if (this.peek() !== '"') this.unexpected("a key in double quotes");
      const key = this.string();
      if (seen.has(key))
        throw new JsonFault(`the key ${JSON.stringify(key)} stands twice in one object`, start, this.at);
      seen.add(key);
      if (this.peek() !== ":") this.unexpected("a colon");
      this.at++;
      visit(key, start);
    } while (this.goesOn("}"));
  }

  /** `visit` reads the element. */
  array(visit: (index: number) => void): void {
    this.open("[", "a list");
    if (this.closes("]")) return;
    let index = 0;
    do visit(index++);
    while (this.goesOn("]"));
  }

  /** Nothing but blanks is left. */
  end(): void {
    if (this.peek() !== "") this.unexpected("the end of the file");
  }

  /** Any value, of bounded depth and size. */
  value(): Placed {
    this.left = mostValues;
    return this.anyValue();
  }

  private left = mostValues;

  private anyValue(): Placed {
    const first = this.peek();
    const start = this.at;
    if (this.left-- === 0) throw new JsonFault(`more than ${mostValues} values in one entry`, start, start + 1);
    const placed = (value: Placed["value"]): Placed => ({ value, start, end: this.at });
    if (first === "{") {
      const members = new Map<string, Placed>();
      this.object((key) => void members.set(key, this.anyValue()));
      return placed(members);
    }
    if (first === "[") return placed(this.list());
    if (first === '"') return placed(this.string());
    const word = /(?:true|false|null)\b/y;
    word.lastIndex = start;
    const literal = word.exec(this.text)?.[0];
    if (literal === undefined) return placed(this.number());
    this.at += literal.length;
    return placed(literal === "null" ? null : literal === "true");
  }

  /** Plain numbers where it holds nothing else: there may be millions. */
  private list(): readonly number[] | readonly Placed[] {
    const numbers: number[] = [];
    const others: Placed[] = [];
    this.array((index) => {
      const isNumber = /[-\dNI]/.test(this.peek());
      if (isNumber && others.length === 0) {
        if (this.left-- === 0) throw new JsonFault(`more than ${mostValues} values in one entry`, this.at, this.at + 1);
        numbers.push(this.number());
        return;
      }
      if (index > 0 && others.length === 0)
        throw new JsonFault("a list of numbers and other things", this.at, this.at + 1);
      if (isNumber) throw new JsonFault("a list of numbers and other things", this.at, this.at + 1);
      others.push(this.anyValue());
    });
    return others.length > 0 ? others : numbers;
  }

  string(): string {
    const start = this.at;
    let at = start + 1;
    for (; ; at++) {
      const code = this.text.charCodeAt(at);
      if (code === 0x22) break;
      if (Number.isNaN(code) || code < 0x20)
        throw new JsonFault("a string that does not end", start, Math.min(at, start + 20));
      if (code === 0x5c) at++;
    }
    this.at = at + 1;
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      throw new JsonFault("a string with an escape that JSON does not have", start, this.at);
    }
  }

  private number(): number {
    const pattern = /-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|Infinity|NaN)(?![\w.+-])/y;
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.text)?.[0];
    if (text === undefined) return this.unexpected("a value");
    this.at += text.length;
    return Number(text);
  }

  private open(bracket: string, what: string): void {
    if (this.peek() !== bracket) this.unexpected(what);
    if (this.depth === deepest) throw new JsonFault(`values nested more than ${deepest} deep`, this.at, this.at + 1);
    this.depth++;
    this.at++;
  }

  private closes(bracket: string): boolean {
    if (this.peek() !== bracket) return false;
    this.depth--;
    this.at++;
    return true;
  }

  /** After an element: a comma, or the end. */
  private goesOn(bracket: string): boolean {
    if (this.closes(bracket)) return false;
    if (this.peek() !== ",") this.unexpected(`a comma or ${bracket}`);
    this.at++;
    return true;
  }

  private skipBlank(): void {
    for (; ; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  private unexpected(wanted: string): never {
    this.skipBlank();
    const found =
      this.text.slice(this.at, this.at + 12).split(/[\s,:\]}]/, 1)[0] || this.text.slice(this.at, this.at + 1);
    const what = found === "" ? "the end of the file" : JSON.stringify(found);
    throw new JsonFault(`${what} where ${wanted} should be`, this.at, this.at + Math.max(found.length, 1));
  }
}
