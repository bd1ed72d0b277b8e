/** --target, --soc and --precision, checked against each other and against the table of SoCs. */
import { DiagnosticError, type Diagnostic, unsupportedError, usageError } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import {
  findSoc,
  findTarget,
  type Precision,
  precisions,
  type Soc,
  socs,
  type Target,
  targetNames,
} from "../targets/targets.ts";

export interface TargetFlags {
  readonly target?: string;
  readonly soc?: string;
  readonly precision?: string;
}

export interface ChosenTarget {
  readonly target: Target;
  readonly precision: Precision;
}

export const defaultTarget = "host";

/**
 * Without --target, the SoC's architecture decides, else `host`. Diagnostics (DiagnosticError): usage/unknown-target,
 * usage/unknown-soc, usage/soc-contradicts-target, usage/soc-without-fp16, usage/precision, target/not-yet,
 * precision/not-yet.
 */
export function chooseTarget(flags: TargetFlags): ChosenTarget {
  const soc = flags.soc === undefined ? undefined : parseSoc(flags.soc);
  const name = flags.target?.toLowerCase() ?? (soc ? `htp-v${soc.arch}` : defaultTarget);
  const known = findTarget(name);
  if (!known) throw new DiagnosticError([unknownTarget(flags.target ?? name)]);
  refuseUnsupportedTarget(known);
  if (soc && known.backend !== "htp")
    fail("usage/soc-without-htp", `--soc is for htp targets, and the target is ${name}`);
  if (soc && name !== `htp-v${soc.arch}`) {
    fail(
      "usage/soc-contradicts-target",
      `${soc.name} has the HTP architecture v${soc.arch}, and the target is ${name}`,
      {
        hint: `use --target htp-v${soc.arch}, or leave --target out`,
      },
    );
  }
  const target: Target = soc ? { ...known, soc } : known;
  return { target, precision: choosePrecision(target, flags.precision) };
}

export function parseSoc(name: string): Soc {
  const soc = findSoc(name.trim());
  if (soc) return soc;
  const nearest = nearestSocs(name);
  return fail("usage/unknown-soc", `unknown SoC "${name}"`, {
    notes: [`Known: ${socs.map((known) => known.name).join(", ")}.`],
    hint: nearest.length > 0 ? `the nearest known ones are ${nearest.join(", ")}` : undefined,
  });
}

/** Up to four known names: those that share the name's digits or most of its letters first. */
function nearestSocs(name: string): string[] {
  const wanted = name.toUpperCase();
  const digits = /\d+/.exec(wanted)?.[0] ?? "";
  const left = socs.map((soc) => soc.name);
  const found = left.filter((known) => digits !== "" && known.includes(digits)).slice(0, 4);
  while (found.length < 4) {
    const next = suggest(
      wanted,
      left.filter((known) => !found.includes(known)),
    );
    if (next === undefined) return found;
    found.push(next);
  }
  return found;
}

function unknownTarget(name: string): Diagnostic {
  const nearest = suggest(name, targetNames);
  return usageError("usage/unknown-target", `unknown target "${name}"`, {
    notes: [`Targets: ${targetNames.join(", ")}.`],
    hint: nearest === undefined ? undefined : `did you mean \`${nearest}\`?`,
  });
}

function refuseUnsupportedTarget(target: Target): void {
  if (target.backend === "gpu") {
    throw new DiagnosticError([
      unsupportedError("target/not-yet", "graphs for the QNN GPU backend are not supported yet", {
        notes: ["Qualcomm's GPU library does not run on a PC, so that nothing could check such a build."],
        hint: "use --target host, qnn-cpu or an htp target",
      }),
    ]);
  }
}

function choosePrecision(target: Target, text: string | undefined): Precision {
  const precision = text === undefined ? (target.backend === "htp" ? "fp16" : "fp32") : parsePrecision(text);
  if (target.backend === "htp" && precision === "fp32") {
    fail("usage/precision", "HTP computes in float16: there is no fp32 build for it", {
      hint: "use --precision fp16, or --target host for a float32 reference",
    });
  }
  if (target.backend === "cpu" && precision !== "fp32") {
    throw new DiagnosticError([
      unsupportedError("precision/not-yet", "the QNN CPU backend computes in float32 only", {
        notes: ["Qualcomm's CPU library refuses float16 graphs, and has no 16-bit integer activations."],
        hint: `use --precision fp32, or --target host or an htp target for ${precision}`,
      }),
    ]);
  }
  if (target.soc && precision !== "fp32" && !target.soc.fp16) {
    const able = socs.filter((soc) => soc.fp16 && soc.arch === target.soc!.arch).map((soc) => soc.name);
    fail(
      "usage/soc-without-fp16",
      `${target.soc.name} has no float16 on its HTP, and the recurrence needs it in every precision`,
      {
        notes: able.length > 0 ? [`SoCs of v${target.soc.arch} with float16: ${able.join(", ")}.`] : [],
        hint: "choose a SoC with float16 (most of v69 and newer have it)",
      },
    );
  }
  return precision;
}

/** Accepts the field's spellings: fp16, float16; a16w8, w8a16, 16a8w; fp16w8, w8fp16, a16fw8, ... */
export function parsePrecision(text: string): Precision {
  const name = text.toLowerCase().replace(/[-_\s]/g, "");
  if (["fp32", "float32", "f32"].includes(name)) return "fp32";
  if (["fp16", "float16", "f16"].includes(name)) return "fp16";
  const weightOnly = /^(?:a16f|fp16|f16|float16)w([48])$/.exec(name) ?? /^w([48])(?:a16f|afp16|fp16|f16)$/.exec(name);
  if (weightOnly) return weightOnly[1] === "8" ? "fp16w8" : "fp16w4";
  const widths = /^a(\d+)w(\d+)$/.exec(name) ?? /^(\d+)a(\d+)w$/.exec(name);
  const swapped = /^w(\d+)a(\d+)$/.exec(name) ?? /^(\d+)w(\d+)a$/.exec(name);
  const [activations, weights] = widths ? [widths[1], widths[2]] : swapped ? [swapped[2], swapped[1]] : [];
  if (activations === "16" && weights === "8") return "a16w8";
  if (activations === "16" && weights === "4") return "a16w4";
  const nearest = suggest(name, precisions);
  return fail("usage/precision", `unknown precision "${text}"`, {
    notes: [precisionsText],
    hint: nearest === undefined ? undefined : `did you mean \`${nearest}\`?`,
  });
}

const precisionsText =
  "Precisions: fp32 (host, qnn-cpu); fp16, a16w8 and a16w4 (16-bit integer activations), fp16w8 and fp16w4 (float16 ones) (host, htp).";

function fail(code: string, title: string, details: { notes?: string[]; hint?: string | undefined } = {}): never {
  throw new DiagnosticError([usageError(code, title, details)]);
}

const chunksHint =
  "leave it out; of what fits the HTP's 3.5 GiB, fp16 models are up to about 1.5B, ones of 8 bits twice and of 4 bits four times as large";

/** Flags of the contract that no build knows yet. */
export function refuseUnsupportedFlags(flags: { chunks?: unknown }): void {
  const found: Diagnostic[] = [];
  const add = (flag: string, what: string, hint: string): void => {
    found.push(unsupportedError("flag/not-yet", `${flag} is not supported yet: ${what}`, { hint }));
  };
  if (flags.chunks !== undefined) {
    add("--chunks", "a model is one graph", chunksHint);
  }
  if (found.length > 0) throw new DiagnosticError(found);
}
