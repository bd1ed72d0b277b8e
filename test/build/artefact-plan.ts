/** The tiny model of test/emit as a plan for `writeArtefact`. */
import type { ArtefactPlan } from "../../compiler/build/write-artefact.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { specFile, specText, tinyGraph, vocabulary, width } from "../emit/fixtures/tiny-graph.ts";

export function tinyPlan(target = "qnn-cpu", precision: "fp32" | "fp16" = "fp32"): ArtefactPlan {
  return {
    name: "tiny",
    compilerVersion: "0.0.0",
    spec: { name: "tiny", file: specFile },
    sources: new Map([[specFile, specText]]),
    dims: { V: vocabulary, D: width },
    vocabulary,
    precision,
    target: findTarget(target)!,
    policies: [],
    tokenizer: null,
    graphs: [tinyGraph(precision === "fp32" ? "float32" : "float16")],
    hostEmbedding: null,
  };
}
