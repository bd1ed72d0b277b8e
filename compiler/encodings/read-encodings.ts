/**
 * Reads a file of encodings of any of the schemas. Sections tell by their form which one they are of: objects by tensor name
 * (0.6.1), lists of named entries (1.0.0), one list of both kinds (2.0.0). Every fault that is found is a diagnostic with its place,
 * up to a number that a person reads; nothing is guessed: a file with faults gives no encodings.
 */
import { type Diagnostic, inputError, type Outcome } from "../diagnostics/diagnostic.ts";
import { lineTable, positionOf } from "../diagnostics/text-position.ts";
import type { Encoding } from "./encoding.ts";
import {
  type EncodingPlaces,
  type EncodingsFile,
  type Place,
  type SchemaVersion,
  schemaVersions,
} from "./encodings-file.ts";
import { EntryFault, EntryFields } from "./entry-fields.ts";
import { JsonCursor, JsonFault, type Placed } from "./json-cursor.ts";
import { readEntry061 } from "./read-entry-0.6.1.ts";
import { readEntry100 } from "./read-entry-1.0.0.ts";
import { isParameterEntry, readEntry200 } from "./read-entry-2.0.0.ts";

export interface ReadEncodings extends EncodingsFile {
  readonly places: EncodingPlaces;
}

/** More tensors than any graph has. */
const mostEntries = 200_000;
const mostDiagnostics = 20;
/** Lengths of a text and of a line in it up to which a diagnostic shows the line. */
const shown = { text: 2 ** 24, line: 2 ** 13 };

/**
 * Diagnostics: encodings/not-json, encodings/not-an-object, encodings/version, encodings/missing-section, encodings/bad-entry,
 * encodings/not-finite, encodings/scale, encodings/offset, encodings/count, encodings/unsupported, encodings/duplicate,
 * encodings/too-many, encodings/more.
 */
export function readEncodings(file: string, text: string): Outcome<ReadEncodings> {
  const reader = new Reader(text);
  try {
    reader.readAll();
  } catch (error) {
    if (error instanceof JsonFault)
      reader.faults.push(new EntryFault("encodings/not-json", `not JSON: ${error.message}`, error));
    else if (error instanceof EntryFault) reader.faults.push(error);
    else throw error;
  }
  const diagnostics = reader.faults.map(({ code, title, place, hint }) =>
    faultAt(file, text, code, title, place, hint),
  );
  if (diagnostics.length > 0) return { value: undefined, diagnostics };
  const { version, activations, params, extra } = reader;
  const of = <T>(map: ReadonlyMap<string, { entry: T; place: Place }>) => ({
    entries: new Map([...map].map(([name, { entry }]) => [name, entry])),
    places: new Map([...map].map(([name, { place }]) => [name, place])),
  });
  const [acts, pars] = [of(activations), of(params)];
  return {
    value: {
      version: version!,
      encodings: { activations: acts.entries, params: pars.entries },
      extra,
      places: { activations: acts.places, params: pars.places },
    },
    diagnostics: [],
  };
}

interface Entry {
  readonly entry: Encoding;
  readonly place: Place;
}

class Reader {
  readonly faults: EntryFault[] = [];
  readonly activations = new Map<string, Entry>();
  readonly params = new Map<string, Entry>();
  readonly extra: Record<string, unknown> = {};
  version: SchemaVersion | undefined;
  private stated: Placed | undefined;
  /** The schema that a section's form belongs to. */
  private form: { readonly version: SchemaVersion; readonly place: Place } | undefined;
  private readonly sections = new Set<string>();
  private entries = 0;
  private readonly cursor: JsonCursor;

  constructor(text: string) {
    this.cursor = new JsonCursor(text);
  }

  readAll(): void {
    const { cursor } = this;
    if (cursor.peek() !== "{" && cursor.text.trim() !== "") {
      const found = cursor.value();
      throw new EntryFault("encodings/not-an-object", "the file is not an object with encodings", {
        start: found.start,
        end: found.start + 1,
      });
    }
    cursor.object((key, start) => {
      if (key === "version") this.stated = cursor.value();
      else if (key === "activation_encodings" || key === "param_encodings") this.readSection(key, start);
      else if (key === "encodings") this.readList(key, start);
      else setOwn(this.extra, key, plain(cursor.value()));
    });
    cursor.end();
    this.checkWhole(cursor.at);
  }

  private checkWhole(end: number): void {
    const whole = { start: 0, end: Math.min(end, 1) };
    this.version = this.checkVersion(whole);
    if (this.sections.has("encodings")) return;
    for (const name of ["activation_encodings", "param_encodings"]) {
      if (this.sections.has(name)) continue;
      this.faults.push(
        new EntryFault(
          "encodings/missing-section",
          `the section ${name} is missing`,
          whole,
          `a file without such encodings has "${name}" all the same, empty`,
        ),
      );
    }
  }

