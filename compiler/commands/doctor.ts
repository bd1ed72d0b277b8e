/** `rwkvc doctor`: what this machine has, what it can do with it, and what to do about what is missing. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as zlib from "node:zlib";

import type { Command } from "commander";

import packageJson from "../../package.json" with { type: "json" };
import { hostLibraryPath } from "../build/project-paths.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { locateQnn, type LocatedQnn } from "../qnn/locate.ts";
import { inspectPacks } from "../qnn/pack-store.ts";
import type { QnnBackend } from "../qnn/packs.ts";
import { type CommandLine, defineCommand, runs, type Session } from "./command.ts";
import { readReport, runNative, withScratch } from "./model-run.ts";

/** `ok`: there; `absent`: not there, and not needed for everything; `broken`: has to be mended. */
export type Verdict = "ok" | "absent" | "broken";

export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  /** Without it rwkvc cannot do its own work. */
  readonly required: boolean;
  readonly found: string;
  readonly remedy?: string;
  /** What the library can do, for --json. */
  readonly abilities?: unknown;
}

export function doctorCommand(line: CommandLine): Command {
  const command = defineCommand("doctor", "what is installed, what works, and what to do about the rest", [
    "rwkvc doctor",
    "rwkvc doctor --json",
  ]);
  return runs(line, command, async (session) => {
    const { env } = session.io;
    const checks = [
      checkNode(),
      checkTool(env, "C++ compiler", [[env.CXX || "g++"], ["c++"], ["clang++"]], "builds model libraries", "g++"),
      checkTool(env, "cmake", [["cmake"]], "builds the C++ programs", "cmake"),
      checkTool(env, "ninja or make", [["ninja"], ["make"]], "builds the C++ programs", "ninja-build"),
      checkPip(env),
      ...checkVariables(env),
      await checkHost(session),
      ...(await checkPacks(env)),
      ...(await checkLibraries(session)),
    ];
    const isHealthy = checks.every(
      (check) => check.verdict !== "broken" && (check.verdict === "ok" || !check.required),
    );
    return {
      json: { ok: isHealthy, version: packageJson.version, checks },
      listsDiagnostics: true,
      text: checks.map((check) => describe(check, session.colour)).join(""),
      diagnostics: verdict(isHealthy),
    };
  });
}

const verdict = (isHealthy: boolean) =>
  isHealthy
    ? []
    : [
        {
          code: "doctor/unhealthy",
          kind: "missing",
          severity: "error",
          title: "something that is needed is missing or broken",
        } as const,
      ];

function describe(check: Check, colour: boolean): string {
  const mark = { ok: "ok", absent: check.required ? "MISSING" : "none", broken: "BROKEN" }[check.verdict];
  const code = { ok: 32, absent: check.required ? 31 : 33, broken: 31 }[check.verdict];
  const shown = colour ? `\x1b[${code}m${mark.padEnd(8)}\x1b[0m` : mark.padEnd(8);
  const remedy = check.remedy && check.verdict !== "ok" ? `        -> ${check.remedy}\n` : "";
  return `${shown}${check.name}: ${check.found}\n${remedy}`;
}

function checkNode(): Check {
  // What came with 20.15 and 22.2.
  const isNew = "crc32" in zlib;
  return {
    name: "Node",
    required: true,
    verdict: isNew ? "ok" : "broken",
    found: process.versions.node,
    remedy: "install Node 20.15, or 22.2 or newer",
  };
}

function checkTool(
  env: NodeJS.ProcessEnv,
  name: string,
  candidates: string[][],
  purpose: string,
  debian: string,
): Check {
  for (const [program = "", ...args] of candidates) {
    const { status, stdout } = spawnSync(program, [...args, "--version"], { encoding: "utf8", env });
    if (status === 0) return { name, required: true, verdict: "ok", found: `${program}: ${stdout.split("\n")[0]}` };
  }
  return {
    name,
    required: true,
    verdict: "absent",
    found: `not found (${purpose})`,
    remedy: `install it (Debian, Ubuntu: apt-get install ${debian})`,
  };
}

