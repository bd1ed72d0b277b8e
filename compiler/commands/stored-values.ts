/**
 * Where an artefact has the values of a spec's equations. The spec may be another text than the artefact was built from (that is what
 * `verify` is to find out), so equations are found by part and name, and not by their lines.
 */
import { type CheckedModel, type CheckedPart, holds, type TypedEquation } from "../check/typed.ts";
import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import type { EquationEntry, EquationsJson, ValueEntry } from "../emit/equations.ts";
import type { StoredValue } from "../oracle/compare.ts";
import type { OpenArtefact } from "./model-run.ts";

const otherShapeHints = {
  verify: "give the checkpoint that the artefact was built from, or leave --artefact out",
  compare: "its equations.json is not that of its graph: build the artefact again",
};

export class StoredValues {
  private readonly values: ReadonlyMap<string, ValueEntry>;
  /** `timeMix.v#1`: the second equation that defines v. */
  private readonly keys: ReadonlyMap<TypedEquation, string>;

  /** `command` has its name in what it reports. Diagnostics of `of`: verify/other-shape, compare/other-shape. */
  constructor(
    private readonly model: CheckedModel,
    json: EquationsJson,
    private readonly artefact: OpenArtefact,
    private readonly command: keyof typeof otherShapeHints,
  ) {
    const graph = artefact.manifest.graphs.find(({ kind }) => kind === "decode")?.name;
    const keys = entryKeys(json.equations);
    const values = json.graphs.find(({ name }) => name === graph)?.values ?? [];
    this.values = new Map(values.map((value) => [`${keys[value.equation]} ${value.layer}`, value]));
    this.keys = equationKeys(model);
  }

  tensors(): readonly string[] {
    return [...new Set([...this.values.values()].map(({ tensor }) => tensor))];
  }

  of(equation: TypedEquation, layer: number | null): StoredValue | undefined {
    const value = this.values.get(`${this.keys.get(equation)} ${layer}`);
    if (value) this.checkShape(equation, value);
    return value;
  }

  private checkShape({ axes, span, target }: TypedEquation, value: ValueEntry): void {
    const shape = axes.map(({ dim }) => this.model.sizes.get(dim));
    if (shape.join() === value.shape.join()) return;
    throw new DiagnosticError([
      inputError(
        `${this.command}/other-shape`,
        `the artefact is of another model: \`${target.name}\` has another shape there`,
        {
          primary: { span, text: `[${shape.join(", ")}] here, [${value.shape.join(", ")}] in the artefact` },
          place: { file: this.artefact.folder, detail: value.tensor },
          hint: otherShapeHints[this.command],
        },
      ),
    ]);
  }
}

/** Definitions of the same name in one part are counted in the order of the spec. */
function entryKeys(entries: readonly EquationEntry[]): readonly string[] {
  const keys = new Array<string>(entries.length);
  const counts = new Map<string, number>();
  const order = entries.map((_, i) => i).sort((a, b) => entries[a]!.start - entries[b]!.start);
  for (const i of order) keys[i] = counted(`${entries[i]!.part}.${entries[i]!.name}`, counts);
  return keys;
}

function equationKeys(model: CheckedModel): ReadonlyMap<TypedEquation, string> {
  const layers = Array.from({ length: model.layerCount }, (_, layer) => layer);
  const ofPart = (part: CheckedPart): [TypedEquation, string][] => {
    const counts = new Map<string, number>();
    // One whose condition no layer meets is in no artefact.
    const active = part.equations.filter(({ condition }) => layers.some((layer) => holds(condition, layer)));
    return active.map((equation) => [equation, counted(`${part.name}.${equation.target.name}`, counts)]);
  };
  return new Map([model.embedding, ...model.parts, model.head].flatMap(ofPart));
}

function counted(name: string, counts: Map<string, number>): string {
  const count = counts.get(name) ?? 0;
  counts.set(name, count + 1);
  return `${name}#${count}`;
}
