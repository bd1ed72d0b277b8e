/**
 * That every name has exactly one value in every layer. Conditions speak of the layer only, so it is enough to walk the
 * equations as they are active in a few layers: the first, and those around every number that a condition mentions.
 * Carried values pass from layer to layer on that walk.
 *
 * Diagnostics: `name/duplicate`, `name/not-in-every-layer`, `state/not-updated`, `state/updated-twice`,
 * `spec/not-set`, and the warnings `name/unused-weight`, `name/unused-value`, `dim/unused`.
 */
import { type Diagnostic, inputError, inputWarning, type Span } from "../diagnostics/diagnostic.ts";
import type { EquationAst, PartAst, SpecAst } from "../frontend/ast.ts";
import { holds } from "./typed.ts";
import { equationsOf, namesOf } from "./walk-names.ts";

type Report = (diagnostic: Diagnostic) => void;

/** Layers in which the set of active equations differs, with the ones around: enough to see every case. */
export function representativeLayers(spec: SpecAst): number[] {
  const layers = new Set([0, 1]);
  for (const equation of spec.layers.parts.flatMap(equationsOf)) {
    const layer = equation.condition?.layer.value;
    if (layer === undefined || !Number.isInteger(layer)) continue;
    for (const near of [layer - 1, layer, layer + 1]) if (near >= 0) layers.add(near);
  }
  return [...layers].sort((a, b) => a - b);
}

export function isActive({ condition }: EquationAst, layer: number): boolean {
  return !condition || holds({ op: condition.op, layer: condition.layer.value, span: condition.span }, layer);
}

export function checkDefinitions(spec: SpecAst, reportTo: Report): void {
  const said = new Set<string>();
  const report = (diagnostic: Diagnostic): void => {
    // What goes wrong in layer 3 goes wrong in layer 4: the first is enough.
    const { span } = diagnostic.primary!;
    const key = `${diagnostic.code} ${span.file} ${span.start}`;
    if (!said.has(key)) reportTo(diagnostic);
    said.add(key);
  };
  const carried = new Map<string, Span>();
  const doubtful = doubtfulCarries(spec);
  const walk = (part: PartAst, layer: number | undefined): void =>
    walkPart(part, layer, carried, doubtful, spec, report);
  walk(spec.embedding, undefined);
  const isCarried = spec.carries.some((carry) => carry.name.value === "x");
  if (
    isCarried &&
    !carried.has("x") &&
    !doubtful.has("x") &&
    spec.embedding.equations.every((e) => e.kind === "equation" || e.targets.length > 0)
  ) {
    report(
      inputError("spec/not-set", "the embedding does not set `x`", {
        primary: { span: spec.embedding.name.span, text: "has no equation `x = ...`" },
      }),
    );
    carried.set("x", spec.embedding.span);
  }
  for (const layer of representativeLayers(spec)) for (const part of spec.layers.parts) walk(part, layer);
  walk(spec.head, undefined);
  const isSet = spec.head.equations.some((e) =>
    e.kind === "broken" ? e.targets.length === 0 || e.targets.includes("logits") : e.target.name.value === "logits",
  );
  if (!isSet) {
    report(
      inputError("spec/not-set", "the head does not set `logits`", {
        primary: { span: spec.head.name.span, text: "has no equation `logits = ...`" },
      }),
    );
  }
  for (const part of [spec.embedding, ...spec.layers.parts, spec.head]) warnUnused(part, spec, report);
  warnUnusedDims(spec, report);
}

/** Carries that a line sets which could not be parsed. */
function doubtfulCarries(spec: SpecAst): Set<string> {
  const parts = [spec.embedding, ...spec.layers.parts, spec.head];
  const names = parts.flatMap((part) => part.equations.flatMap((e) => (e.kind === "broken" ? e.targets : [])));
  const isOpaque = parts.some(
    (part) => part.hasGaps || part.equations.some((e) => e.kind === "broken" && e.targets.length === 0),
  );
  return new Set(isOpaque ? [...names, ...spec.carries.map((carry) => carry.name.value)] : names);
}