function checkPip(env: NodeJS.ProcessEnv): Check {
  const python = env.RWKVC_PYTHON || "python3";
  const { status, stdout } = spawnSync(python, ["-m", "pip", "--version"], { encoding: "utf8", env });
  const name = "Python with pip";
  if (status === 0) return { name, required: false, verdict: "ok", found: stdout.trim().replace(/ from .*\(/, " (") };
  return {
    name,
    required: false,
    verdict: "absent",
    found: `${python} -m pip does not work; \`rwkvc qnn install\` fetches with it`,
    remedy: "install it (Debian, Ubuntu: apt-get install python3-pip)",
  };
}

function checkVariables(env: NodeJS.ProcessEnv): Check[] {
  return (["RWKVC_QNN_DIR", "QNN_SDK_ROOT"] as const).map((name): Check => {
    const value = env[name];
    if (!value) return { name, required: false, verdict: "ok", found: "not set" };
    if (existsSync(value)) return { name, required: false, verdict: "ok", found: value };
    return {
      name,
      required: false,
      verdict: "broken",
      found: `${value} does not exist`,
      remedy: `correct ${name} or unset it`,
    };
  });
}

async function checkPacks(env: NodeJS.ProcessEnv): Promise<Check[]> {
  const found = await inspectPacks(env, true);
  return found.map(({ pack, folder, state }): Check => {
    const name = `pack ${pack.version} (SDK ${pack.sdk}, ${pack.backend})`;
    const remedy = "run `rwkvc qnn install`";
    if (state.kind === "whole") return { name, required: false, verdict: "ok", found: `whole, in ${folder}` };
    if (state.kind === "absent") {
      return { name, required: false, verdict: "absent", found: `not installed; ${pack.purpose}`, remedy };
    }
    return { name, required: false, verdict: "broken", found: state.reason, remedy: `${remedy} to repair it` };
  });
}

/** The project's own backend: where it is, and which instructions it computes with. */
async function checkHost(session: Session): Promise<Check> {
  const name = "host backend";
  try {
    session.progress.update(`asking ${hostLibraryPath}`);
    const { library, calls, instructionSet = "" } = await probeLibrary(session, hostLibraryPath, null);
    const isWorking = Object.values(calls).every((call) => typeof call !== "object" || call.ok);
    const isFast = instructionSet !== "none";
    const speed = isFast
      ? `computes with ${instructionSet} by way of Google Highway`
      : "built without Google Highway, and so slow (Debian, Ubuntu: apt-get install libhwy-dev)";
    return {
      name,
      required: true,
      verdict: isWorking ? "ok" : "broken",
      found: `${library.provider} ${library.buildId}, ${speed}; ${hostLibraryPath}`,
      abilities: { instructionSet, highway: isFast, library: hostLibraryPath },
    };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const [first] = error.diagnostics;
    return { name, required: true, verdict: "broken", found: first?.title ?? "it cannot be used", remedy: first?.hint };
  }
}

/** Loads each library in a child process and asks what it can do. */
async function checkLibraries(session: Session): Promise<Check[]> {
  const checks: Check[] = [];
  for (const backend of ["htp", "cpu"] as const) checks.push(await checkLibrary(session, backend));
  return checks;
}

async function checkLibrary(session: Session, backend: QnnBackend): Promise<Check> {
  const name = backend === "htp" ? "HTP library" : "QNN CPU library";
  try {
    const located = await locateQnn(backend, session.io.env);
    session.progress.update(`asking ${located.library}`);
    const probe = await probeLibrary(session, located.library, located.system);
    return { name, required: false, verdict: "ok", found: describeProbe(located, probe), abilities: probe };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const [first] = error.diagnostics;
    const isAbsent = first?.code === "qnn/not-installed";
    return {
      name,
      required: false,
      verdict: isAbsent ? "absent" : "broken",
      found: first?.title ?? "it cannot be used",
      remedy: first?.hint,
    };
  }
}

/** What `rwkv-context probe` reports. */
export interface Probe {
  readonly library: { readonly provider: string; readonly buildId: string; readonly backendApi: string };
  readonly calls: Readonly<Record<string, { readonly ok: boolean } | boolean>>;
  readonly system: { readonly ok: boolean; readonly api?: string };
  /** The host backend's; "none" for a build without Highway. */
  readonly instructionSet?: string;
}

async function probeLibrary(session: Session, library: string, system: string | null): Promise<Probe> {
  return withScratch(async (folder) => {
    const file = `${folder}/report.json`;
    const args = ["probe", "--backend-library", library, "--report", file];
    if (system) args.push("--system-library", system);
    await runNative(session, "rwkv-context", args);
    return readReport<Probe>(file);
  });
}

function describeProbe(located: LocatedQnn, { library, calls, system }: Probe): string {
  const works = Object.entries(calls).filter(([, call]) => typeof call === "object" && call.ok);
  const abilities = [
    located.backend === "htp" ? "compiles, simulates, estimates" : "runs float32 graphs",
    ...(located.backend === "htp" && system.ok ? ["reads context binaries"] : []),
  ];
  return `${library.provider} ${library.buildId}, ${works.length > 1 ? abilities.join(", ") : "but no backend can be made"}; ${located.why}`;
}
