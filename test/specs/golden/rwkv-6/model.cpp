// tiny: rwkv-6, 2 layers, fp16 for htp-v75.
// Spec: rwkv-6.rwkv.ts. Written by rwkvc 0.0.0; it is meant to be read and edited.
#include "rwkvc_model.h"

namespace {

using namespace rwkvc;

// Graph test: one token, 2 layers, 163 nodes.
namespace decode {

// What differs between layers: offsets of weights in bytes, grids of integers.
struct TimeMixLayer {
  uint32_t number;
  uint64_t ln1_weight, ln1_bias, time_maa_x, time_maa_w1, time_maa_w2, time_maa_w, time_decay_w1;
  uint64_t time_decay_w2, time_decay, time_maa_k, k_weight, time_maa_v, v_weight, time_maa_r;
  uint64_t receptance_weight, time_maa_g, gate_weight, time_faaaa, ln_x_weight, ln_x_bias, att_output_weight;
};
constexpr TimeMixLayer kTimeMix[] = {
    // number  ln1_weight  ln1_bias  time_maa_x  time_maa_w1  time_maa_w2  time_maa_w  time_decay_w1
    // time_decay_w2  time_decay  time_maa_k  k_weight  time_maa_v  v_weight  time_maa_r  receptance_weight
    // time_maa_g  gate_weight  time_faaaa  ln_x_weight  ln_x_bias  att_output_weight
    {       0,        256,      320,        384,         448,         704,        896,           960,
                1024,       1088,       1280,     1344,       1472,     1536,       1664,              1728,
             1856,        1920,       2048,        2240,      2304,              2368},
    {       1,       3200,     3264,       3328,        3392,        3584,       3776,          3840,
                3904,       3968,       4032,     4096,       4224,     4288,       4416,              4480,
             4608,        4672,       4800,        4864,      4928,              4992},
};

struct TimeMixResult { Tensor S_3, x_out; };

// timeMix of layers 0 to 1.
TimeMixResult time_mix(Graph& graph, const TimeMixLayer& layer, Tensor x, Tensor S_in) {
  graph.layer(layer.number);

  // rwkv-6.rwkv.ts:54   xx = layer_norm(x, ln1)
  graph.at("rwkv-6.rwkv.ts", 54);
  const Tensor ln1_weight = graph.weight("blocks.{}.ln1.weight", layer.ln1_weight, f16(8));
  const Tensor ln1_bias = graph.weight("blocks.{}.ln1.bias", layer.ln1_bias, f16(8));
  const Tensor x_prev_out = graph.add("blocks.{}.timeMix.x_prev_out", "LayerNorm", {x, ln1_weight, ln1_bias},
      {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-6.rwkv.ts:55   dx = shift(xx, x_prev) - xx
  graph.at("rwkv-6.rwkv.ts", 55);
  const Tensor x_prev_in = graph.input("blocks.{}.timeMix.x_prev_in", f16(1, 8));
  const Tensor dx = graph.add("blocks.{}.timeMix.dx", "ElementWiseSubtract", {x_prev_in, x_prev_out}, {},
      f16(1, 8));

  // rwkv-6.rwkv.ts:58   z = tanh((xx + dx * maa_x) @ maa_w1) : C Rm
  graph.at("rwkv-6.rwkv.ts", 58);
  const Tensor time_maa_x = graph.weight("blocks.{}.att.time_maa_x", layer.time_maa_x, f16(1, 8));
  const Tensor z_1 = graph.add("blocks.{}.timeMix.z.1", "ElementWiseMultiply", {dx, time_maa_x}, {},
      f16(1, 8));
  const Tensor z_2 = graph.add("blocks.{}.timeMix.z.2", "ElementWiseAdd", {x_prev_out, z_1}, {}, f16(1, 8));
  const Tensor time_maa_w1 = graph.weight("blocks.{}.att.time_maa_w1", layer.time_maa_w1, f16(10, 8));
  const Tensor z_3 = graph.add("blocks.{}.timeMix.z.3", "FullyConnected", {z_2, time_maa_w1}, {}, f16(1, 10));
  const Tensor constant_1 = graph.weight("constant_1", 640, f16(1));
  const Tensor z_4 = graph.add("blocks.{}.timeMix.z.4", "ElementWiseMultiply", {z_3, constant_1}, {},
      f16(1, 10));
  const Tensor z_5 = graph.add("blocks.{}.timeMix.z.5", "Tanh", {z_4}, {}, f16(1, 10));
  const Tensor z_6 = graph.add("blocks.{}.timeMix.z.6", "Reshape", {z_5}, {}, f16(1, 5, 1, 2));

  // rwkv-6.rwkv.ts:59   m[c,d] = z[c,r] * maa_w2[c,r,d]
  graph.at("rwkv-6.rwkv.ts", 59);
  const Tensor time_maa_w2 = graph.weight("blocks.{}.att.time_maa_w2", layer.time_maa_w2, f16(1, 5, 2, 8));
  const Tensor m_1 = graph.add("blocks.{}.timeMix.m.1", "MatMul", {z_6, time_maa_w2},
      {{"transpose_in0", false}, {"transpose_in1", false}}, f16(1, 5, 1, 8));
  const Tensor m = graph.add("blocks.{}.timeMix.m", "Reshape", {m_1}, {}, f16(5, 8));
  const Tensors w_1_split = graph.add("blocks.{}.timeMix.w.1", "Split", {m},
      {{"axis", 0u}, values("split_index", {1u, 2u, 3u, 4u})},
      {Out(f16(1, 8)), Out("blocks.{}.timeMix.k.1", f16(1, 8)), Out("blocks.{}.timeMix.v.1", f16(1, 8)),
       Out("blocks.{}.timeMix.r.1", f16(1, 8)), Out("blocks.{}.timeMix.g.1", f16(1, 8))});

  // rwkv-6.rwkv.ts:61   w = exp(-exp(decay + tanh((xx + dx * (maa_w + m[0])) @ decay_w1) @ decay_w2)) : H N
  graph.at("rwkv-6.rwkv.ts", 61);
  const Tensor time_maa_w = graph.weight("blocks.{}.att.time_maa_w", layer.time_maa_w, f16(1, 8));
  const Tensor w_2 = graph.add("blocks.{}.timeMix.w.2", "ElementWiseAdd", {time_maa_w, w_1_split[0]}, {},
      f16(1, 8));
  const Tensor w_3 = graph.add("blocks.{}.timeMix.w.3", "ElementWiseMultiply", {dx, w_2}, {}, f16(1, 8));
  const Tensor w_4 = graph.add("blocks.{}.timeMix.w.4", "ElementWiseAdd", {x_prev_out, w_3}, {}, f16(1, 8));
  const Tensor time_decay_w1 = graph.weight("blocks.{}.att.time_decay_w1", layer.time_decay_w1, f16(3, 8));
  const Tensor w_5 = graph.add("blocks.{}.timeMix.w.5", "FullyConnected", {w_4, time_decay_w1}, {},
      f16(1, 3));
  const Tensor w_6 = graph.add("blocks.{}.timeMix.w.6", "ElementWiseMultiply", {w_5, constant_1}, {},
      f16(1, 3));
  const Tensor w_7 = graph.add("blocks.{}.timeMix.w.7", "Tanh", {w_6}, {}, f16(1, 3));
  const Tensor time_decay_w2 = graph.weight("blocks.{}.att.time_decay_w2", layer.time_decay_w2, f16(8, 3));
  const Tensor w_8 = graph.add("blocks.{}.timeMix.w.8", "FullyConnected", {w_7, time_decay_w2}, {},
      f16(1, 8));
  const Tensor time_decay = graph.weight("blocks.{}.att.time_decay", layer.time_decay, f16(1, 8));
  const Tensor w_9 = graph.add("blocks.{}.timeMix.w.9", "ElementWiseAdd", {time_decay, w_8}, {}, f16(1, 8));
  const Tensor constant_80 = graph.weight("constant__80", 1152, f16(1));
  const Tensor w_10 = graph.add("blocks.{}.timeMix.w.10", "ElementWiseMaximum", {w_9, constant_80}, {},
      f16(1, 8));
  const Tensor constant_11 = graph.weight("constant_11", 1216, f16(1));
  const Tensor w_11 = graph.add("blocks.{}.timeMix.w.11", "ElementWiseMinimum", {w_10, constant_11}, {},
      f16(1, 8));
  const Tensor w_12 = graph.add("blocks.{}.timeMix.w.12", "ElementWiseExp", {w_11}, {}, f16(1, 8));
  const Tensor w_13 = graph.add("blocks.{}.timeMix.w.13", "ElementWiseNeg", {w_12}, {}, f16(1, 8));
  const Tensor w_14 = graph.add("blocks.{}.timeMix.w.14", "ElementWiseMaximum", {w_13, constant_80}, {},
      f16(1, 8));
  const Tensor w_15 = graph.add("blocks.{}.timeMix.w.15", "ElementWiseExp", {w_14}, {}, f16(1, 8));

  // rwkv-6.rwkv.ts:62   k = key @ (xx + dx * (maa_k + m[1])) : H N
  graph.at("rwkv-6.rwkv.ts", 62);
  const Tensor time_maa_k = graph.weight("blocks.{}.att.time_maa_k", layer.time_maa_k, f16(1, 8));
  const Tensor k_2 = graph.add("blocks.{}.timeMix.k.2", "ElementWiseAdd", {time_maa_k, w_1_split[1]}, {},
      f16(1, 8));
  const Tensor k_3 = graph.add("blocks.{}.timeMix.k.3", "ElementWiseMultiply", {dx, k_2}, {}, f16(1, 8));
  const Tensor k_4 = graph.add("blocks.{}.timeMix.k.4", "ElementWiseAdd", {x_prev_out, k_3}, {}, f16(1, 8));
  const Tensor k_weight = graph.weight("blocks.{}.timeMix.k.weight", layer.k_weight, f16(8, 8));
  const Tensor k_5 = graph.add("blocks.{}.timeMix.k.5", "FullyConnected", {k_4, k_weight}, {}, f16(1, 8));
  const Tensor k = graph.add("blocks.{}.timeMix.k", "Reshape", {k_5}, {}, f16(1, 2, 1, 4));

  // rwkv-6.rwkv.ts:63   v = value @ (xx + dx * (maa_v + m[2])) : H N
  graph.at("rwkv-6.rwkv.ts", 63);
  const Tensor time_maa_v = graph.weight("blocks.{}.att.time_maa_v", layer.time_maa_v, f16(1, 8));
  const Tensor v_2 = graph.add("blocks.{}.timeMix.v.2", "ElementWiseAdd", {time_maa_v, w_1_split[2]}, {},
      f16(1, 8));
  const Tensor v_3 = graph.add("blocks.{}.timeMix.v.3", "ElementWiseMultiply", {dx, v_2}, {}, f16(1, 8));
  const Tensor v_4 = graph.add("blocks.{}.timeMix.v.4", "ElementWiseAdd", {x_prev_out, v_3}, {}, f16(1, 8));
  const Tensor v_weight = graph.weight("blocks.{}.timeMix.v.weight", layer.v_weight, f16(8, 8));
  const Tensor v_5 = graph.add("blocks.{}.timeMix.v.5", "FullyConnected", {v_4, v_weight}, {}, f16(1, 8));
  const Tensor v = graph.add("blocks.{}.timeMix.v", "Reshape", {v_5}, {}, f16(1, 2, 1, 4));

  // rwkv-6.rwkv.ts:64   r = receptance @ (xx + dx * (maa_r + m[3])) : H N
  graph.at("rwkv-6.rwkv.ts", 64);
  const Tensor time_maa_r = graph.weight("blocks.{}.att.time_maa_r", layer.time_maa_r, f16(1, 8));
  const Tensor r_2 = graph.add("blocks.{}.timeMix.r.2", "ElementWiseAdd", {time_maa_r, w_1_split[3]}, {},
      f16(1, 8));
  const Tensor r_3 = graph.add("blocks.{}.timeMix.r.3", "ElementWiseMultiply", {dx, r_2}, {}, f16(1, 8));
  const Tensor r_4 = graph.add("blocks.{}.timeMix.r.4", "ElementWiseAdd", {x_prev_out, r_3}, {}, f16(1, 8));
  const Tensor receptance_weight = graph.weight("blocks.{}.att.receptance.weight", layer.receptance_weight,
      f16(8, 8));
  const Tensor r_5 = graph.add("blocks.{}.timeMix.r.5", "FullyConnected", {r_4, receptance_weight}, {},
      f16(1, 8));
  const Tensor r = graph.add("blocks.{}.timeMix.r", "Reshape", {r_5}, {}, f16(1, 2, 1, 4));

  // rwkv-6.rwkv.ts:65   g = silu(gate @ (xx + dx * (maa_g + m[4]))) : H N
  graph.at("rwkv-6.rwkv.ts", 65);
  const Tensor time_maa_g = graph.weight("blocks.{}.att.time_maa_g", layer.time_maa_g, f16(1, 8));
  const Tensor g_2 = graph.add("blocks.{}.timeMix.g.2", "ElementWiseAdd", {time_maa_g, w_1_split[4]}, {},
      f16(1, 8));
  const Tensor g_3 = graph.add("blocks.{}.timeMix.g.3", "ElementWiseMultiply", {dx, g_2}, {}, f16(1, 8));
  const Tensor g_4 = graph.add("blocks.{}.timeMix.g.4", "ElementWiseAdd", {x_prev_out, g_3}, {}, f16(1, 8));
  const Tensor gate_weight = graph.weight("blocks.{}.att.gate.weight", layer.gate_weight, f16(8, 8));
  const Tensor g_5 = graph.add("blocks.{}.timeMix.g.5", "FullyConnected", {g_4, gate_weight}, {}, f16(1, 8));
  const Tensor g_6 = graph.add("blocks.{}.timeMix.g.6", "ElementWiseMultiply", {g_5, constant_1}, {},
      f16(1, 8));
  const Tensor g_7 = graph.add("blocks.{}.timeMix.g.7", "Sigmoid", {g_6}, {}, f16(1, 8));
  const Tensor g = graph.add("blocks.{}.timeMix.g", "ElementWiseMultiply", {g_5, g_7}, {}, f16(1, 8));

  // rwkv-6.rwkv.ts:67   y[h,j] = r[h,i] * (u[h,i] * k[h,i] * v[h,j] + S[h,i,j])
  graph.at("rwkv-6.rwkv.ts", 67);
  const Tensor S_in_1 = graph.add("blocks.{}.timeMix.S_in.1", "Reshape", {S_in}, {}, f16(1, 2, 4, 4));
  const Tensor time_faaaa = graph.weight("blocks.{}.att.time_faaaa", layer.time_faaaa, f16(1, 2, 1, 4));
  const Tensor y_1 = graph.add("blocks.{}.timeMix.y.1", "ElementWiseMultiply", {r, time_faaaa}, {},
      f16(1, 2, 1, 4));
  const Tensor y_2 = graph.add("blocks.{}.timeMix.y.2", "MatMul", {y_1, k},
      {{"transpose_in0", false}, {"transpose_in1", true}}, f16(1, 2, 1, 1));
  const Tensor y_3 = graph.add("blocks.{}.timeMix.y.3", "ElementWiseMultiply", {v, y_2}, {}, f16(1, 2, 1, 4));
  const Tensor y_4 = graph.add("blocks.{}.timeMix.y.4", "MatMul", {r, S_in_1},
      {{"transpose_in0", false}, {"transpose_in1", false}}, f16(1, 2, 1, 4));
  const Tensor y = graph.add("blocks.{}.timeMix.y", "ElementWiseAdd", {y_3, y_4}, {}, f16(1, 2, 1, 4));

  // rwkv-6.rwkv.ts:68   S'[h,i,j] = k[h,i] * v[h,j] + w[h,i] * S[h,i,j]
  graph.at("rwkv-6.rwkv.ts", 68);
  const Tensor S_1 = graph.add("blocks.{}.timeMix.S.1", "MatMul", {k, v},
      {{"transpose_in0", true}, {"transpose_in1", false}}, f16(1, 2, 4, 4));

  // rwkv-6.rwkv.ts:61   w = exp(-exp(decay + tanh((xx + dx * (maa_w + m[0])) @ decay_w1) @ decay_w2)) : H N
  graph.at("rwkv-6.rwkv.ts", 61);
  const Tensor w_16 = graph.add("blocks.{}.timeMix.w.16", "Reshape", {w_15}, {}, f16(1, 2, 4, 1));

  // rwkv-6.rwkv.ts:68   S'[h,i,j] = k[h,i] * v[h,j] + w[h,i] * S[h,i,j]
  graph.at("rwkv-6.rwkv.ts", 68);
  const Tensor S_2 = graph.add("blocks.{}.timeMix.S.2", "ElementWiseMultiply", {S_in_1, w_16}, {},
      f16(1, 2, 4, 4));
  const Tensor S = graph.add("blocks.{}.timeMix.S", "ElementWiseAdd", {S_1, S_2}, {}, f16(1, 2, 4, 4));
  const Tensor S_3 = graph.add("blocks.{}.timeMix.S.3", "Reshape", {S}, {}, f16(1, 2, 8, 2));

  // rwkv-6.rwkv.ts:70   x = x + output @ (group_norm(y, ln_x, eps = 64e-5) * g)
  graph.at("rwkv-6.rwkv.ts", 70);
  const Tensor ones = graph.weight("ones", 2112, f16(4));
  const Tensor zeros = graph.weight("zeros", 2176, f16(4));
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
  return {S_3, x_out};
}

// What differs between layers: offsets of weights in bytes, grids of integers.
struct ChannelMixLayer {
  uint32_t number;
  uint64_t ln2_weight, ln2_bias, shifts_constant, receptance_weight, key_weight, value_weight;
};
constexpr ChannelMixLayer kChannelMix[] = {
    // number  ln2_weight  ln2_bias  shifts_constant  receptance_weight  key_weight  value_weight
    {       0,       2496,     2560,            2624,              2688,       2816,         3008},
    {       1,       5120,     5184,            5248,              5312,       5440,         5632},
};

// channelMix of layers 0 to 1.
Tensor channel_mix(Graph& graph, const ChannelMixLayer& layer, Tensor x) {
  graph.layer(layer.number);

  // rwkv-6.rwkv.ts:85   xx = layer_norm(x, ln2)
  graph.at("rwkv-6.rwkv.ts", 85);
  const Tensor ln2_weight = graph.weight("blocks.{}.ln2.weight", layer.ln2_weight, f16(8));
  const Tensor ln2_bias = graph.weight("blocks.{}.ln2.bias", layer.ln2_bias, f16(8));
  const Tensor x_prev_out = graph.add("blocks.{}.channelMix.x_prev_out", "LayerNorm",
      {x, ln2_weight, ln2_bias}, {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-6.rwkv.ts:86   dx = shift(xx, x_prev) - xx
  graph.at("rwkv-6.rwkv.ts", 86);
  const Tensor x_prev_in = graph.input("blocks.{}.channelMix.x_prev_in", f16(1, 8));
  const Tensor dx = graph.add("blocks.{}.channelMix.dx", "ElementWiseSubtract", {x_prev_in, x_prev_out}, {},
      f16(1, 8));

  // rwkv-6.rwkv.ts:87   r = sigmoid(receptance @ (xx + dx * maa_r))
  graph.at("rwkv-6.rwkv.ts", 87);
  const Tensor shifts_constant = graph.weight("blocks.{}.channelMix.shifts.constant", layer.shifts_constant,
      f16(2, 8));
  const Tensor shifts_1 = graph.add("blocks.{}.channelMix.shifts.1", "ElementWiseMultiply",
      {dx, shifts_constant}, {}, f16(2, 8));
  const Tensor shifts = graph.add("blocks.{}.channelMix.shifts", "ElementWiseAdd", {shifts_1, x_prev_out}, {},
      f16(2, 8));
  const Tensors r_1_split = graph.add("blocks.{}.channelMix.r.1", "Split", {shifts},
      {{"axis", 0u}, values("split_index", {1u})},
      {Out(f16(1, 8)), Out("blocks.{}.channelMix.k.1", f16(1, 8))});
  const Tensor receptance_weight = graph.weight("blocks.{}.ffn.receptance.weight", layer.receptance_weight,
      f16(8, 8));
  const Tensor r_2 = graph.add("blocks.{}.channelMix.r.2", "FullyConnected",
      {r_1_split[0], receptance_weight}, {}, f16(1, 8));
  const Tensor constant_1 = graph.weight("constant_1", 640, f16(1));
  const Tensor r_3 = graph.add("blocks.{}.channelMix.r.3", "ElementWiseMultiply", {r_2, constant_1}, {},
      f16(1, 8));
  const Tensor r = graph.add("blocks.{}.channelMix.r", "Sigmoid", {r_3}, {}, f16(1, 8));

  // rwkv-6.rwkv.ts:88   k = relu(key @ (xx + dx * maa_k))
  graph.at("rwkv-6.rwkv.ts", 88);
  const Tensor key_weight = graph.weight("blocks.{}.ffn.key.weight", layer.key_weight, f16(12, 8));
  const Tensor k_2 = graph.add("blocks.{}.channelMix.k.2", "FullyConnected", {r_1_split[1], key_weight}, {},
      f16(1, 12));
  const Tensor k = graph.add("blocks.{}.channelMix.k", "Relu", {k_2}, {}, f16(1, 12));

  // rwkv-6.rwkv.ts:89   x = x + r * (value @ k^2)
  graph.at("rwkv-6.rwkv.ts", 89);
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

  // rwkv-6.rwkv.ts:67   y[h,j] = r[h,i] * (u[h,i] * k[h,i] * v[h,j] + S[h,i,j])
  graph.at("rwkv-6.rwkv.ts", 67);
  const Tensors S_in_split = graph.add("blocks.0.timeMix.S_in", "Split", {S_in},
      {{"axis", 0u}, values("split_index", {1u})},
      {Out(f16(1, 2, 8, 2)), Out("blocks.1.timeMix.S_in", f16(1, 2, 8, 2))});

  // rwkv-4.rwkv.ts:60   x = layer_norm(emb[token], ln0)
  graph.at("rwkv-4.rwkv.ts", 60);
  const Tensor x_constant = graph.weight("embedding.x.constant", 64, f16(11, 8));
  const Tensor x = graph.add("embedding.x", "Gather", {x_constant, in}, {{"axis", 0}}, f16(1, 8));

  const auto time_mix_0 = time_mix(graph, kTimeMix[0], x, S_in_split[0]);
  const auto channel_mix_0 = channel_mix(graph, kChannelMix[0], time_mix_0.x_out);
  const auto time_mix_1 = time_mix(graph, kTimeMix[1], channel_mix_0, S_in_split[1]);
  const auto channel_mix_1 = channel_mix(graph, kChannelMix[1], time_mix_1.x_out);

  // rwkv-4.rwkv.ts:113   logits = head @ layer_norm(x, ln_out)
  graph.at("rwkv-4.rwkv.ts", 113);
  const Tensor ln_out_weight = graph.weight("ln_out.weight", 5824, f16(8));
  const Tensor ln_out_bias = graph.weight("ln_out.bias", 5888, f16(8));
  const Tensor logits_1 = graph.add("head.logits.1", "LayerNorm", {channel_mix_1, ln_out_weight, ln_out_bias},
      {{"epsilon", 0.00001f}, values("axes", {1u})}, f16(1, 8));
  const Tensor head_weight = graph.weight("head.weight", 5952, f16(11, 8));
  graph.add("out", "FullyConnected", {logits_1, head_weight}, {}, output(f16(1, 11)));

  // rwkv-6.rwkv.ts:68   S'[h,i,j] = k[h,i] * v[h,j] + w[h,i] * S[h,i,j]
  graph.at("rwkv-6.rwkv.ts", 68);
  graph.add("timeMix.S_out", "Concat", {time_mix_0.S_3, time_mix_1.S_3}, {{"axis", 0u}},
      output(f16(2, 2, 8, 2)));
}

}  // namespace decode

constexpr GraphSource kGraphs[] = {
    {"test", decode::build},
};

}  // namespace

// Constants: weights.bin, found beside the library or two folders up.
const rwkvc::ModelSource rwkvc::kModel = {
    {"weights.bin", 6144, "0000000000000000000000000000000000000000000000000000000000000000"},
    kGraphs,
    1,
};
