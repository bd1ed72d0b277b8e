/** What `rwkv-run trace` wrote: float32 [tokens, rowValues], a row tensor after tensor; read tensor by tensor. */
import { closeSync, openSync, readSync } from "node:fs";
import { countOf } from "./tensor.ts";

/** The part of `rwkv-run trace`'s report that describes the file. */
export interface TraceReport {
  readonly tokens: number;
  /** Values of all tensors of one token. */
  readonly rowValues: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly dims: readonly number[];
    /** Place of the tensor's first value in a row. */
    readonly offset: number;
  }[];
}

export class TraceFile {
  private readonly file: number;
  private readonly places: ReadonlyMap<string, { readonly offset: number; readonly count: number }>;

  constructor(
    path: string,
    private readonly report: TraceReport,
  ) {
    this.places = new Map(report.tensors.map(({ name, dims, offset }) => [name, { offset, count: countOf(dims) }]));
    this.file = openSync(path, "r");
  }

  /** The tensor's values after the token at position `token`. */
  values(tensor: string, token: number): Float32Array {
    const place = this.places.get(tensor);
    if (!place) throw new Error(`the trace has no tensor ${tensor}`);
    const values = new Float32Array(place.count);
    const at = 4 * (token * this.report.rowValues + place.offset);
    const read = readSync(this.file, new Uint8Array(values.buffer), 0, values.byteLength, at);
    if (read !== values.byteLength) throw new Error(`the trace ends inside ${tensor} of token ${token}`);
    return values;
  }

  close(): void {
    closeSync(this.file);
  }
}
