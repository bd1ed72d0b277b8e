// tiny: rwkv-4, 2 layers, fp16 for htp-v75.
// Spec: rwkv-4.rwkv.ts. Written by rwkvc 0.0.0; it is meant to be read and edited.
#include "rwkvc_model.h"

namespace {

using namespace rwkvc;

// Graph test: one token, 2 layers, 115 nodes.
namespace decode {

// What differs between layers: offsets of weights in bytes, grids of integers.
struct TimeMixLayer {
  uint32_t number;
  uint64_t ln1_weight, ln1_bias, shifts_constant, receptance_weight, key_weight, v_weight, time_first;
  uint64_t w_constant, x_weight;
};
constexpr TimeMixLayer kTimeMix[] = {
    // number  ln1_weight  ln1_bias  shifts_constant  receptance_weight  key_weight  v_weight  time_first
    // w_constant  x_weight
    {       0,        256,      320,             384,               448,        640,      768,        896,
             1024,     1152},
    {       1,       1984,     2048,            2112,              2176,       2304,     2432,       2560,
             2624,     2688},
};

// timeMix of layers 0 to 1.
Tensor time_mix(Graph& graph, const TimeMixLayer& layer, Tensor x) {
  graph.layer(layer.number);

  // rwkv-4.rwkv.ts:81   xx = layer_norm(x, ln1)
  graph.at("rwkv-4.rwkv.ts", 81);
  const Tensor ln1_weight = graph.weight("blocks.{}.ln1.weight", layer.ln1_weight, f16(8));
  const Tensor ln1_bias = graph.weight("blocks.{}.ln1.bias", layer.ln1_bias, f16(8));
  const Tensor x_prev_out = graph.add("blocks.{}.timeMix.x_prev_out", "LayerNorm", {x, ln1_weight, ln1_bias},
      {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-4.rwkv.ts:84   r = sigmoid(receptance @ (xx * mix_r + xp * (1 - mix_r)))
  graph.at("rwkv-4.rwkv.ts", 84);
  const Tensor x_prev_in = graph.input("blocks.{}.timeMix.x_prev_in", f16(1, 8));
  const Tensor r_1 = graph.add("blocks.{}.timeMix.r.1", "ElementWiseSubtract", {x_prev_out, x_prev_in}, {},
      f16(1, 8));
  const Tensor shifts_constant = graph.weight("blocks.{}.timeMix.shifts.constant", layer.shifts_constant,
      f16(3, 8));
  const Tensor shifts_1 = graph.add("blocks.{}.timeMix.shifts.1", "ElementWiseMultiply",
      {r_1, shifts_constant}, {}, f16(3, 8));
  const Tensor shifts = graph.add("blocks.{}.timeMix.shifts", "ElementWiseAdd", {shifts_1, x_prev_in}, {},
      f16(3, 8));
  const Tensors r_2_split = graph.add("blocks.{}.timeMix.r.2", "Split", {shifts},
      {{"axis", 0u}, values("split_index", {1u, 2u})},
      {Out(f16(1, 8)), Out("blocks.{}.timeMix.k.1", f16(1, 8)), Out("blocks.{}.timeMix.v.1", f16(1, 8))});
  const Tensor receptance_weight = graph.weight("blocks.{}.att.receptance.weight", layer.receptance_weight,
      f16(8, 8));
  const Tensor r_3 = graph.add("blocks.{}.timeMix.r.3", "FullyConnected", {r_2_split[0], receptance_weight},
      {}, f16(1, 8));
  const Tensor constant_1 = graph.weight("constant_1", 576, f16(1));
  const Tensor r_4 = graph.add("blocks.{}.timeMix.r.4", "ElementWiseMultiply", {r_3, constant_1}, {},
      f16(1, 8));
  const Tensor r = graph.add("blocks.{}.timeMix.r", "Sigmoid", {r_4}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:85   k = key @ (xx * mix_k + xp * (1 - mix_k))
  graph.at("rwkv-4.rwkv.ts", 85);
  const Tensor key_weight = graph.weight("blocks.{}.att.key.weight", layer.key_weight, f16(8, 8));
  const Tensor k = graph.add("blocks.{}.timeMix.k", "FullyConnected", {r_2_split[1], key_weight}, {},
      f16(1, 8));

  // rwkv-4.rwkv.ts:86   v = value @ (xx * mix_v + xp * (1 - mix_v))
  graph.at("rwkv-4.rwkv.ts", 86);
  const Tensor v_weight = graph.weight("blocks.{}.timeMix.v.weight", layer.v_weight, f16(8, 8));
  const Tensor v = graph.add("blocks.{}.timeMix.v", "FullyConnected", {r_2_split[2], v_weight}, {},
      f16(1, 8));

  // rwkv-4.rwkv.ts:90   uk = u + k
  graph.at("rwkv-4.rwkv.ts", 90);
  const Tensor time_first = graph.weight("blocks.{}.att.time_first", layer.time_first, f16(1, 8));
  const Tensor uk = graph.add("blocks.{}.timeMix.uk", "ElementWiseAdd", {time_first, k}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:91   p = max(pp, uk)
  graph.at("rwkv-4.rwkv.ts", 91);
  const Tensor pp_in = graph.input("blocks.{}.timeMix.pp_in", f16(1, 8));
  const Tensor p = graph.add("blocks.{}.timeMix.p", "ElementWiseMaximum", {pp_in, uk}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:92   a = exp(pp - p)
  graph.at("rwkv-4.rwkv.ts", 92);
  const Tensor a_1 = graph.add("blocks.{}.timeMix.a.1", "ElementWiseSubtract", {pp_in, p}, {}, f16(1, 8));
  const Tensor constant_80 = graph.weight("constant__80", 960, f16(1));
  const Tensor a_2 = graph.add("blocks.{}.timeMix.a.2", "ElementWiseMaximum", {a_1, constant_80}, {},
      f16(1, 8));
  const Tensor a = graph.add("blocks.{}.timeMix.a", "ElementWiseExp", {a_2}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:93   b = exp(uk - p)
  graph.at("rwkv-4.rwkv.ts", 93);
  const Tensor b_1 = graph.add("blocks.{}.timeMix.b.1", "ElementWiseSubtract", {uk, p}, {}, f16(1, 8));
  const Tensor b_2 = graph.add("blocks.{}.timeMix.b.2", "ElementWiseMaximum", {b_1, constant_80}, {},
      f16(1, 8));
  const Tensor b = graph.add("blocks.{}.timeMix.b", "ElementWiseExp", {b_2}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:94   wkv = (a * aa + b * v) / (a * bb + b)
  graph.at("rwkv-4.rwkv.ts", 94);
  const Tensor aa_in = graph.input("blocks.{}.timeMix.aa_in", f16(1, 8));
  const Tensor wkv_1 = graph.add("blocks.{}.timeMix.wkv.1", "ElementWiseMultiply", {a, aa_in}, {}, f16(1, 8));
  const Tensor wkv_2 = graph.add("blocks.{}.timeMix.wkv.2", "ElementWiseMultiply", {b, v}, {}, f16(1, 8));
  const Tensor wkv_3 = graph.add("blocks.{}.timeMix.wkv.3", "ElementWiseAdd", {wkv_1, wkv_2}, {}, f16(1, 8));
  const Tensor bb_in = graph.input("blocks.{}.timeMix.bb_in", f16(1, 8));
  const Tensor wkv_4 = graph.add("blocks.{}.timeMix.wkv.4", "ElementWiseMultiply", {a, bb_in}, {}, f16(1, 8));
  const Tensor wkv_5 = graph.add("blocks.{}.timeMix.wkv.5", "ElementWiseAdd", {wkv_4, b}, {}, f16(1, 8));
  const Tensor wkv = graph.add("blocks.{}.timeMix.wkv", "ElementWiseDivide", {wkv_3, wkv_5}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:97   q = max(pp + w, k)
  graph.at("rwkv-4.rwkv.ts", 97);
  const Tensor w_constant = graph.weight("blocks.{}.timeMix.w.constant", layer.w_constant, f16(1, 8));
  const Tensor q_1 = graph.add("blocks.{}.timeMix.q.1", "ElementWiseAdd", {pp_in, w_constant}, {}, f16(1, 8));
  const Tensor pp_out = graph.add("blocks.{}.timeMix.pp_out", "ElementWiseMaximum", {q_1, k}, {},
      output(f16(1, 8)));

  // rwkv-4.rwkv.ts:98   c = exp(pp - q + w)
  graph.at("rwkv-4.rwkv.ts", 98);
  const Tensor c_1 = graph.add("blocks.{}.timeMix.c.1", "ElementWiseSubtract", {pp_in, pp_out}, {},
      f16(1, 8));
  const Tensor c_2 = graph.add("blocks.{}.timeMix.c.2", "ElementWiseAdd", {c_1, w_constant}, {}, f16(1, 8));
  const Tensor c_3 = graph.add("blocks.{}.timeMix.c.3", "ElementWiseMaximum", {c_2, constant_80}, {},
      f16(1, 8));
  const Tensor constant_11 = graph.weight("constant_11", 1088, f16(1));
  const Tensor c_4 = graph.add("blocks.{}.timeMix.c.4", "ElementWiseMinimum", {c_3, constant_11}, {},
      f16(1, 8));
  const Tensor c = graph.add("blocks.{}.timeMix.c", "ElementWiseExp", {c_4}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:99   d = exp(k - q)
  graph.at("rwkv-4.rwkv.ts", 99);
  const Tensor d_1 = graph.add("blocks.{}.timeMix.d.1", "ElementWiseSubtract", {k, pp_out}, {}, f16(1, 8));
  const Tensor d_2 = graph.add("blocks.{}.timeMix.d.2", "ElementWiseMaximum", {d_1, constant_80}, {},
      f16(1, 8));
  const Tensor d = graph.add("blocks.{}.timeMix.d", "ElementWiseExp", {d_2}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:100   aa' = c * aa + d * v
  graph.at("rwkv-4.rwkv.ts", 100);
  const Tensor aa_1 = graph.add("blocks.{}.timeMix.aa.1", "ElementWiseMultiply", {c, aa_in}, {}, f16(1, 8));
  const Tensor aa_2 = graph.add("blocks.{}.timeMix.aa.2", "ElementWiseMultiply", {d, v}, {}, f16(1, 8));
  graph.add("blocks.{}.timeMix.aa_out", "ElementWiseAdd", {aa_1, aa_2}, {}, output(f16(1, 8)));

  // rwkv-4.rwkv.ts:101   bb' = c * bb + d
  graph.at("rwkv-4.rwkv.ts", 101);
  const Tensor bb_1 = graph.add("blocks.{}.timeMix.bb.1", "ElementWiseMultiply", {c, bb_in}, {}, f16(1, 8));
  graph.add("blocks.{}.timeMix.bb_out", "ElementWiseAdd", {bb_1, d}, {}, output(f16(1, 8)));

  // rwkv-4.rwkv.ts:104   x = x + output @ (r * wkv)
  graph.at("rwkv-4.rwkv.ts", 104);
  const Tensor x_1 = graph.add("blocks.{}.timeMix.x.1", "ElementWiseMultiply", {r, wkv}, {}, f16(1, 8));
  const Tensor x_weight = graph.weight("blocks.{}.timeMix.x.weight", layer.x_weight, f16(8, 8));
  const Tensor x_2 = graph.add("blocks.{}.timeMix.x.2", "FullyConnected", {x_1, x_weight}, {}, f16(1, 8));
  const Tensor x_out = graph.add("blocks.{}.timeMix.x", "ElementWiseAdd", {x, x_2}, {}, f16(1, 8));
  return x_out;
}

// What differs between layers: offsets of weights in bytes, grids of integers.
struct ChannelMixLayer {
  uint32_t number;
  uint64_t ln2_weight, ln2_bias, shifts_constant, receptance_weight, key_weight, value_weight;
};
constexpr ChannelMixLayer kChannelMix[] = {
    // number  ln2_weight  ln2_bias  shifts_constant  receptance_weight  key_weight  value_weight
    {       0,       1280,     1344,            1408,              1472,       1600,         1792},
    {       1,       2816,     2880,            2944,              3008,       3136,         3328},
};

// channelMix of layers 0 to 1.
Tensor channel_mix(Graph& graph, const ChannelMixLayer& layer, Tensor x) {
  graph.layer(layer.number);

  // rwkv-4.rwkv.ts:30   xx = layer_norm(x, ln2)
  graph.at("rwkv-4.rwkv.ts", 30);
  const Tensor ln2_weight = graph.weight("blocks.{}.ln2.weight", layer.ln2_weight, f16(8));
  const Tensor ln2_bias = graph.weight("blocks.{}.ln2.bias", layer.ln2_bias, f16(8));
  const Tensor x_prev_out = graph.add("blocks.{}.channelMix.x_prev_out", "LayerNorm",
      {x, ln2_weight, ln2_bias}, {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-4.rwkv.ts:32   r = sigmoid(receptance @ (xx * mix_r + xp * (1 - mix_r)))
  graph.at("rwkv-4.rwkv.ts", 32);
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
  const Tensor constant_1 = graph.weight("constant_1", 576, f16(1));
  const Tensor r_4 = graph.add("blocks.{}.channelMix.r.4", "ElementWiseMultiply", {r_3, constant_1}, {},
      f16(1, 8));
  const Tensor r = graph.add("blocks.{}.channelMix.r", "Sigmoid", {r_4}, {}, f16(1, 8));

  // rwkv-4.rwkv.ts:33   k = relu(key @ (xx * mix_k + xp * (1 - mix_k)))
  graph.at("rwkv-4.rwkv.ts", 33);
  const Tensor key_weight = graph.weight("blocks.{}.ffn.key.weight", layer.key_weight, f16(12, 8));
  const Tensor k_2 = graph.add("blocks.{}.channelMix.k.2", "FullyConnected", {r_2_split[1], key_weight}, {},
      f16(1, 12));
  const Tensor k = graph.add("blocks.{}.channelMix.k", "Relu", {k_2}, {}, f16(1, 12));

  // rwkv-4.rwkv.ts:34   x = x + r * (value @ k^2)
  graph.at("rwkv-4.rwkv.ts", 34);
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

  // rwkv-4.rwkv.ts:60   x = layer_norm(emb[token], ln0)
  graph.at("rwkv-4.rwkv.ts", 60);
  const Tensor x_constant = graph.weight("embedding.x.constant", 64, f16(11, 8));
  const Tensor x = graph.add("embedding.x", "Gather", {x_constant, in}, {{"axis", 0}}, f16(1, 8));

  const auto time_mix_0 = time_mix(graph, kTimeMix[0], x);
  const auto channel_mix_0 = channel_mix(graph, kChannelMix[0], time_mix_0);
  const auto time_mix_1 = time_mix(graph, kTimeMix[1], channel_mix_0);
  const auto channel_mix_1 = channel_mix(graph, kChannelMix[1], time_mix_1);

  // rwkv-4.rwkv.ts:113   logits = head @ layer_norm(x, ln_out)
  graph.at("rwkv-4.rwkv.ts", 113);
  const Tensor ln_out_weight = graph.weight("ln_out.weight", 3520, f16(8));
  const Tensor ln_out_bias = graph.weight("ln_out.bias", 3584, f16(8));
  const Tensor logits_1 = graph.add("head.logits.1", "LayerNorm", {channel_mix_1, ln_out_weight, ln_out_bias},
      {{"epsilon", 0.00001f}, values("axes", {1u})}, f16(1, 8));
  const Tensor head_weight = graph.weight("head.weight", 3648, f16(11, 8));
  graph.add("out", "FullyConnected", {logits_1, head_weight}, {}, output(f16(1, 11)));
}

}  // namespace decode

constexpr GraphSource kGraphs[] = {
    {"test", decode::build},
};

}  // namespace

// Constants: weights.bin, found beside the library or two folders up.
const rwkvc::ModelSource rwkvc::kModel = {
    {"weights.bin", 3840, "0000000000000000000000000000000000000000000000000000000000000000"},
    kGraphs,
    1,
};
