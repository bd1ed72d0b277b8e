#!/usr/bin/env node
/**
 * Bundles the command line into out/compiler/rwkvc.js. What a command imports dynamically becomes a file of its own, so
 * that help and light commands load little. ts-morph is bundled too: one file loads in 315 ms, the package in 400.
 * Beside it stands ts-plugin.cjs, the language-service plugin, whole in one file.
 */
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What CommonJS packages find around them, and ES modules lack. */
const commonJsNames = `import { createRequire as __createRequire } from "node:module";
import { fileURLToPath as __fileURLToPath } from "node:url";
const require = __createRequire(import.meta.url);
const __filename = __fileURLToPath(import.meta.url);
const __dirname = __fileURLToPath(new URL(".", import.meta.url));`;

/** Built aside and moved in: a command that starts meanwhile finds the old files or the new ones. */
export async function buildCompiler(out = join(root, "out/compiler")) {
  const { build } = await import("esbuild");
  const aside = `${out}.${process.pid}.tmp`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: { rwkvc: "compiler/rwkvc.ts", "native-programs": "compiler/build/native-programs.ts" },
    outdir: aside,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    legalComments: "none",
    banner: { js: commonJsNames },
    chunkNames: "[name]-[hash]",
    logLevel: "warning",
  });
  // tsserver loads a plugin by `require` and calls what it gets: CommonJS, and the function itself.
  await build({
    absWorkingDir: root,
    entryPoints: { "ts-plugin": "compiler/ts-plugin/plugin.ts" },
    outdir: aside,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    legalComments: "none",
    footer: { js: "module.exports = module.exports.createPlugin;" },
    logLevel: "warning",
  });
  chmodSync(join(aside, "rwkvc.js"), 0o755);
  install(aside, out);
}

/** Chunks first (their names hold their content's hash), then the entries that name them; old chunks go last. */
function install(aside, out) {
  mkdirSync(out, { recursive: true });
  const entries = ["rwkvc.js", "native-programs.js"];
  const fresh = readdirSync(aside);
  for (const name of [...fresh.filter((name) => !entries.includes(name)), ...entries]) {
    renameSync(join(aside, name), join(out, name));
  }
  rmSync(aside, { recursive: true, force: true });
  for (const name of readdirSync(out)) {
    if (name.endsWith(".js") && !fresh.includes(name)) rmSync(join(out, name), { force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildCompiler();