function walkPart(
  part: PartAst,
  layer: number | undefined,
  carried: Map<string, Span>,
  doubtfulCarried: ReadonlySet<string>,
  spec: SpecAst,
  report: Report,
): void {
  const carries = new Set(spec.carries.map((carry) => carry.name.value));
  const states = new Set(part.states.map((state) => state.name.value));
  const defined = new Map<string, Span>();
  const updated = new Map<string, Span>();
  const broken = brokenNames(part);
  /** Names that an equation further up defines in some layer. */
  const sometimes = new Set<string>();
  for (const equation of equationsOf(part)) {
    const { target } = equation;
    const name = target.name.value;
    const key = target.primed ? `${name}'` : name;
    const active = layer === undefined || isActive(equation, layer);
    if (active) {
      for (const use of namesOf(equation)) {
        if (use.use === "shift") update(use.name, use.span);
        else checkRead(use.primed ? `${use.name}'` : use.name, use.span);
      }
    }
    if (target.primed) {
      if (active) update(name, target.span);
      if (active) defined.set(key, target.span);
    } else if (carries.has(name)) {
      if (active) carried.set(name, target.span);
    } else if (active) {
      const earlier = defined.get(key);
      if (earlier) reportTwice(name, target.span, earlier, equation);
      defined.set(key, target.span);
    }
    sometimes.add(key);
  }
  for (const { name, span } of part.states) {
    const isBroken = broken.has(`${name.value}'`) || broken.has("*");
    if (!updated.has(name.value) && !isBroken) {
      report(
        inputError("state/not-updated", `the state \`${name.value}\` is not updated${inLayer()}`, {
          primary: { span, text: "declared here" },
          hint: `give its next value, \`${name.value}' = ...\`, or keep a value with shift(value, ${name.value})`,
        }),
      );
    }
  }

  function inLayer(): string {
    const hasConditions = part.equations.some((e) => e.kind === "equation" && e.condition);
    return layer !== undefined && hasConditions ? ` in layer ${layer}` : "";
  }

  function update(name: string, span: Span): void {
    const earlier = updated.get(name);
    updated.set(name, span);
    if (!earlier || !states.has(name)) return;
    report(
      inputError("state/updated-twice", `the state \`${name}\` is updated twice${inLayer()}`, {
        primary: { span, text: "again here" },
        secondary: [{ span: earlier, text: "first here" }],
        hint: "a state has one next value; `shift(value, state)` gives it one as well",
      }),
    );
  }

  function checkRead(key: string, span: Span): void {
    if (broken.has(key) || broken.has("*")) return;
    if (carries.has(key)) {
      if (carried.has(key) || doubtfulCarried.has(key)) return;
      report(
        inputError(
          "name/not-in-every-layer",
          `\`${key}\` has no value yet${layer === undefined ? "" : ` in layer ${layer}`}`,
          {
            primary: { span, text: "read here" },
            secondary: spec.carries.flatMap(({ name }) =>
              name.value === key ? [{ span: name.span, text: "carried from part to part" }] : [],
            ),
            hint: "set it in an earlier part or layer, or read it only `when layer > 0`",
          },
        ),
      );
      carried.set(key, span);
    } else if (sometimes.has(key) && !defined.has(key)) {
      report(
        inputError("name/not-in-every-layer", `\`${key}\` has no value${inLayer()}`, {
          primary: { span, text: "read here" },
          secondary: equationsOf(part).flatMap(({ target, condition }) =>
            condition && (target.primed ? `${target.name.value}'` : target.name.value) === key
              ? [{ span: condition.span, text: `\`${key}\` is defined under this condition` }]
              : [],
          ),
          hint: "conditions on the layer must leave no layer out",
        }),
      );
      defined.set(key, span);
    }
  }

  function reportTwice(name: string, span: Span, earlier: Span, { condition }: EquationAst): void {
    const isOverlap = condition !== undefined || layer !== undefined;
    report(
      inputError("name/duplicate", `\`${name}\` is defined twice${isOverlap ? inLayer() : ""}`, {
        primary: { span, text: "again here" },
        secondary: [{ span: earlier, text: "first here" }],
        hint: condition ? "conditions on the layer must not overlap" : "give the second value a name of its own",
      }),
    );
  }
}

/** Names that a line defines which could not be parsed; `*` if that cannot be told. */
function brokenNames(part: PartAst): Set<string> {
  const names = new Set<string>(part.hasGaps ? ["*"] : []);
  for (const equation of part.equations) {
    if (equation.kind !== "broken") continue;
    // A line that cannot be parsed may have held a shift.
    for (const state of part.states) names.add(`${state.name.value}'`);
    for (const target of equation.targets.length > 0 ? equation.targets : ["*"]) names.add(target);
  }
  return names;
}

function warnUnused(part: PartAst, spec: SpecAst, report: Report): void {
  if (part.hasGaps || part.equations.some((equation) => equation.kind === "broken")) return;
  const equations = equationsOf(part);
  const used = new Set(equations.flatMap((equation) => namesOf(equation).map((use) => use.name)));
  for (const { name, span } of part.weights) {
    if (used.has(name.value)) continue;
    report(
      inputWarning("name/unused-weight", `the weight \`${name.value}\` is not used`, {
        primary: { span: name.span.file === span.file ? name.span : span, text: "declared here" },
      }),
    );
  }
  const carries = new Set(["logits", ...spec.carries.map((carry) => carry.name.value)]);
  const warned = new Set<string>();
  for (const { target } of equations) {
    const name = target.name.value;
    if (target.primed || used.has(name) || carries.has(name) || warned.has(name)) continue;
    warned.add(name);
    report(
      inputWarning("name/unused-value", `the value \`${name}\` is not used`, {
        primary: { span: target.span, text: "computed here" },
      }),
    );
  }
}

function warnUnusedDims(spec: SpecAst, report: Report): void {
  if (!spec.complete) return;
  const parts = [spec.embedding, ...spec.layers.parts, spec.head];
  const shapes = [
    ...spec.carries.map((carry) => carry.shape),
    ...spec.dims.flatMap((dim) => dim.factors ?? []),
    ...parts.flatMap((part) => [...part.weights, ...part.states].map((declared) => declared.shape)),
    ...parts.flatMap((part) => equationsOf(part).flatMap((equation) => equation.ascription ?? [])),
  ];
  const used = new Set([spec.layers.count.value, ...shapes.flatMap((shape) => shape.axes.map((axis) => axis.value))]);
  for (const { name } of spec.dims) {
    if (used.has(name.value)) continue;
    report(
      inputWarning("dim/unused", `the dimension \`${name.value}\` is not used`, {
        primary: { span: name.span, text: "declared here" },
      }),
    );
  }
}
