#!/usr/bin/env node
/** `npm run demo`: set-up, then a tiny RWKV-7 from spec and checkpoint to text on the project's own host backend. */
import { compilerProgram, setUp } from "./setup.mjs";
import { run, say } from "./terminal.mjs";

const help = `npm run demo

Installs what it needs, compiles a tiny RWKV-7 at float16, and writes text with it on this machine. Asks nothing, and
downloads nothing but Node packages (and, as root on Debian or Ubuntu, compiler and cmake where they are lacking).`;

if (process.argv.includes("--help")) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}

const out = "out/demo";
const writing = ["run", out, "--prompt", "In the beginning ", "--tokens", "400", "--temperature", "0.7", "--seed", "7"];

await setUp();
await step(
  "Compile: spec + checkpoint -> QNN graph -> C++ -> model library",
  ...["build", "specs/rwkv-7.rwkv.ts", "--weights", "models/rwkv7-kjv/model.pth"],
  ...["--target", "host", "--precision", "fp16", "--out", out],
);
await step("Run it on the host backend, which computes as the NPU does", ...writing);
say(`
The very same artefact runs on Qualcomm's own HTP simulator, once its libraries are fetched (it asks about their licence):

   npx rwkvc qnn install
   ${commandLine(writing.with(5, "60"))} --backend htp`);

async function step(title, ...line) {
  say(`\n== ${title}\n   ${commandLine(line)}`);
  const code = await run(process.execPath, [compilerProgram, ...line]);
  if (code !== 0) process.exit(code);
}

function commandLine(line) {
  return `npx rwkvc ${line.map((text) => (/^[\w./:=-]+$/.test(text) ? text : `"${text}"`)).join(" ")}`;
}
