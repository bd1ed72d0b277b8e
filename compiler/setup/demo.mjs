#!/usr/bin/env node
/**
 * `npm run demo`: set-up, Qualcomm's libraries, then a tiny RWKV-7 from spec and checkpoint to text on the HTP
 * simulator.
 */
import { compilerProgram, setUp } from "./setup.mjs";
import { run, say, stop } from "./terminal.mjs";

const help = `npm run demo [-- --accept-license qualcomm]

Installs what it needs, compiles a tiny RWKV-7 for htp-v75, and writes text with it on Qualcomm's HTP simulator.
Qualcomm's libraries are fetched after their licence was accepted: by the question asked, by --accept-license qualcomm
or by RWKVC_ACCEPT_LICENSE=qualcomm.`;

const args = process.argv.slice(2);
if (args.includes("--help")) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}

await setUp();

const rwkvc = (...line) => run(process.execPath, [compilerProgram, ...line]);
const step = async (title, ...line) => {
  say(`\n== ${title}\n   npx rwkvc ${line.map(quote).join(" ")}`);
  const code = await rwkvc(...line);
  if (code !== 0) process.exit(code);
};

say("\n== Qualcomm's libraries");
if ((await run(process.execPath, [compilerProgram, "qnn", "path", "htp"], { stdio: "ignore" })) !== 0) {
  const code = await rwkvc("qnn", "install", ...args);
  if (code === 2) {
    stop(
      "the demo runs a model on Qualcomm's HTP simulator, and so needs Qualcomm's libraries",
      "accept their licence: npm run demo -- --accept-license qualcomm, or RWKVC_ACCEPT_LICENSE=qualcomm npm run demo",
      2,
    );
  }
  if (code !== 0) process.exit(code);
}

const out = "out/demo";
await step(
  "Compile: spec + checkpoint -> QNN graph -> C++ -> model library -> context binary for a Snapdragon 8 Gen 3",
  ...["build", "specs/rwkv-7.rwkv.ts", "--weights", "models/rwkv7-kjv/model.pth"],
  ...["--target", "htp-v75", "--soc", "SM8650", "--precision", "fp16", "--out", out],
);
await step("Run it on Qualcomm's HTP simulator", "run", out, "--prompt", "In the beginning ", "--tokens", "200");

function quote(text) {
  return /^[\w./:=-]+$/.test(text) ? text : `"${text}"`;
}
