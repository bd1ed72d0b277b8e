/**
 * That an editor finds "rwkvc/spec" and "rwkvc/specs/..." from a folder: where rwkvc is among the packages above it nothing
 * is needed; elsewhere a tsconfig.json says where they are.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface EditorConfig {
  /** Text of the folder's tsconfig.json; absent when none is needed. */
  readonly text?: string;
  /** The settings that matter, for a tsconfig.json that is there already. */
  readonly settings: object;
}

export function editorConfig(folder: string, root: string): EditorConfig {
  const isPackage = findsPackage(resolve(folder));
  const options = {
    target: "ES2022",
    module: "ESNext",
    moduleResolution: "Bundler",
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: [],
  };
  const home = root.replaceAll("\\", "/").replace(/\/$/, "");
  const paths = { "rwkvc/spec": [`${home}/compiler/spec/index.ts`], "rwkvc/specs/*": [`${home}/specs/*`] };
  const more = isPackage ? { plugins: [{ name: "rwkvc/ts-plugin" }] } : { paths };
  const hasConfig = above(resolve(folder)).some((place) => existsSync(join(place, "tsconfig.json")));
  const settings = { compilerOptions: { allowImportingTsExtensions: true, noEmit: true, ...more } };
  // The nearest configuration is somebody's own, and knows the package as everything above it does.
  if (isPackage && hasConfig) return { settings };
  return {
    text: `${JSON.stringify({ compilerOptions: { ...options, ...more }, include: ["*.rwkv.ts"] }, null, 2)}\n`,
    settings,
  };
}

/** As Node and TypeScript look for a package: in node_modules, or around the folder itself. */
function findsPackage(folder: string): boolean {
  return above(folder).some(
    (place) => existsSync(join(place, "node_modules/rwkvc/package.json")) || packageName(place) === "rwkvc",
  );
}

function packageName(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}

/** The folder and those that hold it. */
function above(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}
