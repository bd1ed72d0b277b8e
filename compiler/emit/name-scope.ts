/**
 * Names for the C++ variables of one function: short ones, from the end of the tensor's path, each used once.
 */
import { identifier } from "./cpp-text.ts";

/** Path components that say nothing by themselves. */
const vague = /^(weight|bias|constant|out|output|tmp|t|[0-9]+|t[0-9]+|from[0-9]+)$/;
/** What the other forms of a value end in: `k.2.heads.f`. In front of a step's number they are a name: `q.1`. */
const formEnding = /^(q|f|heads|flat|from|rows)$/;

export class NameScope {
  private readonly taken: Set<string>;

  constructor(reserved: readonly string[]) {
    this.taken = new Set(reserved);
  }

  /**
   * `blocks.{}.att.receptance.weight` -> `receptance_weight`, or a longer tail of the path where that is taken. `fallback` is
   * appended when no tail is free, `ending` always.
   */
  name(path: string, fallback: string, ending = ""): string {
    const parts = path.split(".").filter((part) => part !== "" && part !== "{}" && part !== "t[]");
    let from = parts.length - 1;
    while (from > 0 && formEnding.test(parts[from]!)) from--;
    while (from > 0 && vague.test(parts[from]!)) from--;
    const short = identifier([...parts.slice(Math.max(from, 0)), ...(ending === "" ? [] : [ending])].join("_"));
    if (this.take(short)) return short;
    if (from > 0 && fallback === "" && ending === "") {
      const long = identifier(parts.slice(from - 1).join("_"));
      if (this.take(long)) return long;
    }
    const base = fallback === "" ? short : `${short}_${fallback}`;
    if (this.take(base)) return base;
    for (let n = 2; ; n++) if (this.take(`${base}_${n}`)) return `${base}_${n}`;
  }

  private take(name: string): boolean {
    if (this.taken.has(name)) return false;
    this.taken.add(name);
    return true;
  }
}
