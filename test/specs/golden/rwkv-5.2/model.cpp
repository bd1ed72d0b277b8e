// tiny: rwkv-5.2, 2 layers, fp16 for htp-v75.
// Spec: rwkv-5.2.rwkv.ts. Written by rwkvc 0.0.0; it is meant to be read and edited.
#include "rwkvc_model.h"

namespace {

using namespace rwkvc;

// Graph test: one token, 2 layers, 95 nodes.
namespace decode {

// What differs between layers: offsets of weights in bytes, grids of integers.
struct TimeMixLayer {
  uint32_t number;
  uint64_t ln1_weight, ln1_bias, shifts_constant, receptance_weight, k_weight, v_weight, gate_weight;
  uint64_t time_faaaa, decay_constant, ln_x_weight, ln_x_bias, att_output_weight;
};
constexpr TimeMixLayer kTimeMix[] = {
    // number  ln1_weight  ln1_bias  shifts_constant  receptance_weight  k_weight  v_weight  gate_weight
    // time_faaaa  decay_constant  ln_x_weight  ln_x_bias  att_output_weight
    {       0,        256,      320,             384,               448,      576,      704,         832,
             1024,           1088,        1280,      1344,              1408},
    {       1,       2240,     2304,            2368,              2432,     2560,     2688,        2816,
             2944,           3008,        3072,      3136,              3200},
};

struct TimeMixResult { Tensor S_1, x_out; };

// timeMix of layers 0 to 1.
TimeMixResult time_mix(Graph& graph, const TimeMixLayer& layer, Tensor x, Tensor S_in) {
  graph.layer(layer.number);

  // rwkv-5.2.rwkv.ts:64   xx = layer_norm(x, ln1)
  graph.at("rwkv-5.2.rwkv.ts", 64);
  const Tensor ln1_weight = graph.weight("blocks.{}.ln1.weight", layer.ln1_weight, f16(8));
  const Tensor ln1_bias = graph.weight("blocks.{}.ln1.bias", layer.ln1_bias, f16(8));
  const Tensor x_prev_out = graph.add("blocks.{}.timeMix.x_prev_out", "LayerNorm", {x, ln1_weight, ln1_bias},
      {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-5.2.rwkv.ts:67   r = receptance @ (xx * mix_r + xp * (1 - mix_r)) : H N
  graph.at("rwkv-5.2.rwkv.ts", 67);
  const Tensor x_prev_in = graph.input("blocks.{}.timeMix.x_prev_in", f16(1, 8));
  const Tensor r_1 = graph.add("blocks.{}.timeMix.r.1", "ElementWiseSubtract", {x_prev_out, x_prev_in}, {},
      f16(1, 8));
  const Tensor shifts_constant = graph.weight("blocks.{}.timeMix.shifts.constant", layer.shifts_constant,
      f16(4, 8));
  const Tensor shifts_1 = graph.add("blocks.{}.timeMix.shifts.1", "ElementWiseMultiply",
      {r_1, shifts_constant}, {}, f16(4, 8));
  const Tensor shifts = graph.add("blocks.{}.timeMix.shifts", "ElementWiseAdd", {shifts_1, x_prev_in}, {},
      f16(4, 8));
  const Tensors r_2_split = graph.add("blocks.{}.timeMix.r.2", "Split", {shifts},
      {{"axis", 0u}, values("split_index", {1u, 2u, 3u})},
      {Out(f16(1, 8)), Out("blocks.{}.timeMix.k.1", f16(1, 8)), Out("blocks.{}.timeMix.v.1", f16(1, 8)),
       Out("blocks.{}.timeMix.g.1", f16(1, 8))});
  const Tensor receptance_weight = graph.weight("blocks.{}.att.receptance.weight", layer.receptance_weight,
      f16(8, 8));
  const Tensor r_3 = graph.add("blocks.{}.timeMix.r.3", "FullyConnected", {r_2_split[0], receptance_weight},
      {}, f16(1, 8));
  const Tensor r = graph.add("blocks.{}.timeMix.r", "Reshape", {r_3}, {}, f16(1, 2, 1, 4));

  // rwkv-5.2.rwkv.ts:68   k = key @ (xx * mix_k + xp * (1 - mix_k)) : H N
  graph.at("rwkv-5.2.rwkv.ts", 68);
  const Tensor k_weight = graph.weight("blocks.{}.timeMix.k.weight", layer.k_weight, f16(8, 8));
  const Tensor k_2 = graph.add("blocks.{}.timeMix.k.2", "FullyConnected", {r_2_split[1], k_weight}, {},
      f16(1, 8));
  const Tensor k = graph.add("blocks.{}.timeMix.k", "Reshape", {k_2}, {}, f16(1, 2, 1, 4));

  // rwkv-5.2.rwkv.ts:69   v = value @ (xx * mix_v + xp * (1 - mix_v)) : H N
  graph.at("rwkv-5.2.rwkv.ts", 69);
  const Tensor v_weight = graph.weight("blocks.{}.timeMix.v.weight", layer.v_weight, f16(8, 8));
  const Tensor v_2 = graph.add("blocks.{}.timeMix.v.2", "FullyConnected", {r_2_split[2], v_weight}, {},
      f16(1, 8));
  const Tensor v = graph.add("blocks.{}.timeMix.v", "Reshape", {v_2}, {}, f16(1, 2, 1, 4));

  // rwkv-5.2.rwkv.ts:70   g = silu(gate @ (xx * mix_g + xp * (1 - mix_g))) : H N
  graph.at("rwkv-5.2.rwkv.ts", 70);
  const Tensor gate_weight = graph.weight("blocks.{}.att.gate.weight", layer.gate_weight, f16(8, 8));
  const Tensor g_2 = graph.add("blocks.{}.timeMix.g.2", "FullyConnected", {r_2_split[3], gate_weight}, {},
      f16(1, 8));
  const Tensor constant_1 = graph.weight("constant_1", 960, f16(1));
  const Tensor g_3 = graph.add("blocks.{}.timeMix.g.3", "ElementWiseMultiply", {g_2, constant_1}, {},
      f16(1, 8));
  const Tensor g_4 = graph.add("blocks.{}.timeMix.g.4", "Sigmoid", {g_3}, {}, f16(1, 8));
  const Tensor g = graph.add("blocks.{}.timeMix.g", "ElementWiseMultiply", {g_2, g_4}, {}, f16(1, 8));

  // rwkv-5.2.rwkv.ts:73   y[h,j] = r[h,i] * (u[h,i] * k[h,i] * v[h,j] + S[h,i,j])
  graph.at("rwkv-5.2.rwkv.ts", 73);
  const Tensor S_in_1 = graph.add("blocks.{}.timeMix.S_in.1", "Reshape", {S_in}, {}, f16(1, 2, 4, 4));
  const Tensor y_rows = graph.add("blocks.{}.timeMix.y.rows", "Concat", {S_in_1, v}, {{"axis", 2u}},
      f16(1, 2, 5, 4));
  const Tensor time_faaaa = graph.weight("blocks.{}.att.time_faaaa", layer.time_faaaa, f16(1, 2, 1, 4));
  const Tensor y_1 = graph.add("blocks.{}.timeMix.y.1", "ElementWiseMultiply", {r, time_faaaa}, {},
      f16(1, 2, 1, 4));
  const Tensor y_2 = graph.add("blocks.{}.timeMix.y.2", "MatMul", {y_1, k},
      {{"transpose_in0", false}, {"transpose_in1", true}}, f16(1, 2, 1, 1));
  const Tensor weights = graph.add("blocks.{}.timeMix.y.weights", "Concat", {r, y_2}, {{"axis", 3u}},
      f16(1, 2, 1, 5));
  const Tensor y = graph.add("blocks.{}.timeMix.y", "MatMul", {weights, y_rows},
      {{"transpose_in0", false}, {"transpose_in1", false}}, f16(1, 2, 1, 4));

  // rwkv-5.2.rwkv.ts:74   S'[h,i,j] = k[h,i] * v[h,j] + w[h,i] * S[h,i,j]
  graph.at("rwkv-5.2.rwkv.ts", 74);
  const Tensor decay_constant = graph.weight("blocks.{}.timeMix.S.decay.constant", layer.decay_constant,
      f16(1, 2, 4, 4));
  const Tensor S_weights = graph.add("blocks.{}.timeMix.S.weights", "Concat", {decay_constant, k},
      {{"axis", 2u}}, f16(1, 2, 5, 4));
  const Tensor S = graph.add("blocks.{}.timeMix.S", "MatMul", {S_weights, y_rows},
      {{"transpose_in0", true}, {"transpose_in1", false}}, f16(1, 2, 4, 4));
  const Tensor S_1 = graph.add("blocks.{}.timeMix.S.1", "Reshape", {S}, {}, f16(1, 2, 8, 2));

  // rwkv-5.2.rwkv.ts:76   x = x + output @ (group_norm(y, ln_x, eps = 64e-5) * g)
  graph.at("rwkv-5.2.rwkv.ts", 76);
  const Tensor ones = graph.weight("ones", 1152, f16(4));
  const Tensor zeros = graph.weight("zeros", 1216, f16(4));
  const Tensor x_1 = graph.add("blocks.{}.timeMix.x.1", "LayerNorm", {y, ones, zeros},
      {{"epsilon", 0.00001f}, values("axes", {3u})}, f16(1, 2, 1, 4));
  const Tensor x_2 = graph.add("blocks.{}.timeMix.x.2", "Reshape", {x_1}, {}, f16(1, 8));
  const Tensor ln_x_weight = graph.weight("blocks.{}.att.ln_x.weight", layer.ln_x_weight, f16(1, 8));
  const Tensor x_3 = graph.add("blocks.{}.timeMix.x.3", "ElementWiseMultiply", {x_2, ln_x_weight}, {},
      f16(1, 8));
  const Tensor ln_x_bias = graph.weight("blocks.{}.att.ln_x.bias", layer.ln_x_bias, f16(1, 8));
  const Tensor x_4 = graph.add("blocks.{}.timeMix.x.4", "ElementWiseAdd", {x_3, ln_x_bias}, {}, f16(1, 8));
  const Tensor x_5 = graph.add("blocks.{}.timeMix.x.5", "ElementWiseMultiply", {x_4, g}, {}, f16(1, 8));
  const Tensor att_output_weight = graph.weight("blocks.{}.att.output.weight", layer.att_output_weight,
      f16(8, 8));
  const Tensor x_6 = graph.add("blocks.{}.timeMix.x.6", "FullyConnected", {x_5, att_output_weight}, {},
      f16(1, 8));
  const Tensor x_out = graph.add("blocks.{}.timeMix.x", "ElementWiseAdd", {x, x_6}, {}, f16(1, 8));
  return {S_1, x_out};
}

// What differs between layers: offsets of weights in bytes, grids of integers.
struct ChannelMixLayer {
  uint32_t number;
  uint64_t ln2_weight, ln2_bias, shifts_constant, receptance_weight, key_weight, value_weight;
};
constexpr ChannelMixLayer kChannelMix[] = {
    // number  ln2_weight  ln2_bias  shifts_constant  receptance_weight  key_weight  value_weight
    {       0,       1536,     1600,            1664,              1728,       1856,         2048},
    {       1,       3328,     3392,            3456,              3520,       3648,         3840},
};

// channelMix of layers 0 to 1.
Tensor channel_mix(Graph& graph, const ChannelMixLayer& layer, Tensor x) {
  graph.layer(layer.number);

  // rwkv-5.2.rwkv.ts:91   xx = layer_norm(x, ln2)
  graph.at("rwkv-5.2.rwkv.ts", 91);
  const Tensor ln2_weight = graph.weight("blocks.{}.ln2.weight", layer.ln2_weight, f16(8));
  const Tensor ln2_bias = graph.weight("blocks.{}.ln2.bias", layer.ln2_bias, f16(8));
  const Tensor x_prev_out = graph.add("blocks.{}.channelMix.x_prev_out", "LayerNorm",
      {x, ln2_weight, ln2_bias}, {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-5.2.rwkv.ts:93   r = sigmoid(receptance @ (xx * mix_r + xp * (1 - mix_r)))
  graph.at("rwkv-5.2.rwkv.ts", 93);
  const Tensor x_prev_in = graph.input("blocks.{}.channelMix.x_prev_in", f16(1, 8));
  const Tensor r_1 = graph.add("blocks.{}.channelMix.r.1", "ElementWiseSubtract", {x_prev_out, x_prev_in}, {},
      f16(1, 8));
  const Tensor shifts_constant = graph.weight("blocks.{}.channelMix.shifts.constant", layer.shifts_constant,
      f16(2, 8));
  const Tensor shifts_1 = graph.add("blocks.{}.channelMix.shifts.1", "ElementWiseMultiply",
      {r_1, shifts_constant}, {}, f16(2, 8));
  const Tensor shifts = graph.add("blocks.{}.channelMix.shifts", "ElementWiseAdd", {shifts_1, x_prev_in}, {},
      f16(2, 8));
  const Tensors r_2_split = graph.add("blocks.{}.channelMix.r.2", "Split", {shifts},
      {{"axis", 0u}, values("split_index", {1u})},
      {Out(f16(1, 8)), Out("blocks.{}.channelMix.k.1", f16(1, 8))});
  const Tensor receptance_weight = graph.weight("blocks.{}.ffn.receptance.weight", layer.receptance_weight,
      f16(8, 8));
  const Tensor r_3 = graph.add("blocks.{}.channelMix.r.3", "FullyConnected",
      {r_2_split[0], receptance_weight}, {}, f16(1, 8));
  const Tensor constant_1 = graph.weight("constant_1", 960, f16(1));
  const Tensor r_4 = graph.add("blocks.{}.channelMix.r.4", "ElementWiseMultiply", {r_3, constant_1}, {},
      f16(1, 8));
  const Tensor r = graph.add("blocks.{}.channelMix.r", "Sigmoid", {r_4}, {}, f16(1, 8));

  // rwkv-5.2.rwkv.ts:94   k = relu(key @ (xx * mix_k + xp * (1 - mix_k)))
  graph.at("rwkv-5.2.rwkv.ts", 94);
  const Tensor key_weight = graph.weight("blocks.{}.ffn.key.weight", layer.key_weight, f16(12, 8));
  const Tensor k_2 = graph.add("blocks.{}.channelMix.k.2", "FullyConnected", {r_2_split[1], key_weight}, {},
      f16(1, 12));
  const Tensor k = graph.add("blocks.{}.channelMix.k", "Relu", {k_2}, {}, f16(1, 12));

  // rwkv-5.2.rwkv.ts:95   x = x + r * (value @ k^2)
  graph.at("rwkv-5.2.rwkv.ts", 95);
  const Tensor x_1 = graph.add("blocks.{}.channelMix.x.1", "ElementWiseMultiply", {k, k}, {}, f16(1, 12));
  const Tensor value_weight = graph.weight("blocks.{}.ffn.value.weight", layer.value_weight, f16(8, 12));
  const Tensor x_2 = graph.add("blocks.{}.channelMix.x.2", "FullyConnected", {x_1, value_weight}, {},
      f16(1, 8));
  const Tensor x_3 = graph.add("blocks.{}.channelMix.x.3", "ElementWiseMultiply", {r, x_2}, {}, f16(1, 8));
  const Tensor x_out = graph.add("blocks.{}.channelMix.x", "ElementWiseAdd", {x, x_3}, {}, f16(1, 8));
  return x_out;
}

void build(Graph& graph) {
  const Tensor in = graph.input("in", i32(1));
  const Tensor S_in = graph.input("timeMix.S_in", f16(2, 2, 8, 2));

  // rwkv-5.2.rwkv.ts:73   y[h,j] = r[h,i] * (u[h,i] * k[h,i] * v[h,j] + S[h,i,j])
  graph.at("rwkv-5.2.rwkv.ts", 73);
  const Tensors S_in_split = graph.add("blocks.0.timeMix.S_in", "Split", {S_in},
      {{"axis", 0u}, values("split_index", {1u})},
      {Out(f16(1, 2, 8, 2)), Out("blocks.1.timeMix.S_in", f16(1, 2, 8, 2))});

  // rwkv-5.2.rwkv.ts:41   x = layer_norm(emb[token], ln0)
  graph.at("rwkv-5.2.rwkv.ts", 41);
  const Tensor x_constant = graph.weight("embedding.x.constant", 64, f16(11, 8));
  const Tensor x = graph.add("embedding.x", "Gather", {x_constant, in}, {{"axis", 0}}, f16(1, 8));

  const auto time_mix_0 = time_mix(graph, kTimeMix[0], x, S_in_split[0]);
  const auto channel_mix_0 = channel_mix(graph, kChannelMix[0], time_mix_0.x_out);
  const auto time_mix_1 = time_mix(graph, kTimeMix[1], channel_mix_0, S_in_split[1]);
  const auto channel_mix_1 = channel_mix(graph, kChannelMix[1], time_mix_1.x_out);

  // rwkv-5.2.rwkv.ts:103   logits = head @ layer_norm(x, ln_out)
  graph.at("rwkv-5.2.rwkv.ts", 103);
  const Tensor ln_out_weight = graph.weight("ln_out.weight", 4032, f16(8));
  const Tensor ln_out_bias = graph.weight("ln_out.bias", 4096, f16(8));
  const Tensor logits_1 = graph.add("head.logits.1", "LayerNorm", {channel_mix_1, ln_out_weight, ln_out_bias},
      {{"epsilon", 0.00001f}, values("axes", {1u})}, f16(1, 8));
  const Tensor head_weight = graph.weight("head.weight", 4160, f16(11, 8));
  graph.add("out", "FullyConnected", {logits_1, head_weight}, {}, output(f16(1, 11)));

  // rwkv-5.2.rwkv.ts:74   S'[h,i,j] = k[h,i] * v[h,j] + w[h,i] * S[h,i,j]
  graph.at("rwkv-5.2.rwkv.ts", 74);
  graph.add("timeMix.S_out", "Concat", {time_mix_0.S_1, time_mix_1.S_1}, {{"axis", 0u}},
      output(f16(2, 2, 8, 2)));
}

}  // namespace decode

constexpr GraphSource kGraphs[] = {
    {"test", decode::build},
};

}  // namespace

// Constants: weights.bin, found beside the library or two folders up.
const rwkvc::ModelSource rwkvc::kModel = {
    {"weights.bin", 4352, "0000000000000000000000000000000000000000000000000000000000000000"},
    kGraphs,
    1,
};