  private checkVersion(whole: Place): SchemaVersion | undefined {
    const { stated, form } = this;
    const known = schemaVersions.find((version) => version === stated?.value);
    const readable = `readable are ${schemaVersions.join(", ")}`;
    if (stated && known === undefined) {
      const found = typeof stated.value === "string" ? JSON.stringify(stated.value.slice(0, 40)) : "no such string";
      this.faults.push(new EntryFault("encodings/version", `version is ${found}: ${readable}`, stated));
      return undefined;
    }
    if (!stated && form?.version !== "0.6.1" && form !== undefined) {
      this.faults.push(
        new EntryFault(
          "encodings/version",
          `the file does not tell its version: ${readable}`,
          whole,
          `its form is that of ${form.version}`,
        ),
      );
      return undefined;
    }
    if (known !== undefined && form !== undefined && form.version !== known) {
      this.faults.push(
        new EntryFault(
          "encodings/version",
          `the version is ${known}, and this is in the form of ${form.version}`,
          form.place,
        ),
      );
      return undefined;
    }
    return known ?? form?.version ?? "0.6.1";
  }

  private readSection(name: "activation_encodings" | "param_encodings", start: number): void {
    const target = name === "param_encodings" ? this.params : this.activations;
    if (this.cursor.peek() === "[") return this.readList(name, start);
    if (this.cursor.peek() !== "{") return this.noSection(name);
    this.open(name, "0.6.1", start);
    this.cursor.object((tensor) => {
      this.count();
      const value = this.cursor.value();
      this.attempt(() => this.put(target, tensor, readEntry061(tensor, value), value));
    });
  }

  /** Of named entries. */
  private readList(name: "activation_encodings" | "param_encodings" | "encodings", start: number): void {
    if (this.cursor.peek() !== "[") return this.noSection(name);
    this.open(name, name === "encodings" ? "2.0.0" : "1.0.0", start);
    this.cursor.array((index) => {
      this.count();
      const value = this.cursor.value();
      this.attempt(() => {
        const fields = fieldsOf(value, `${name}[${index}]`);
        const tensor = fields.word("name");
        const named = new EntryFields(fields.fields, value, `the encoding of ${tensor}`);
        const entry = name === "encodings" ? readEntry200(named) : readEntry100(named);
        const isParam = name === "encodings" ? isParameterEntry(named) : name === "param_encodings";
        this.put(isParam ? this.params : this.activations, tensor, entry, value);
      });
    });
  }

  private noSection(name: string): never {
    const { start } = this.cursor.value();
    throw new EntryFault("encodings/bad-entry", `${name} is no list of encodings`, { start, end: start + 1 });
  }

  private open(section: string, version: SchemaVersion, start: number): void {
    const place = { start, end: start + section.length + 2 };
    if (this.form !== undefined && this.form.version !== version)
      throw new EntryFault(
        "encodings/version",
        `a section in the form of ${version}, beside one in that of ${this.form.version}`,
        place,
      );
    this.form ??= { version, place };
    this.sections.add(section);
  }

  private count(): void {
    if (++this.entries <= mostEntries) return;
    const start = this.cursor.at;
    throw new EntryFault("encodings/too-many", `more than ${mostEntries} encodings: no graph has as many tensors`, {
      start,
      end: start + 1,
    });
  }

  private put(target: Map<string, Entry>, name: string, entry: Encoding, { start, end }: Place): void {
    if (this.activations.has(name) || this.params.has(name))
      throw new EntryFault("encodings/duplicate", `${name} has two encodings`, { start, end });
    target.set(name, { entry, place: { start, end } });
  }

  private attempt(body: () => void): void {
    try {
      body();
    } catch (error) {
      if (!(error instanceof EntryFault)) throw error;
      this.faults.push(error);
      if (this.faults.length >= mostDiagnostics)
        throw new EntryFault(
          "encodings/more",
          `${mostDiagnostics} faults: the rest of the file was not read`,
          error.place,
        );
    }
  }
}

function fieldsOf(value: Placed, what: string): EntryFields {
  if (value.value instanceof Map) return new EntryFields(value.value as ReadonlyMap<string, Placed>, value, what);
  throw new EntryFault("encodings/bad-entry", `${what} is no object`, { start: value.start, end: value.start + 1 });
}

/** Without places. */
function plain({ value }: Placed): unknown {
  if (value instanceof Map) {
    const object: Record<string, unknown> = {};
    for (const [key, member] of value as ReadonlyMap<string, Placed>) setOwn(object, key, plain(member));
    return object;
  }
  if (Array.isArray(value))
    return value.map((item: number | Placed) => (typeof item === "number" ? item : plain(item)));
  return value;
}

/** `__proto__` is a key like others. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A diagnostic about a place in the file: with its line, where that is not endlessly long. */
export function faultAt(
  file: string,
  text: string,
  code: string,
  title: string,
  place: Place,
  hint?: string,
): Diagnostic {
  const more = hint === undefined ? {} : { hint };
  const isShort = lineEnd(text, place.start) - lineStart(text, place.start) <= shown.line;
  if (text.length <= shown.text && isShort) {
    // Of what goes on over lines the first is enough.
    const end = Math.max(place.start + 1, Math.min(place.end, lineEnd(text, place.start)));
    return inputError(code, title, { primary: { span: { file, start: place.start, end }, text: "" }, ...more });
  }
  const { line, column } = positionOf(lineTable(text), place.start);
  return inputError(code, title, { place: { file, detail: `line ${line}, column ${column}` }, ...more });
}

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
