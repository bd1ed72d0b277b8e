import { expect, test } from "vitest";

import { rwkvc } from "./command-line.ts";

const commands = [
  ["new"],
  ["check"],
  ["build"],
  ["run"],
  ["logits"],
  ["eval"],
  ["bench"],
  ["verify"],
  ["ranges"],
  ["calibrate"],
  ["encodings", "lint"],
  ["encodings", "convert"],
  ["compare"],
  ["sensitivity"],
  ["estimate"],
  ["diff"],
  ["inspect"],
  ["doctor"],
  ["qnn", "install"],
  ["qnn", "list"],
  ["qnn", "path"],
];

test.each(commands)("%s %s --help tells options and examples", async (...command) => {
  const { code, stdout, stderr } = await rwkvc([...command.filter(Boolean), "--help"]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(stdout).toContain(`Usage: rwkvc ${command.filter(Boolean).join(" ")}`);
  expect(stdout).toContain("--json");
  expect(stdout).toContain("--no-color");
  expect(stdout).toMatch(/Examples:\n {2}\$ /);
});

test("the root's help lists every command, and no other", async () => {
  const { code, stdout } = await rwkvc(["--help"]);
  expect(code).toBe(0);
  const listed = [...stdout.matchAll(/^ {2}(\w+)(?: \[| <| {2,})/gm)].map((match) => match[1]);
  expect(listed).toEqual(
    [...new Set(commands.map(([name]) => name))]
      .filter((n) => n !== "doctor" && n !== "qnn")
      .concat("qnn", "doctor", "help"),
  );
});

test("help for a group of commands", async () => {
  const { code, stdout } = await rwkvc(["qnn", "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain("install");
});

test("--version", async () => {
  const { code, stdout } = await rwkvc(["--version"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([[[]], [["qnn"]]])("no command (%s) is bad usage, with the help", async (args) => {
  const { code, stdout, stderr } = await rwkvc(args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("Usage: rwkvc");
});
