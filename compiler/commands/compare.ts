/** `rwkvc compare`: two builds of one model on one text, equation by equation. */
import type { Command } from "commander";

import { backendNames } from "./backends.ts";
import { type CommandLine, defineCommand, requireOption, runs } from "./command.ts";
import type { CompareFlags } from "./compare-artefacts.ts";
import { choice, integer } from "./flags.ts";
import { tokenizerOption } from "./tokenizer.ts";

export function compareCommand(line: CommandLine): Command {
  const backend = (which: "a" | "b") =>
    [
      `--backend-${which} <name>`,
      `what runs the ${which === "a" ? "first" : "second"}: ${backendNames.join(", ")} (default: host)`,
      choice(`--backend-${which}`, backendNames),
    ] as const;
  const command = defineCommand("compare", "what a build loses against another one, equation by equation", [
    "rwkvc compare out/fp32 out/fp16 --text held-out.txt",
    "rwkvc compare out/fp32 out/a16w8 --text held-out.txt --weights model.pth",
    "rwkvc compare out/a16w8 out/a16w8 --text held-out.txt --backend-b htp",
  ])
    .argument("<reference>", "folder that `rwkvc build` wrote")
    .argument("<other>", "another build of the same spec and checkpoint")
    .option(...tokenizerOption)
    .option("--weights <checkpoint>", "the checkpoint of both: tells what an equation introduces from what it inherits")
    .option("--limit <n>", "use the first n tokens", integer("--limit", { min: 2 }), 512)
    .option(...backend("a"))
    .option(...backend("b"));
  requireOption(command, "--text <file>", "the text to read", ["tokens"]);
  command.option("--tokens <file>", "token ids separated by white space instead; - reads standard input");
  return runs(line, command, async (session, flags: CompareFlags, first: string, second: string) => {
    const { compareArtefacts } = await import("./compare-artefacts.ts");
    return compareArtefacts(first, second, flags, session);
  });
}
