/** `rwkvc encodings`: files of encodings, held against a graph and a target, and in other schemas. */
import { Command } from "commander";

import { type Diagnostic, DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import type { WrittenVersion } from "../encodings/encodings-file.ts";
import type { GraphTensors } from "../encodings/graph-tensors.ts";
import type { LoadedEncodings } from "../encodings/load-encodings.ts";
import { findTarget, type Soc, targetNames } from "../targets/targets.ts";
import { BuildError } from "./build-model.ts";
import { type CommandLine, defineCommand, requireOption, runs } from "./command.ts";
import { choice } from "./flags.ts";
import { runFrontEnd } from "./front-end.ts";
import { checkOutputs } from "./output-files.ts";
import { parseSoc } from "./target-options.ts";
import { writeWhole } from "./write-whole.ts";

export function encodingsCommand(line: CommandLine): Command {
  const command = new Command("encodings").description("check and convert files of encodings");
  command.addCommand(lintCommand(line));
  command.addCommand(convertCommand(line));
  return command;
}

interface LintFlags {
  readonly spec?: string;
  readonly weights?: string;
  readonly target?: string;
  readonly soc?: string;
  readonly embedding: "graph" | "host";
}

/** The arch that most phones of today have. */
const defaultTarget = "htp-v75";

function lintCommand(line: CommandLine): Command {
  const command = defineCommand("lint", "name what HTP would refuse, and names of no tensor", [
    "rwkvc encodings lint encodings.json --target htp-v73",
    "rwkvc encodings lint encodings.json --spec specs/rwkv-7.rwkv.ts --weights model.pth",
  ])
    .argument("<file>", "encodings of schema 0.6.1, 1.0.0 or 2.0.0")
    .option("--target <name>", `the NPU: htp-v68 and newer (default: the SoC's, else ${defaultTarget})`)
    .option("--soc <name>", "the SoC, such as SM8650 (default: a typical one of the target)")
    .option("--spec <file>", "the model whose tensors it is for; needs --weights")
    .option("--weights <checkpoint>", "its checkpoint: .pth or .safetensors file, or random:SEED:PRESET")
    .option(
      "--embedding <place>",
      "graph or host, as for the build that it is for",
      choice("--embedding", ["graph", "host"] as const),
      "graph",
    );
  return runs(line, command, async (_session, flags: LintFlags, file: string) => {
    const { spec, weights } = flags;
    if ((spec === undefined) !== (weights === undefined)) {
      throw new DiagnosticError([
        usageError("usage/missing-option", "--spec and --weights go together: the graph's tensors follow from both", {
          hint:
            spec === undefined
              ? "add --spec SPEC, or leave --weights out"
              : "add --weights CHECKPOINT, or leave --spec out",
        }),
      ]);
    }
    const soc = lintSoc(flags);
    const { loadEncodings } = await import("../encodings/load-encodings.ts");
    const { lintEncodings } = await import("../encodings/lint-encodings.ts");
    let loaded = loadEncodings(file);
    const diagnostics: Diagnostic[] = [];
    let tensors: GraphTensors | undefined;
    if (spec !== undefined && weights !== undefined) {
      tensors = await tensorsOf(spec, weights, flags.embedding);
      const { sortByTensors } = await import("../encodings/graph-tensors.ts");
      const { checkNames } = await import("../encodings/check-names.ts");
      if (loaded.version === "2.0.0") loaded = sortByTensors(loaded, tensors);
      diagnostics.push(...checkNames(loaded, tensors));
    }
    diagnostics.push(...lintEncodings(loaded, soc, tensors));
    const counts = countsOf(loaded);
    return {
      json: { file, ...counts, soc: soc.name },
      listsDiagnostics: true,
      ...(diagnostics.length === 0 ? { text: describe(file, counts, `v${soc.arch}`) } : {}),
      diagnostics,
    };
  });
}

/** Diagnostics: usage/unknown-soc, usage/unknown-target, usage/soc-without-htp, usage/soc-contradicts-target. */
function lintSoc(flags: LintFlags): Soc {
  const soc = flags.soc === undefined ? undefined : parseSoc(flags.soc);
  const name = flags.target?.toLowerCase() ?? (soc ? `htp-v${soc.arch}` : defaultTarget);
  const target = findTarget(name);
  const fail = (code: string, title: string, hint: string): never => {
    throw new DiagnosticError([usageError(code, title, { hint })]);
  };
  if (!target) return fail("usage/unknown-target", `unknown target "${name}"`, `targets: ${targetNames.join(", ")}`);
  if (!target.soc)
    return fail(
      "usage/soc-without-htp",
      `${name} is no HTP: any encoding will do there`,
      `use --target ${defaultTarget}`,
    );
  if (soc && soc.arch !== target.soc.arch)
    return fail(
      "usage/soc-contradicts-target",
      `${soc.name} is v${soc.arch}, and the target is ${name}`,
      "leave one of them out",
    );
  return soc ?? target.soc;
}

/** Of the graph in the form of quantized builds. Diagnostics: those of the front end and of the compiler. */
async function tensorsOf(spec: string, weights: string, embedding: LintFlags["embedding"]): Promise<GraphTensors> {
  const { model, checkpoint, diagnostics, sources } = await runFrontEnd(spec, weights);
  try {
    if (!model) throw new BuildError(diagnostics, sources);
    const [{ compile }, { graphTensors }] = await Promise.all([
      import("../pipeline.ts"),
      import("../encodings/graph-tensors.ts"),
    ]);
    const fixed = { target: findTarget("host")!, precision: "fp32", form: "a16w8" } as const;
    const compiled = compile(model, { ...fixed, name: "lint", embedding, scaling: true });
    if (!compiled.value) throw new BuildError([...diagnostics, ...compiled.diagnostics], sources);
    return graphTensors(compiled.value.graphs);
  } finally {
    checkpoint?.close();
  }
}

interface Counts {
  readonly version: string;
  readonly activations: number;
  readonly params: number;
}

const countsOf = ({ version, encodings }: LoadedEncodings): Counts => ({
  ...{ version, activations: encodings.activations.size, params: encodings.params.size },
});

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

const describe = (file: string, { version, activations, params }: Counts, arch: string): string =>
  `${file}: schema ${version}, ${count(activations, "activation")} and ${count(params, "parameter")}, nothing that HTP ${arch} would refuse\n`;

function convertCommand(line: CommandLine): Command {
  const command = defineCommand("convert", "write encodings in another schema", [
    "rwkvc encodings convert model.encodings --to 1.0.0 --out encodings.json",
  ]).argument("<file>", "encodings of schema 0.6.1, 1.0.0 or 2.0.0");
  requireOption(command, "--to <schema>", "0.6.1 or 1.0.0");
  requireOption(command, "--out <file>", "the new file");
  return runs(line, command, async (_session, flags: { readonly to: string; readonly out: string }, file: string) => {
    const to = parseSchema(flags.to);
    const { out } = flags;
    checkOutputs([["--out", out]], { files: [file] });
    const { loadEncodings } = await import("../encodings/load-encodings.ts");
    const { writeEncodings } = await import("../encodings/write-encodings.ts");
    const loaded = loadEncodings(file);
    writeWhole(out, writeEncodings(to, loaded.encodings, loaded.extra));
    const counts = countsOf(loaded);
    return {
      json: { out, ...counts, version: to, from: counts.version },
      listsDiagnostics: true,
      text: `${out}: schema ${to}, ${counts.activations} activations and ${counts.params} parameters, from schema ${counts.version}\n`,
    };
  });
}

/** Diagnostics: usage/bad-value. */
function parseSchema(text: string): WrittenVersion {
  const written = ["0.6.1", "1.0.0"] as const;
  if (text !== "2.0.0") return choice("--to", written)(text);
  throw new DiagnosticError([
    usageError("usage/bad-value", `--to ${text}: files of that schema are read, and not written`, {
      hint: `write ${written.join(" or ")}`,
    }),
  ]);
}
