/** Reads and checks a spec: the two first stages as one, which is what every command begins with. */
import { type CheckpointTensors } from "./check/resolve-dims.ts";
import { checkSpec } from "./check/check-spec.ts";
import type { CheckedModel } from "./check/typed.ts";
import { distinctDiagnostics } from "./diagnostics/collect.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import { readSpec } from "./frontend/read-spec.ts";

export interface LoadedSpec {
  /** Undefined if there are errors. */
  readonly model: CheckedModel | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of every file that was read, for showing the diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Pure: files come through `readFile`, which gives undefined for a file that is not there. */
export function loadSpec(
  path: string,
  readFile: (path: string) => string | undefined,
  checkpoint?: CheckpointTensors,
): LoadedSpec {
  const read = readSpec(path, readFile);
  const checked = read.value && checkSpec(read.value, checkpoint);
  return {
    model: checked?.value,
    diagnostics: distinctDiagnostics([...read.diagnostics, ...(checked?.diagnostics ?? [])]),
    sources: read.sources,
  };
}
