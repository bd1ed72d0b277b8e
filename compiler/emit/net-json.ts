/**
 * `NAME_net.json`: the graph as qnn-netron and Qualcomm's converter know it. Static data is not in it but for the parameters'
 * small tensors. Tensor ids count in order of creation.
 */
import { elements } from "../ir/constant.ts";
import type { QnnDtype, QnnGraph, QnnNode, QnnParam, QnnTensor } from "../lower/qnn-graph.ts";
import type { EmittedFile } from "./emit-model.ts";
import { weightsFile } from "./emit-model.ts";
import { macsOf } from "./make-manifest.ts";

/** Qnn_DataType_t */
const dataTypes: Readonly<Record<QnnDtype, number>> = {
  float16: 0x0216,
  float32: 0x0232,
  int32: 0x0032,
  uint32: 0x0132,
  bool8: 0x0508,
  ufixed16: 0x0416,
  sfixed4: 0x0304,
  sfixed8: 0x0308,
  sfixed16: 0x0316,
  sfixed32: 0x0332,
};
/** Qnn_TensorType_t */
const tensorTypes: Readonly<Record<QnnTensor["kind"], number>> = { APP_WRITE: 0, APP_READ: 1, NATIVE: 3, STATIC: 4 };
const undefinedValue = 2147483647;

export function emitNetJson(graph: QnnGraph, name: string, compilerVersion: string): EmittedFile {
  const tensors: Record<string, unknown> = {};
  const nodes: Record<string, unknown> = {};
  let ids = 0;
  const add = (tensor: QnnTensor) => {
    if (!(tensor.name in tensors)) tensors[tensor.name] = describeTensor(++ids, tensor);
  };
  for (const node of graph.nodes) {
    node.inputs.forEach(add);
    nodes[node.name] = describeNode(node, () => ++ids);
    node.outputs.forEach(add);
  }
  const net = {
    "model.cpp": "src/model.cpp",
    "model.bin": weightsFile,
    converter_command: `rwkvc ${compilerVersion}`,
    copyright_str: "",
    op_types: [...new Set(graph.nodes.map((node) => node.type))].sort(),
    graph: { tensors, nodes },
  };
  return { path: `${name}_net.json`, text: `${JSON.stringify(net, null, 1)}\n` };
}

function describeTensor(id: number, tensor: QnnTensor): Record<string, unknown> {
  return {
    id,
    type: tensorTypes[tensor.kind],
    dataFormat: 0,
    data_type: dataTypes[tensor.dtype],
    unquantized_data_type: dataTypes[tensor.grid || tensor.stored ? "float32" : tensor.dtype],
    axis_format: "ANY",
    src_axis_format: "ANY",
    dims: tensor.dims,
    is_dynamic_dims: tensor.dims.map(() => 0),
    is_quantizable: tensor.grid !== undefined,
    is_updateable: false,
    ...(tensor.kind === "STATIC" ? { params_count: elements(tensor.dims) } : {}),
    quant_params: quantParams(tensor),
  };
}

/** Scales of weights are in encodings.json. */
function quantParams({ grid }: QnnTensor): Record<string, unknown> {
  if (!grid) return { definition: undefinedValue, encoding: undefinedValue };
  const { scale, offset } = grid;
  const most = 2 ** 16 - 1;
  const range = { minimum: offset * scale, maximum: (most + offset) * scale };
  const scaleOffset = { bitwidth: 16, ...range, scale, offset, is_symmetric: false, is_fixed_point: true };
  return { definition: 1, encoding: 0, is_overridden: true, scale_offset: scaleOffset };
}

function describeNode(node: QnnNode, nextId: () => number): Record<string, unknown> {
  const tensorParams: Record<string, unknown> = {};
  const scalarParams: Record<string, unknown> = {};
  for (const param of node.params) {
    if (param.kind === "scalar") {
      const value = typeof param.value === "boolean" ? Number(param.value) : param.value;
      scalarParams[param.name] = { [String(dataTypes[param.dtype])]: value };
    } else {
      const name = `${node.name}.${param.name}`;
      const { dims, dtype } = param;
      const tensor = describeTensor(nextId(), { name, kind: "STATIC", dtype, dims });
      tensorParams[param.name] = { [name]: { ...tensor, data: nested(param, param.dims, 0) } };
    }
  }
  return {
    package: "qti.aisw",
    type: node.type,
    tensor_params: tensorParams,
    scalar_params: scalarParams,
    input_names: node.inputs.map((tensor) => tensor.name),
    output_names: node.outputs.map((tensor) => tensor.name),
    macs_per_inference: String(macsOf(node)),
  };
}

/** Row-major values as nested lists. */
function nested(param: Extract<QnnParam, { kind: "tensor" }>, dims: readonly number[], from: number): unknown {
  const [extent, ...inner] = dims;
  if (extent === undefined) return param.values[from];
  const size = elements(inner);
  return Array.from({ length: extent }, (_, i) => nested(param, inner, from + i * size));
}
