/** The system's packages: what is lacking is installed by apt when that is ours to do, else the command is named. */
import { existsSync } from "node:fs";

import { run, say, stop, works } from "./terminal.mjs";

const needs = {
  "a C++ compiler": { works: () => works("g++") || works("c++"), debian: ["g++"] },
  cmake: { works: () => works("cmake"), debian: ["cmake"] },
  "ninja or make": { works: () => works("ninja") || works("make"), debian: ["ninja-build"] },
  "python3 with pip": { works: () => works("python3", ["-m", "pip", "--version"]), debian: ["python3", "python3-pip"] },
  GoogleTest: { works: hasGoogleTest, debian: ["libgtest-dev"] },
};

export const buildTools = ["a C++ compiler", "cmake", "ninja or make"];
export const fetchTools = ["python3 with pip"];
export const testTools = ["GoogleTest"];

export async function ensureSystemPackages(names) {
  const lacking = names.filter((name) => !needs[name].works());
  if (lacking.length === 0) return;
  const packages = lacking.flatMap((name) => needs[name].debian);
  const install = ["apt-get", "install", "-y", "--no-install-recommends", ...packages];
  const isOurs = process.getuid?.() === 0 && existsSync("/etc/debian_version") && works("apt-get");
  if (!isOurs) {
    const command = existsSync("/etc/debian_version") ? `sudo ${install.join(" ")}` : undefined;
    stop(
      `lacking on this machine: ${lacking.join(", ")}`,
      command ?? `install them (Debian's names: ${packages.join(" ")})`,
    );
  }
  say(`installing with apt: ${packages.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const quiet = { env, stdio: ["ignore", "ignore", "inherit"] };
  if ((await run(install[0], install.slice(1), quiet)) !== 0) {
    await run("apt-get", ["update"], quiet);
    await run(install[0], install.slice(1), quiet);
  }
  const still = lacking.filter((name) => !needs[name].works());
  if (still.length > 0) stop(`apt-get did not bring: ${still.join(", ")}`, `see what this says: ${install.join(" ")}`);
}

function hasGoogleTest() {
  return ["/usr/include", "/usr/local/include"].some((folder) => existsSync(`${folder}/gtest/gtest.h`));
}
