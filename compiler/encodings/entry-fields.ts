/** The fields of one entry of a file of encodings, read with the faults that they may have. */
import type { Placed } from "./json-cursor.ts";

/** A fault in the file: what it is and where. */
export class EntryFault extends Error {
  constructor(
    readonly code: string,
    readonly title: string,
    readonly place: { readonly start: number; readonly end: number },
    readonly hint?: string,
  ) {
    super(title);
  }
}

export class EntryFields {
  constructor(
    readonly fields: ReadonlyMap<string, Placed>,
    /** Of the whole entry. */
    readonly place: Placed,
    /** "the encoding of blocks.0.x": for messages. */
    readonly what: string,
  ) {}

  has(key: string): boolean {
    return this.fields.has(key);
  }

  word(key: string): string {
    const found = this.required(key);
    return typeof found.value === "string" ? found.value : this.wrong(key, found, "a string");
  }

  /** true or false, or Python's words for them as strings; undefined when it is not there. */
  flag(key: string): boolean | undefined {
    const found = this.fields.get(key);
    if (!found) return undefined;
    if (typeof found.value === "boolean") return found.value;
    const word = typeof found.value === "string" ? found.value.toLowerCase() : "";
    return word === "true" ? true : word === "false" ? false : this.wrong(key, found, "true or false");
  }

  integer(key: string, least: number, most: number): number {
    const found = this.required(key);
    const { value } = found;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.wrong(key, found, `an integer from ${least} to ${most}`);
  }

  /** A finite number; undefined when it is not there. */
  number(key: string): number | undefined {
    const found = this.fields.get(key);
    if (!found) return undefined;
    if (typeof found.value !== "number") return this.wrong(key, found, "a number");
    if (!Number.isFinite(found.value)) this.notFinite(key, found, found.value);
    return found.value;
  }

  /** One number, or a list of them, or lists of lists: flat, row-major. */
  numbers(key: string): number[] {
    const found = this.required(key);
    const flat: number[] = [];
    const add = ({ value }: Placed): void => {
      if (typeof value === "number") flat.push(value);
      else if (Array.isArray(value))
        for (const item of value as readonly (number | Placed)[]) {
          if (typeof item === "number") flat.push(item);
          else add(item);
        }
      else this.wrong(key, found, "a number or a list of numbers");
    };
    add(found);
    const strange = flat.find((value) => !Number.isFinite(value));
    if (strange !== undefined) this.notFinite(key, found, strange);
    return flat;
  }

  scales(key: string): number[] {
    const scales = this.numbers(key);
    const bad = scales.find((scale) => !(scale > 0) || !(Math.fround(scale) > 0) || Math.fround(scale) === Infinity);
    if (bad !== undefined)
      throw new EntryFault(
        "encodings/scale",
        `${this.what}: ${key} ${bad} is not above 0, as a float32`,
        this.fields.get(key)!,
      );
    if (scales.length === 0) this.wrong(key, this.fields.get(key)!, "at least one number");
    return scales;
  }

  integers(key: string, least: number, most: number): number[] {
    const values = this.numbers(key);
    const bad = values.find((value) => !Number.isInteger(value) || value < least || value > most);
    if (bad === undefined) return values;
    return this.wrong(key, this.fields.get(key)!, `integers from ${least} to ${most}`, String(bad));
  }

  fail(code: string, title: string, key?: string, hint?: string): never {
    const place = (key === undefined ? undefined : this.fields.get(key)) ?? this.place;
    throw new EntryFault(code, `${this.what}: ${title}`, place, hint);
  }

  private required(key: string): Placed {
    return this.fields.get(key) ?? this.fail("encodings/bad-entry", `${key} is missing`);
  }

  private notFinite(key: string, place: Placed, value: number): never {
    throw new EntryFault(
      "encodings/not-finite",
      `${this.what}: ${key} is ${value}`,
      place,
      "calibrate again, on other text",
    );
  }

  private wrong(key: string, place: Placed, wanted: string, found = describe(place)): never {
    throw new EntryFault("encodings/bad-entry", `${this.what}: ${key} is ${found}, where ${wanted} should be`, place);
  }
}

export function describe({ value }: Placed): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value) ?? String(value);
  return typeof value === "number" ? String(value) : text.length > 40 ? `${text.slice(0, 40)}..."` : text;
}
