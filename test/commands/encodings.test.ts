/** `rwkvc encodings`: the commands as a user runs them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { scratch } from "../scratch.ts";
import { problems, rwkvc } from "./command-line.ts";

const folder = scratch();
const at = (name: string) => join(folder, name);
const entry = { dtype: "INT", enc_type: "PER_TENSOR", bw: 16, is_sym: false, scale: [0.5], offset: [-3] };
const write = (name: string, activations: object[], params: object[] = []) => {
  writeFileSync(
    at(name),
    JSON.stringify({ version: "1.0.0", activation_encodings: activations, param_encodings: params }),
  );
  return at(name);
};
const good = write("good.json", [{ name: "blocks.0.timeMix.k", ...entry }]);
const model = ["--spec", "specs/rwkv-7.rwkv.ts", "--weights", "models/rwkv7-random/model.pth"];

test("lint has nothing to say of a good file", async () => {
  const { code, stdout } = await rwkvc(["encodings", "lint", good, ...model]);
  expect(code).toBe(0);
  expect(stdout).toBe(`${good}: schema 1.0.0, 1 activation and 0 parameters, nothing that HTP v75 would refuse\n`);
});

test("lint names what the NPU would refuse, by target", async () => {
  const channels = { enc_type: "PER_CHANNEL", is_sym: true, scale: [0.5, 0.5], offset: [-32768, -32768] };
  const file = write("wide.json", [], [{ name: "w", ...entry, ...channels }]);
  expect(await problems(["encodings", "lint", file])).toEqual({ code: 0, codes: [] });
  expect(await problems(["encodings", "lint", file, "--target", "htp-v69"])).toEqual({
    code: 1,
    codes: ["lint/wide-weight"],
  });
  expect(await problems(["encodings", "lint", file, "--soc", "SM8450"])).toEqual({
    code: 1,
    codes: ["lint/wide-weight"],
  });
});

test("lint knows the tensors of a build whose embedding is the host's: its input is one", async () => {
  const file = write("host.json", [{ name: "in", ...entry }]);
  expect(await problems(["encodings", "lint", file, ...model])).toEqual({
    code: 1,
    codes: ["encodings/unknown-tensor"],
  });
  expect(await problems(["encodings", "lint", file, ...model, "--embedding", "host"])).toEqual({ code: 0, codes: [] });
});

test("lint names tensors that the model does not have", async () => {
  const file = write("names.json", [{ name: "blocks.0.timemix.k", ...entry }]);
  const { code, stderr } = await rwkvc(["encodings", "lint", file, ...model]);
  expect(code).toBe(1);
  expect(stderr).toContain("encodings/unknown-tensor");
  expect(stderr).toContain("did you mean `blocks.0.timeMix.k`?");
});

test("convert, there and back", async () => {
  const [old, back] = [at("old.json"), at("back.json")];
  expect((await rwkvc(["encodings", "convert", good, "--to", "0.6.1", "--out", old])).code).toBe(0);
  expect(JSON.parse(readFileSync(old, "utf8"))).toMatchObject({
    version: "0.6.1",
    activation_encodings: {
      "blocks.0.timeMix.k": [{ bitwidth: 16, is_symmetric: "False", offset: -3, scale: 0.5, min: -1.5 }],
    },
  });
  expect((await rwkvc(["encodings", "convert", old, "--to", "1.0.0", "--out", back])).code).toBe(0);
  expect(JSON.parse(readFileSync(back, "utf8"))).toEqual(JSON.parse(readFileSync(good, "utf8")));
});

test("bad usage and bad files", async () => {
  const out = at("none.json");
  const lint = (...args: string[]) => problems(["encodings", "lint", ...args]);
  expect(await lint(at("missing.json"))).toEqual({ code: 3, codes: ["encodings/not-found"] });
  expect(await lint(folder)).toEqual({ code: 1, codes: ["encodings/not-found"] });
  expect(await lint("models/rwkv7-kjv/model.pth")).toEqual({ code: 1, codes: ["encodings/not-json"] });
  expect(await lint(good, "--spec", "specs/rwkv-7.rwkv.ts")).toEqual({ code: 2, codes: ["usage/missing-option"] });
  expect(await lint(good, "--target", "host")).toEqual({ code: 2, codes: ["usage/soc-without-htp"] });
  expect(await lint(good, "--target", "htp-v1")).toEqual({ code: 2, codes: ["usage/unknown-target"] });
  expect(await lint(good, "--target", "htp-v79", "--soc", "SM8650")).toEqual({
    code: 2,
    codes: ["usage/soc-contradicts-target"],
  });
  const convert = (...args: string[]) => problems(["encodings", "convert", ...args]);
  expect(await convert(good, "--to", "2.0.0", "--out", out)).toEqual({ code: 2, codes: ["usage/bad-value"] });
  expect(await convert(good, "--to", "1.0.0", "--out", good)).toEqual({ code: 2, codes: ["usage/out-is-input"] });
  expect(await convert(good, "--to", "1.0.0")).toEqual({ code: 2, codes: ["usage/missing-option"] });
  expect(await convert(good, "--to", "1.0.0", "--out", "/proc/none/x.json")).toEqual({
    code: 1,
    codes: ["file/cannot-write"],
  });
  expect(existsSync(out)).toBe(false);
});

test("what no build can be made from: a diagnostic, and nothing is written", async () => {
  const out = at("artefact");
  const build = async (name: string, text: string) => {
    writeFileSync(at(name), text);
    const options = ["--precision", "a16w8", "--encodings", at(name), "--out", out];
    const found = await problems(["build", model[1]!, ...model.slice(2), ...options]);
    expect(existsSync(out), name).toBe(false);
    return { code: found.code, first: found.codes[0] };
  };
  const one = (change: object) =>
    readFileSync(write("one.json", [{ name: "blocks.0.timeMix.k", ...entry, ...change }]), "utf8");
  const text = one({});
  expect(await build("empty.json", "")).toEqual({ code: 1, first: "encodings/not-json" });
  expect(await build("cut.json", text.slice(0, 90))).toEqual({ code: 1, first: "encodings/not-json" });
  expect(await build("nan.json", text.replace("0.5", "NaN"))).toEqual({ code: 1, first: "encodings/not-finite" });
  expect(await build("bits.json", one({ bw: 7, offset: [-3] }))).toEqual({ code: 1, first: "lint/bit-width" });
  const channels = { enc_type: "PER_CHANNEL", scale: [1, 2], offset: [-3, -3] };
  expect(await build("channels.json", one(channels))).toEqual({ code: 1, first: "lint/activation" });
  const unknown = { name: "blocks.0.timeMix.nothing" };
  expect(await build("unknown.json", one(unknown))).toEqual({ code: 1, first: "encodings/unknown-tensor" });
});
