/** Policies that a command has found, put into the user's spec. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { specsFolder } from "../build/project-paths.ts";
import { readSpecText } from "../build/spec-text.ts";
import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import { specName } from "../frontend/spec-file.ts";
import { policiesOf, type Policy, policyText, type Precision } from "../ranges/policy.ts";

type Policies = readonly (Policy | Precision)[];

/** The command's name, which begins its diagnostics' codes. */
export type Writer = "ranges" | "sensitivity";

/**
 * Everybody's models extend the bundled specs: they are not changed for one checkpoint. `again`: the command line that writes into
 * another one. Diagnostics: COMMAND/bundled-spec.
 */
export function ownSpec(file: string, command: Writer, again: string): string {
  if (dirname(resolve(file)) !== resolve(specsFolder)) return file;
  throw new DiagnosticError([
    inputError(`${command}/bundled-spec`, `${file} comes with rwkvc and is not written into`, {
      place: { file },
      hint: `\`rwkvc new my-model --from ${specName(file)}\`, then \`${again} --write my-model.rwkv.ts\``,
    }),
  ]);
}

/** `change` gives all policies that the spec is to have, from those that it has. Diagnostics: COMMAND/cannot-write. */
export async function writeToSpec(
  file: string,
  command: Writer,
  change: (present: Policies) => Policies,
): Promise<void> {
  const { writePolicies } = await import("../ranges/write-policies.ts");
  const { readSpec } = await import("../frontend/read-spec.ts");
  const readPolicies = (text: string): Policies | undefined => {
    const { value, diagnostics } = readSpec(file, (path) => (path === file ? text : readSpecText(path)));
    return diagnostics.length === 0 && value ? policiesOf(value) : undefined;
  };
  const text = readFileSync(file, "utf8");
  const wanted = change(readPolicies(text) ?? []);
  const attempt = writePolicies(text, wanted, readPolicies);
  const written =
    "text" in attempt && !isSame(readPolicies(attempt.text), wanted)
      ? { problem: "it would not be read as it should then" }
      : attempt;
  if ("problem" in written) {
    throw new DiagnosticError([
      inputError(`${command}/cannot-write`, `the policies cannot be written into ${file}: ${written.problem}`, {
        place: { file },
        hint: `put them in by hand: policies: [${wanted.map((policy) => policyText(policy)).join(", ")}]`,
      }),
    ]);
  }
  writeFileSync(file, written.text);
}

export const isPrecision = (policy: Policy | Precision): policy is Precision =>
  policy.kind === "keepFloat" || policy.kind === "quantize";

/** Of policies about precision the last one counts, so that their order does. */
function isSame(found: Policies | undefined, wanted: Policies): boolean {
  const scaling = (list: Policies): string[] =>
    list
      .filter((p) => !isPrecision(p))
      .map((p) => policyText(p))
      .sort();
  const precision = (list: Policies): string[] => list.filter(isPrecision).map((p) => policyText(p));
  const text = (list: Policies): string => JSON.stringify([scaling(list), precision(list)]);
  return found !== undefined && text(found) === text(wanted);
}
