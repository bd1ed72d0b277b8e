/**
 * From a name in an equation to what it stands for. Diagnostics: `name/undefined`, `name/reserved`, `equation/norm-pair`,
 * `equation/function-value`, `state/undeclared`, `state/not-yet`.
 */
import { inputError, type Span } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { functionNames } from "./builtins.ts";
import type { Dims, PartScope } from "./scope.ts";
import type { Reference } from "./typed.ts";

export interface Resolved {
  readonly ref: Reference;
  readonly dims: Dims;
}

/** Undefined: unknown or of unknown type; said already. */
export function resolveName(name: string, primed: boolean, span: Span, scope: PartScope): Resolved | undefined {
  if (scope.doubtful.has(primed ? `${name}'` : name)) return undefined;
  if (primed) return resolveNextState(name, span, scope);
  const local = scope.locals.get(name);
  if (local) return local.dims && { ref: local.ref, dims: local.dims };
  const declared = scope.weightAsts.get(name);
  if (declared?.kind === "norm") {
    scope.model.report(
      inputError("equation/norm-pair", `\`${name}\` is the weight and bias of a norm`, {
        primary: { span, text: "not a value" },
        secondary: [{ span: declared.span, text: "declared here" }],
        hint: `give it to a norm: layer_norm(x, ${name})`,
      }),
    );
    return undefined;
  }
  if (declared) {
    const weight = scope.weights.get(name);
    return weight && { ref: { kind: "weight", name }, dims: weight.shape };
  }
  const state = scope.states.get(name);
  if (state) return state.shape && { ref: { kind: "state", name }, dims: state.shape };
  const carry = scope.model.carries.get(name);
  if (carry) return carry.dims && { ref: { kind: "carry", name }, dims: carry.dims };
  if (scope.isOpaque) return undefined;
  if (name === "token" || name === "layer") {
    scope.model.report(
      inputError("name/reserved", `\`${name}\` is not a value`, {
        primary: { span, text: name === "token" ? "stands only in brackets" : "stands only in `when layer == 0`" },
        hint: name === "token" ? "the row of a table is written `emb[token]`" : undefined,
      }),
    );
    return undefined;
  }
  if (functionNames.includes(name)) {
    scope.model.report(
      inputError("equation/function-value", `\`${name}\` is a function`, {
        primary: { span, text: "needs its arguments" },
        hint: `write \`${name}(...)\``,
      }),
    );
    return undefined;
  }
  reportUndefined(name, span, scope);
  return undefined;
}

function resolveNextState(name: string, span: Span, scope: PartScope): Resolved | undefined {
  const state = scope.states.get(name);
  const shift = scope.shifted.get(name);
  if (!state) {
    if (scope.isOpaque) return undefined;
    scope.model.report(
      inputError("state/undeclared", `\`${name}'\` is not a state`, {
        primary: { span, text: "a prime means the next value of a state" },
        hint: scope.model.carries.has(name)
          ? `\`${name}\` is a carried value: \`${name} = ...\` changes it for what follows`
          : (didYouMean(name, scope.states.keys()) ?? `declare it: state: { ${name}: "..." }`),
      }),
    );
    return undefined;
  }
  if (scope.nextStates.has(name)) return state.shape && { ref: { kind: "nextState", name }, dims: state.shape };
  const later = scope.definitions.get(`${name}'`);
  if (scope.isOpaque && !later && !shift) return undefined;
  scope.model.report(
    inputError("state/not-yet", `\`${name}'\` is not known at this point`, {
      primary: { span, text: shift ? "a shift updates it without an equation" : "no equation above gives it" },
      secondary: [
        ...(shift ? [{ span: shift, text: `its next value is what is shifted here` }] : []),
        ...(later ? [{ span: later, text: "it is given here" }] : []),
      ],
      hint: later ? "move that equation up" : undefined,
    }),
  );
  scope.doubtful.add(`${name}'`);
  return undefined;
}

function reportUndefined(name: string, span: Span, scope: PartScope): void {
  const later = scope.definitions.get(name);
  const known = [
    ...scope.locals.keys(),
    ...scope.weightAsts.keys(),
    ...scope.states.keys(),
    ...scope.model.carries.keys(),
  ];
  const dim = scope.model.dims.get(name);
  scope.model.report(
    inputError("name/undefined", `\`${name}\` is not defined${later ? " yet" : ""}`, {
      primary: {
        span,
        text: later ? "used here, above its equation" : `no weight, state or value of ${scope.part.name.value}`,
      },
      secondary: [
        ...(later ? [{ span: later, text: "defined here" }] : []),
        ...(dim ? [{ span: dim.span, text: "this is a dimension, not a value" }] : []),
      ],
      hint: later ? "equations are computed from top to bottom" : didYouMean(name, known),
    }),
  );
  // Once is enough.
  scope.doubtful.add(name);
}
