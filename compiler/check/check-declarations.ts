/**
 * What a spec declares: dimensions and their factors, carried values, weights and states with their shapes.
 *
 * Diagnostics: `dim/undefined`, `dim/circular`, `dim/layers`, `name/reserved`, `name/duplicate`, `spec/prefix`,
 * `spec/part-name`, `spec/no-hidden-state`.
 */
import { type Diagnostic, inputError } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { Located, PartAst, ShapeAst, SpecAst } from "../frontend/ast.ts";
import { functionNames } from "./builtins.ts";
import { chooseTensor } from "./choose-tensor.ts";
import type { CheckpointTensors } from "./resolve-dims.ts";
import type { CarryDeclaration, DimDeclaration, Dims, ModelScope, PartScope } from "./scope.ts";
import type { CheckedWeight } from "./typed.ts";

type Report = (diagnostic: Diagnostic) => void;

export function openModel(spec: SpecAst, checkpoint: CheckpointTensors | undefined, report: Report): ModelScope {
  const { hasGaps } = spec;
  const dims = declareDims(spec, report);
  const count = spec.layers.count;
  if (!dims.has(count.value) && !hasGaps) report(undefinedDim(count, dims));
  const carries = new Map<string, CarryDeclaration>();
  const model: ModelScope = {
    dims,
    carries,
    layerDim: count.value,
    hasGaps,
    checkpoint,
    usedDims: new Set(),
    report,
    tables: [],
    constantIndices: [],
  };
  for (const { name, shape } of spec.carries) {
    if (isReserved(name.value) || name.value === "logits") report(reserved(name));
    else carries.set(name.value, { dims: readShape(shape, model), span: { ...name.span, end: shape.span.end } });
  }
  if (!carries.has("x") && spec.complete) {
    report(
      inputError("spec/no-hidden-state", "the hidden state `x` is not carried", {
        primary: { span: frameWord(spec), text: "carry has no `x`" },
        hint: 'write carry: { x: "D" }',
      }),
    );
  }
  checkLayers(spec, report);
  return model;
}

/** The word that makes the spec: `model` or `extend`. */
function frameWord({ span, sources }: SpecAst): SpecAst["span"] {
  const word = /^\w*/.exec((sources.get(span.file) ?? "").slice(span.start))![0];
  return { ...span, end: span.start + word.length };
}

/** Weights and states of a part, by short name. Those of unknown shape are left out, or undefined. */
export function declarePart(
  part: PartAst,
  prefix: string | undefined,
  model: ModelScope,
): { readonly weights: Map<string, CheckedWeight>; readonly states: PartScope["states"] } {
  const weights = new Map<string, CheckedWeight>();
  const states = new Map<string, { name: string; shape: Dims | undefined; initial: number; span: SpecAst["span"] }>();
  const seen = new Map<string, Located<string>>();
  const claim = (name: Located<string>): void => {
    const earlier = seen.get(name.value);
    const carry = model.carries.get(name.value);
    if (isReserved(name.value)) model.report(reserved(name));
    else if (earlier ?? carry) {
      model.report(
        inputError("name/duplicate", `\`${name.value}\` has two meanings in ${part.name.value}`, {
          primary: { span: name.span, text: "declared again here" },
          secondary: [{ span: (earlier ?? carry)!.span, text: earlier ? "declared here" : "a carried value" }],
          hint: "short names are free: choose another one here",
        }),
      );
    }
    seen.set(name.value, name);
  };
  for (const { kind, name, tensor, shape, span } of part.weights) {
    claim(name);
    const dims = readShape(shape, model);
    const endings = kind === "norm" ? [".weight", ".bias"] : [""];
    const full = chooseTensor({ declared: tensor, prefix, ending: endings[0]! }, model);
    if (dims)
      for (const ending of endings) weights.set(name.value + ending, { tensor: full + ending, shape: dims, span });
  }
  for (const { name, shape, initial, span } of part.states) {
    claim(name);
    states.set(name.value, { name: name.value, shape: readShape(shape, model), initial, span });
  }
  return { weights, states: states as PartScope["states"] };
}

/** Dimension names of a shape; undefined after a report. */
export function readShape(shape: ShapeAst, { dims, report, hasGaps, usedDims }: ModelScope): Dims | undefined {
  const unknown = shape.axes.filter((axis) => !dims.has(axis.value));
  for (const axis of hasGaps ? [] : unknown) report(undefinedDim(axis, dims));
  shape.axes.forEach((axis) => usedDims.add(axis.value));
  return unknown.length === 0 ? shape.axes.map((axis) => axis.value) : undefined;
}

function declareDims(spec: SpecAst, report: Report): ReadonlyMap<string, DimDeclaration> {
  const declared = new Map(spec.dims.map((dim) => [dim.name.value, dim]));
  const dims = new Map<string, DimDeclaration>();
  for (const { name, factors } of spec.dims) {
    const unknown = factors?.axes.find((axis) => !declared.has(axis.value));
    if (unknown && !spec.hasGaps) report(undefinedDim(unknown, declared));
    const isCircular = !unknown && factors !== undefined && reaches(name.value, name.value, []);
    if (isCircular) {
      report(
        inputError("dim/circular", `\`${name.value}\` is a factor of itself`, {
          primary: { span: factors.span, text: "leads back to the same dimension" },
        }),
      );
    }
    const usable = factors && !unknown && !isCircular && factors.axes.length > 0;
    dims.set(name.value, { factors: usable ? factors.axes.map((axis) => axis.value) : null, span: name.span });
  }
  return dims;

  function reaches(from: string, to: string, path: readonly string[]): boolean {
    const factors = declared.get(from)?.factors?.axes ?? [];
    if (path.includes(from)) return false;
    return factors.some((axis) => axis.value === to || reaches(axis.value, to, [...path, from]));
  }
}

function checkLayers({ layers, embedding, head }: SpecAst, report: Report): void {
  if (layers.prefix.value.split("{layer}").length !== 2) {
    report(
      inputError("spec/prefix", "the prefix of a layer's tensors must say where the number stands", {
        primary: { span: layers.prefix.span, text: "needs `{layer}` once" },
        hint: 'write "blocks.{layer}"',
      }),
    );
  }
  const seen = new Map<string, Located<string>>();
  for (const { name } of [embedding, ...layers.parts, head]) {
    const earlier = seen.get(name.value);
    if (earlier) {
      report(
        inputError("name/duplicate", `there are two parts called \`${name.value}\``, {
          primary: { span: name.span, text: "again here" },
          secondary: [{ span: earlier.span, text: "first here" }],
          hint: 'give one of them another name: block("name", { ... })',
        }),
      );
    } else if (!/^[A-Za-z_]\w*$/.test(name.value)) {
      report(
        inputError("spec/part-name", `\`${name.value}\` cannot be the name of a part`, {
          primary: { span: name.span, text: "not a letter followed by letters, digits and _" },
        }),
      );
    }
    seen.set(name.value, name);
  }
}

const isReserved = (name: string): boolean => ["token", "layer", "when", ...functionNames].includes(name);

function reserved({ value, span }: Located<string>): Diagnostic {
  return inputError("name/reserved", `\`${value}\` cannot be declared`, {
    primary: { span, text: "has a meaning of its own in equations" },
    hint: "choose another short name",
  });
}

function undefinedDim({ value, span }: Located<string>, known: ReadonlyMap<string, unknown>): Diagnostic {
  return inputError("dim/undefined", `there is no dimension \`${value}\``, {
    primary: { span, text: "not declared in dims" },
    hint: didYouMean(value, known.keys()) ?? `known are ${[...known.keys()].join(", ")}`,
  });
}
