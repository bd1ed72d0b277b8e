/** The files beside the model that other tools read. */
import { describe, expect, it } from "vitest";

import { emitEncodings } from "../../compiler/emit/encodings.ts";
import { emitHtpConfigs } from "../../compiler/emit/htp-config.ts";
import { emitNetJson } from "../../compiler/emit/net-json.ts";
import { namePattern, sectionGraph } from "../../compiler/emit/sections.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { tinyGraph } from "./fixtures/tiny-graph.ts";

describe("side files", () => {
  it("encodings.json lists every float tensor once", async () => {
    const file = emitEncodings([tinyGraph("float16")]);
    await expect(file.text).toMatchFileSnapshot("fixtures/tiny/encodings.json");
    const { activation_encodings, param_encodings } = JSON.parse(file.text) as Record<string, { name: string }[]>;
    const names = [...activation_encodings!, ...param_encodings!].map((entry) => entry.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain("token");
  });

  it("net.json names every node and tensor", async () => {
    const graph = tinyGraph("float32");
    const file = emitNetJson(graph, "tiny", "0.0.0");
    expect(file.path).toBe("tiny_net.json");
    await expect(file.text).toMatchFileSnapshot("fixtures/tiny/tiny_net.json");
    const net = JSON.parse(file.text) as {
      graph: { nodes: Record<string, { input_names: string[] }>; tensors: object };
    };
    expect(Object.keys(net.graph.nodes)).toEqual(graph.nodes.map((node) => node.name));
    const tensors = new Set(Object.keys(net.graph.tensors));
    for (const node of Object.values(net.graph.nodes))
      for (const name of node.input_names) expect(tensors).toContain(name);
  });

  it("HTP targets get the pair of configuration files, others none", () => {
    expect(emitHtpConfigs([tinyGraph("float16")], findTarget("qnn-cpu")!)).toEqual([]);
    const [link, config] = emitHtpConfigs([tinyGraph("float16")], findTarget("htp-v75")!);
    expect(JSON.parse(link!.text)).toMatchObject({ backend_extensions: { config_file_path: config!.path } });
    expect(JSON.parse(config!.text)).toMatchObject({
      graphs: [{ graph_names: ["tiny"], vtcm_mb: 8, fp16_relaxed_precision: 1, O: 3 }],
      devices: [{ soc_model: 57, dsp_arch: "v75", pd_session: "unsigned" }],
    });
  });
});

describe("sectionGraph", () => {
  it("replaces the layer's number as a part of the path only", () => {
    expect(namePattern("blocks.1.timeMix.r.1", 1)).toBe("blocks.{}.timeMix.r.1");
    expect(namePattern("constant_1", 1)).toBe("constant_1");
    expect(namePattern("blocks.11.x", 1)).toBe("blocks.11.x");
    expect(namePattern("blocks.1.x", null)).toBe("blocks.1.x");
  });

  it("groups sections that differ in names, data and scalars, and keeps others apart", () => {
    const instances = (graph: ReturnType<typeof tinyGraph>) =>
      sectionGraph(graph).structures.map(({ instances: [first, ...more] }) => `${first!.part} ${1 + more.length}`);
    const graph = tinyGraph("float32");
    expect(instances(graph)).toEqual([
      "embedding 1",
      "timeMix 1",
      "channelMix 3",
      "timeMix 2",
      "rescaleHidden 1",
      "head 1",
    ]);
    // One node of layer 1 is another op: its part stands alone.
    const nodes = graph.nodes.map((node) =>
      node.type === "Relu" && node.origin.layer === 1 ? { ...node, type: "Sigmoid" } : node,
    );
    expect(instances({ ...graph, nodes })).toContain("channelMix 2");
  });
});
