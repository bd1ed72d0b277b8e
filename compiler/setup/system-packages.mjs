/** The system's packages: what is lacking is installed by apt when that is ours to do, else the command is named. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { root, run, say, stop, works } from "./terminal.mjs";

const without = "tests of aarch64 are skipped";
const needs = {
  "a C++ compiler": { works: () => works("g++") || works("c++"), debian: ["g++"] },
  cmake: { works: () => works("cmake"), debian: ["cmake"] },
  "ninja or make": { works: () => works("ninja") || works("make"), debian: ["ninja-build"] },
  "Google Highway": { works: hasHighway, debian: ["libhwy-dev"], without: "the host backend will be slow" },
  "python3 with pip": { works: () => works("python3", ["-m", "pip", "--version"]), debian: ["python3", "python3-pip"] },
  python3: { works: () => works("python3"), debian: ["python3"] },
  GoogleTest: { works: hasGoogleTest, debian: ["libgtest-dev"] },
  "a C++ compiler for aarch64": {
    works: () => works("aarch64-linux-gnu-g++"),
    debian: ["g++-aarch64-linux-gnu"],
    without,
  },
  "qemu for aarch64": { works: () => works("qemu-aarch64-static"), debian: ["qemu-user-static"], without },
};

export const buildTools = ["a C++ compiler", "cmake", "ninja or make", "Google Highway"];
export const fetchTools = ["python3 with pip"];
export const testTools = ["GoogleTest", "python3", "a C++ compiler for aarch64", "qemu for aarch64"];

/** What has `without` may stay away: what follows is said then, and it is not tried again. */
export async function ensureSystemPackages(names) {
  const lacking = names.filter((name) => !needs[name].works());
  const required = lacking.filter((name) => !needs[name].without);
  const optional = lacking.filter((name) => needs[name].without && !existsSync(refusal(name)));
  if (required.length + optional.length === 0) return;
  const isOurs = process.getuid?.() === 0 && existsSync("/etc/debian_version") && works("apt-get");
  if (!isOurs && required.length > 0) {
    const packages = packagesOf(required.concat(optional));
    const command = existsSync("/etc/debian_version") ? `sudo ${aptInstall(packages).join(" ")}` : undefined;
    stop(
      `lacking on this machine: ${required.join(", ")}`,
      command ?? `install them (Debian's names: ${packages.join(" ")})`,
    );
  }
  if (required.length > 0 && !(await install(required))) {
    const still = required.filter((name) => !needs[name].works());
    stop(
      `apt-get did not bring: ${still.join(", ")}`,
      `see what this says: ${aptInstall(packagesOf(required)).join(" ")}`,
    );
  }
  for (const name of optional) {
    if (isOurs && (await install([name]))) continue;
    say(`${name} is not installed (apt-get install ${needs[name].debian.join(" ")}): ${needs[name].without}`);
    mkdirSync(dirname(refusal(name)), { recursive: true });
    writeFileSync(
      refusal(name),
      "This package could not be installed by the set-up. Delete this file to let it try again.\n",
    );
  }
}

const packagesOf = (names) => names.flatMap((name) => needs[name].debian);
const aptInstall = (packages) => ["apt-get", "install", "-y", "--no-install-recommends", ...packages];
const refusal = (name) => join(root, "out/setup", `without-${needs[name].debian[0]}`);

/** By apt; whether all of them work afterwards. The lists of packages are fetched only when apt does not know one. */
async function install(names) {
  const [program, ...args] = aptInstall(packagesOf(names));
  say(`installing with apt: ${packagesOf(names).join(" ")}`);
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, stdio: "ignore" };
  if ((await run(program, args, quiet)) !== 0) {
    await run("apt-get", ["update"], quiet);
    await run(program, args, { ...quiet, stdio: ["ignore", "ignore", "inherit"] });
  }
  return names.every((name) => needs[name].works());
}

function hasGoogleTest() {
  return hasHeader("gtest/gtest.h");
}

function hasHighway() {
  return hasHeader("hwy/highway.h");
}

function hasHeader(name) {
  return ["/usr/include", "/usr/local/include"].some((folder) => existsSync(`${folder}/${name}`));
}
