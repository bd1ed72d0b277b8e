// tiny: rwkv-7a, 2 layers, fp16 for htp-v75.
// Spec: rwkv-7a.rwkv.ts. Written by rwkvc 0.0.0; it is meant to be read and edited.
#include "rwkvc_model.h"

namespace {

using namespace rwkvc;

// Graph test: one token, 2 layers, 162 nodes.
namespace decode {

// What differs between layers: offsets of weights in bytes, grids of integers.
struct ChannelMixLayer {
  uint32_t number;
  uint64_t s_emb_weight, s_emb_x_weight;
};
constexpr ChannelMixLayer kChannelMix[] = {
    // number  s_emb_weight  s_emb_x_weight
    {       0,          256,            576},
    {       1,         3776,           4096},
};

// channelMix of layers 0 to 1.
Tensor channel_mix(Graph& graph, const ChannelMixLayer& layer, Tensor in, Tensor x) {
  graph.layer(layer.number);

  // rwkv-7a.rwkv.ts:49   deep = s_emb[token] + s_emb_x @ e : I J
  graph.at("rwkv-7a.rwkv.ts", 49);
  const Tensor s_emb_weight = graph.weight("blocks.{}.ffn.s_emb.weight", layer.s_emb_weight, f16(11, 12));
  const Tensor deep_1 = graph.add("blocks.{}.channelMix.deep.1", "Gather", {s_emb_weight, in}, {{"axis", 0}},
      f16(1, 12));
  const Tensor s_emb_x_weight = graph.weight("blocks.{}.ffn.s_emb_x.weight", layer.s_emb_x_weight,
      f16(12, 8));
  const Tensor deep_2 = graph.add("blocks.{}.channelMix.deep.2", "FullyConnected", {x, s_emb_x_weight}, {},
      f16(1, 12));
  const Tensor deep_3 = graph.add("blocks.{}.channelMix.deep.3", "ElementWiseAdd", {deep_1, deep_2}, {},
      f16(1, 12));
  const Tensor deep = graph.add("blocks.{}.channelMix.deep", "Reshape", {deep_3}, {}, f16(3, 4));
  return deep;
}

struct TimeMixResult { Tensor vx_1, S_6, x_out; };

// timeMix of layer 0.
TimeMixResult time_mix(Graph& graph, Tensor x, Tensor S_in) {
  // rwkv-7.rwkv.ts:66   xx = layer_norm(x, ln1)
  graph.at("rwkv-7.rwkv.ts", 66);
  const Tensor ln1_weight = graph.weight("blocks.0.ln1.weight", 768, f16(8));
  const Tensor ln1_bias = graph.weight("blocks.0.ln1.bias", 832, f16(8));
  const Tensor x_prev_out = graph.add("blocks.0.timeMix.x_prev_out", "LayerNorm", {x, ln1_weight, ln1_bias},
      {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-7.rwkv.ts:67   dx = shift(xx, x_prev) - xx
  graph.at("rwkv-7.rwkv.ts", 67);
  const Tensor x_prev_in = graph.input("blocks.0.timeMix.x_prev_in", f16(1, 8));
  const Tensor dx = graph.add("blocks.0.timeMix.dx", "ElementWiseSubtract", {x_prev_in, x_prev_out}, {},
      f16(1, 8));

  // rwkv-7.rwkv.ts:69   r = receptance @ (xx + dx * x_r) : H N
  graph.at("rwkv-7.rwkv.ts", 69);
  const Tensor shifts_constant = graph.weight("blocks.0.timeMix.shifts.constant", 896, f16(6, 8));
  const Tensor shifts_1 = graph.add("blocks.0.timeMix.shifts.1", "ElementWiseMultiply", {dx, shifts_constant},
      {}, f16(6, 8));
  const Tensor shifts = graph.add("blocks.0.timeMix.shifts", "ElementWiseAdd", {shifts_1, x_prev_out}, {},
      f16(6, 8));
  const Tensors r_1_split = graph.add("blocks.0.timeMix.r.1", "Split", {shifts},
      {{"axis", 0u}, values("split_index", {1u, 2u, 3u, 4u, 5u})},
      {Out(f16(1, 8)), Out("blocks.0.timeMix.w.1", f16(1, 8)), Out("blocks.0.timeMix.kx.1", f16(1, 8)),
       Out("blocks.0.timeMix.xv", f16(1, 8)), Out("blocks.0.timeMix.a.1", f16(1, 8)),
       Out("blocks.0.timeMix.g.1", f16(1, 8))});
  const Tensor receptance_weight = graph.weight("blocks.0.att.receptance.weight", 1024, f16(8, 8));
  const Tensor r_2 = graph.add("blocks.0.timeMix.r.2", "FullyConnected", {r_1_split[0], receptance_weight},
      {}, f16(1, 8));
  const Tensor r = graph.add("blocks.0.timeMix.r", "Reshape", {r_2}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:70   w = exp(-0.606531 * sigmoid(w0 + tanh((xx + dx * x_w) @ w1) @ w2)) : H N
  graph.at("rwkv-7.rwkv.ts", 70);
  const Tensor w1 = graph.weight("blocks.0.att.w1", 1152, f16(3, 8));
  const Tensor w_2 = graph.add("blocks.0.timeMix.w.2", "FullyConnected", {r_1_split[1], w1}, {}, f16(1, 3));
  const Tensor constant_1 = graph.weight("constant_1", 1216, f16(1));
  const Tensor w_3 = graph.add("blocks.0.timeMix.w.3", "ElementWiseMultiply", {w_2, constant_1}, {},
      f16(1, 3));
  const Tensor w_4 = graph.add("blocks.0.timeMix.w.4", "Tanh", {w_3}, {}, f16(1, 3));
  const Tensor w2 = graph.weight("blocks.0.att.w2", 1280, f16(8, 3));
  const Tensor w_5 = graph.add("blocks.0.timeMix.w.5", "FullyConnected", {w_4, w2}, {}, f16(1, 8));
  const Tensor w_constant = graph.weight("blocks.0.timeMix.w.constant", 1344, f16(1, 8));
  const Tensor w_6 = graph.add("blocks.0.timeMix.w.6", "ElementWiseSubtract", {w_5, w_constant}, {},
      f16(1, 8));
  const Tensor w_7 = graph.add("blocks.0.timeMix.w.7", "Sigmoid", {w_6}, {}, f16(1, 8));
  const Tensor constant_0_606531 = graph.weight("constant__0.606531", 1408, f16(1));
  const Tensor w_8 = graph.add("blocks.0.timeMix.w.8", "ElementWiseMultiply", {w_7, constant_0_606531}, {},
      f16(1, 8));
  const Tensor w_9 = graph.add("blocks.0.timeMix.w.9", "ElementWiseExp", {w_8}, {}, f16(1, 8));
  const Tensor w = graph.add("blocks.0.timeMix.w", "Reshape", {w_9}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:71   kx = key @ (xx + dx * x_k) : H N
  graph.at("rwkv-7.rwkv.ts", 71);
  const Tensor key_weight = graph.weight("blocks.0.att.key.weight", 1472, f16(8, 8));
  const Tensor kx = graph.add("blocks.0.timeMix.kx", "FullyConnected", {r_1_split[2], key_weight}, {},
      f16(1, 8));

  // rwkv-7.rwkv.ts:73   vx = value @ xv : H N
  graph.at("rwkv-7.rwkv.ts", 73);
  const Tensor value_weight = graph.weight("blocks.0.att.value.weight", 1600, f16(8, 8));
  const Tensor vx_1 = graph.add("blocks.0.timeMix.vx.1", "FullyConnected", {r_1_split[3], value_weight}, {},
      f16(1, 8));
  const Tensor vx = graph.add("blocks.0.timeMix.vx", "Reshape", {vx_1}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:74   a = sigmoid(a0 + (xx + dx * x_a) @ a1 @ a2) : H N
  graph.at("rwkv-7.rwkv.ts", 74);
  const Tensor a1 = graph.weight("blocks.0.att.a1", 1728, f16(5, 8));
  const Tensor a_2 = graph.add("blocks.0.timeMix.a.2", "FullyConnected", {r_1_split[4], a1}, {}, f16(1, 5));
  const Tensor a2 = graph.weight("blocks.0.att.a2", 1856, f16(8, 5));
  const Tensor a_3 = graph.add("blocks.0.timeMix.a.3", "FullyConnected", {a_2, a2}, {}, f16(1, 8));
  const Tensor a_constant = graph.weight("blocks.0.timeMix.a.constant", 1984, f16(1, 8));
  const Tensor a_4 = graph.add("blocks.0.timeMix.a.4", "ElementWiseSubtract", {a_3, a_constant}, {},
      f16(1, 8));
  const Tensor a_5 = graph.add("blocks.0.timeMix.a.5", "Sigmoid", {a_4}, {}, f16(1, 8));
  const Tensor a = graph.add("blocks.0.timeMix.a", "Reshape", {a_5}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:75   g = sigmoid((xx + dx * x_g) @ g1) @ g2 : H N
  graph.at("rwkv-7.rwkv.ts", 75);
  const Tensor g1 = graph.weight("blocks.0.att.g1", 2048, f16(6, 8));
  const Tensor g_2 = graph.add("blocks.0.timeMix.g.2", "FullyConnected", {r_1_split[5], g1}, {}, f16(1, 6));
  const Tensor g_3 = graph.add("blocks.0.timeMix.g.3", "ElementWiseMultiply", {g_2, constant_1}, {},
      f16(1, 6));
  const Tensor g_4 = graph.add("blocks.0.timeMix.g.4", "Sigmoid", {g_3}, {}, f16(1, 6));
  const Tensor g2 = graph.weight("blocks.0.att.g2", 2176, f16(8, 6));
  const Tensor g = graph.add("blocks.0.timeMix.g", "FullyConnected", {g_4, g2}, {}, f16(1, 8));

  // rwkv-7.rwkv.ts:82   kk = l2_norm(kx * k_k)
  graph.at("rwkv-7.rwkv.ts", 82);
  const Tensor k_k = graph.weight("blocks.0.att.k_k", 2304, f16(1, 8));
  const Tensor kk_1 = graph.add("blocks.0.timeMix.kk.1", "ElementWiseMultiply", {kx, k_k}, {}, f16(1, 8));
  const Tensor kk_2 = graph.add("blocks.0.timeMix.kk.2", "Reshape", {kk_1}, {}, f16(1, 2, 1, 4));
  const Tensor kk = graph.add("blocks.0.timeMix.kk", "L2Norm", {kk_2}, {{"epsilon", 1e-24f}, {"axis", 3u}},
      f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:83   k = kx * (1 + (a - 1) * k_a)
  graph.at("rwkv-7.rwkv.ts", 83);
  const Tensor k_a = graph.weight("blocks.0.att.k_a", 2368, f16(1, 8));
  const Tensor k_1 = graph.add("blocks.0.timeMix.k.1", "ElementWiseMultiply", {a_5, k_a}, {}, f16(1, 8));
  const Tensor k_constant = graph.weight("blocks.0.timeMix.k.constant", 2432, f16(1, 8));
  const Tensor k_2 = graph.add("blocks.0.timeMix.k.2", "ElementWiseAdd", {k_1, k_constant}, {}, f16(1, 8));
  const Tensor k_3 = graph.add("blocks.0.timeMix.k.3", "ElementWiseMultiply", {kx, k_2}, {}, f16(1, 8));
  const Tensor k = graph.add("blocks.0.timeMix.k", "Reshape", {k_3}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:86   sa[h,i] = S[h,i,j] * kk[h,j]
  graph.at("rwkv-7.rwkv.ts", 86);
  const Tensor S_in_1 = graph.add("blocks.0.timeMix.S_in.1", "Reshape", {S_in}, {}, f16(1, 2, 4, 4));
  const Tensor sa = graph.add("blocks.0.timeMix.sa", "MatMul", {kk, S_in_1},
      {{"transpose_in0", false}, {"transpose_in1", true}}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:87   S'[h,i,j] = S[h,i,j] * w[h,j] - sa[h,i] * kk[h,j] * a[h,j] + v[h,i] * k[h,j]
  graph.at("rwkv-7.rwkv.ts", 87);
  const Tensor S_1 = graph.add("blocks.0.timeMix.S.1", "ElementWiseMultiply", {S_in_1, w}, {},
      f16(1, 2, 4, 4));
  const Tensor S_2 = graph.add("blocks.0.timeMix.S.2", "ElementWiseMultiply", {kk, a}, {}, f16(1, 2, 1, 4));
  const Tensor S_3 = graph.add("blocks.0.timeMix.S.3", "MatMul", {sa, S_2},
      {{"transpose_in0", true}, {"transpose_in1", false}}, f16(1, 2, 4, 4));
  const Tensor S_4 = graph.add("blocks.0.timeMix.S.4", "ElementWiseSubtract", {S_1, S_3}, {},
      f16(1, 2, 4, 4));
  const Tensor S_5 = graph.add("blocks.0.timeMix.S.5", "MatMul", {vx, k},
      {{"transpose_in0", true}, {"transpose_in1", false}}, f16(1, 2, 4, 4));
  const Tensor S = graph.add("blocks.0.timeMix.S", "ElementWiseAdd", {S_4, S_5}, {}, f16(1, 2, 4, 4));
  const Tensor S_6 = graph.add("blocks.0.timeMix.S.6", "Reshape", {S}, {}, f16(1, 2, 8, 2));

  // rwkv-7.rwkv.ts:88   y[h,i] = S'[h,i,j] * r[h,j]
  graph.at("rwkv-7.rwkv.ts", 88);
  const Tensor y = graph.add("blocks.0.timeMix.y", "MatMul", {r, S},
      {{"transpose_in0", false}, {"transpose_in1", true}}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:89   bonus[h] = r[h,j] * k[h,j] * r_k[h,j]
  graph.at("rwkv-7.rwkv.ts", 89);
  const Tensor bonus_1 = graph.add("blocks.0.timeMix.bonus.1", "ElementWiseMultiply", {r, k}, {},
      f16(1, 2, 1, 4));
  const Tensor r_k = graph.weight("blocks.0.att.r_k", 2496, f16(1, 2, 1, 4));
  const Tensor bonus = graph.add("blocks.0.timeMix.bonus", "MatMul", {bonus_1, r_k},
      {{"transpose_in0", false}, {"transpose_in1", true}}, f16(1, 2, 1, 1));

  // rwkv-7.rwkv.ts:91   x = x + output @ ((group_norm(y, ln_x, eps = 64e-5) + bonus * v) * g)
  graph.at("rwkv-7.rwkv.ts", 91);
  const Tensor ones = graph.weight("ones", 2560, f16(4));
  const Tensor zeros = graph.weight("zeros", 2624, f16(4));
  const Tensor x_1 = graph.add("blocks.0.timeMix.x.1", "LayerNorm", {y, ones, zeros},
      {{"epsilon", 0.00064f}, values("axes", {3u})}, f16(1, 2, 1, 4));
  const Tensor x_2 = graph.add("blocks.0.timeMix.x.2", "Reshape", {x_1}, {}, f16(1, 8));
  const Tensor ln_x_weight = graph.weight("blocks.0.att.ln_x.weight", 2688, f16(1, 8));
  const Tensor x_3 = graph.add("blocks.0.timeMix.x.3", "ElementWiseMultiply", {x_2, ln_x_weight}, {},
      f16(1, 8));
  const Tensor ln_x_bias = graph.weight("blocks.0.att.ln_x.bias", 2752, f16(1, 8));
  const Tensor x_4 = graph.add("blocks.0.timeMix.x.4", "ElementWiseAdd", {x_3, ln_x_bias}, {}, f16(1, 8));
  const Tensor x_5 = graph.add("blocks.0.timeMix.x.5", "ElementWiseMultiply", {vx, bonus}, {},
      f16(1, 2, 1, 4));
  const Tensor x_6 = graph.add("blocks.0.timeMix.x.6", "Reshape", {x_5}, {}, f16(1, 8));
  const Tensor x_7 = graph.add("blocks.0.timeMix.x.7", "ElementWiseAdd", {x_4, x_6}, {}, f16(1, 8));
  const Tensor x_8 = graph.add("blocks.0.timeMix.x.8", "ElementWiseMultiply", {x_7, g}, {}, f16(1, 8));
  const Tensor att_output_weight = graph.weight("blocks.0.att.output.weight", 2816, f16(8, 8));
  const Tensor x_9 = graph.add("blocks.0.timeMix.x.9", "FullyConnected", {x_8, att_output_weight}, {},
      f16(1, 8));
  const Tensor x_out = graph.add("blocks.0.timeMix.x", "ElementWiseAdd", {x, x_9}, {}, f16(1, 8));
  return {vx_1, S_6, x_out};
}

// What differs between layers: offsets of weights in bytes, grids of integers.
struct ChannelMix2Layer {
  uint32_t number;
  uint64_t ln2_weight, ln2_bias, x_k, key_weight, s1, s2, s0, value_weight;
};
constexpr ChannelMix2Layer kChannelMix2[] = {
    // number  ln2_weight  ln2_bias   x_k  key_weight    s1    s2    s0  value_weight
    {       0,       2944,     3008, 3072,       3136, 3328, 3392, 3520,         3584},
    {       1,       6400,     6464, 6528,       6592, 6784, 6848, 6976,         7040},
};

// channelMix of layers 0 to 1.
Tensor channel_mix_2(Graph& graph, const ChannelMix2Layer& layer, Tensor x, Tensor deep) {
  graph.layer(layer.number);

  // rwkv-7a.rwkv.ts:45   xx = layer_norm(x, ln2)
  graph.at("rwkv-7a.rwkv.ts", 45);
  const Tensor ln2_weight = graph.weight("blocks.{}.ln2.weight", layer.ln2_weight, f16(8));
  const Tensor ln2_bias = graph.weight("blocks.{}.ln2.bias", layer.ln2_bias, f16(8));
  const Tensor x_prev_out = graph.add("blocks.{}.channelMix.x_prev_out", "LayerNorm",
      {x, ln2_weight, ln2_bias}, {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-7a.rwkv.ts:46   dx = shift(xx, x_prev) - xx
  graph.at("rwkv-7a.rwkv.ts", 46);
  const Tensor x_prev_in = graph.input("blocks.{}.channelMix.x_prev_in", f16(1, 8));
  const Tensor dx = graph.add("blocks.{}.channelMix.dx", "ElementWiseSubtract", {x_prev_in, x_prev_out}, {},
      f16(1, 8));

  // rwkv-7a.rwkv.ts:47   k = relu(key @ (xx + dx * x_k))
  graph.at("rwkv-7a.rwkv.ts", 47);
  const Tensor x_k = graph.weight("blocks.{}.ffn.x_k", layer.x_k, f16(1, 8));
  const Tensor k_1 = graph.add("blocks.{}.channelMix.k.1", "ElementWiseMultiply", {dx, x_k}, {}, f16(1, 8));
  const Tensor k_2 = graph.add("blocks.{}.channelMix.k.2", "ElementWiseAdd", {x_prev_out, k_1}, {},
      f16(1, 8));
  const Tensor key_weight = graph.weight("blocks.{}.ffn.key.weight", layer.key_weight, f16(12, 8));
  const Tensor k_3 = graph.add("blocks.{}.channelMix.k.3", "FullyConnected", {k_2, key_weight}, {},
      f16(1, 12));
  const Tensor k = graph.add("blocks.{}.channelMix.k", "Relu", {k_3}, {}, f16(1, 12));

  // rwkv-7a.rwkv.ts:50   z = xx @ s1
  graph.at("rwkv-7a.rwkv.ts", 50);
  const Tensor s1 = graph.weight("blocks.{}.ffn.s1", layer.s1, f16(3, 8));
  const Tensor z = graph.add("blocks.{}.channelMix.z", "FullyConnected", {x_prev_out, s1}, {}, f16(1, 3));

  // rwkv-7a.rwkv.ts:51   s[j] = z[i] * deep[i,j]
  graph.at("rwkv-7a.rwkv.ts", 51);
  const Tensor s = graph.add("blocks.{}.channelMix.s", "MatMul", {z, deep},
      {{"transpose_in0", false}, {"transpose_in1", false}}, f16(1, 4));

  // rwkv-7a.rwkv.ts:53   x = x + value @ (k^2 * (s @ s2 + s0))
  graph.at("rwkv-7a.rwkv.ts", 53);
  const Tensor x_1 = graph.add("blocks.{}.channelMix.x.1", "ElementWiseMultiply", {k, k}, {}, f16(1, 12));
  const Tensor s2 = graph.weight("blocks.{}.ffn.s2", layer.s2, f16(12, 4));
  const Tensor x_2 = graph.add("blocks.{}.channelMix.x.2", "FullyConnected", {s, s2}, {}, f16(1, 12));
  const Tensor s0 = graph.weight("blocks.{}.ffn.s0", layer.s0, f16(1, 12));
  const Tensor x_3 = graph.add("blocks.{}.channelMix.x.3", "ElementWiseAdd", {x_2, s0}, {}, f16(1, 12));
  const Tensor x_4 = graph.add("blocks.{}.channelMix.x.4", "ElementWiseMultiply", {x_1, x_3}, {}, f16(1, 12));
  const Tensor value_weight = graph.weight("blocks.{}.ffn.value.weight", layer.value_weight, f16(8, 12));
  const Tensor x_5 = graph.add("blocks.{}.channelMix.x.5", "FullyConnected", {x_4, value_weight}, {},
      f16(1, 8));
  const Tensor x_out = graph.add("blocks.{}.channelMix.x", "ElementWiseAdd", {x, x_5}, {}, f16(1, 8));
  return x_out;
}

struct TimeMixLayer1Result { Tensor S_6, x_out; };

// timeMix of layer 1.
TimeMixLayer1Result time_mix_layer_1(Graph& graph, Tensor x, Tensor vx_1, Tensor S_in) {
  // rwkv-7.rwkv.ts:66   xx = layer_norm(x, ln1)
  graph.at("rwkv-7.rwkv.ts", 66);
  const Tensor ln1_weight = graph.weight("blocks.1.ln1.weight", 4288, f16(8));
  const Tensor ln1_bias = graph.weight("blocks.1.ln1.bias", 4352, f16(8));
  const Tensor x_prev_out = graph.add("blocks.1.timeMix.x_prev_out", "LayerNorm", {x, ln1_weight, ln1_bias},
      {{"epsilon", 0.00001f}, values("axes", {1u})}, output(f16(1, 8)));

  // rwkv-7.rwkv.ts:67   dx = shift(xx, x_prev) - xx
  graph.at("rwkv-7.rwkv.ts", 67);
  const Tensor x_prev_in = graph.input("blocks.1.timeMix.x_prev_in", f16(1, 8));
  const Tensor dx = graph.add("blocks.1.timeMix.dx", "ElementWiseSubtract", {x_prev_in, x_prev_out}, {},
      f16(1, 8));

  // rwkv-7.rwkv.ts:69   r = receptance @ (xx + dx * x_r) : H N
  graph.at("rwkv-7.rwkv.ts", 69);
  const Tensor shifts_constant = graph.weight("blocks.1.timeMix.shifts.constant", 4416, f16(6, 8));
  const Tensor shifts_1 = graph.add("blocks.1.timeMix.shifts.1", "ElementWiseMultiply", {dx, shifts_constant},
      {}, f16(6, 8));
  const Tensor shifts = graph.add("blocks.1.timeMix.shifts", "ElementWiseAdd", {shifts_1, x_prev_out}, {},
      f16(6, 8));
  const Tensors r_1_split = graph.add("blocks.1.timeMix.r.1", "Split", {shifts},
      {{"axis", 0u}, values("split_index", {1u, 2u, 3u, 4u, 5u})},
      {Out(f16(1, 8)), Out("blocks.1.timeMix.w.1", f16(1, 8)), Out("blocks.1.timeMix.kx.1", f16(1, 8)),
       Out("blocks.1.timeMix.xv", f16(1, 8)), Out("blocks.1.timeMix.a.1", f16(1, 8)),
       Out("blocks.1.timeMix.g.1", f16(1, 8))});
  const Tensor receptance_weight = graph.weight("blocks.1.att.receptance.weight", 4544, f16(8, 8));
  const Tensor r_2 = graph.add("blocks.1.timeMix.r.2", "FullyConnected", {r_1_split[0], receptance_weight},
      {}, f16(1, 8));
  const Tensor r = graph.add("blocks.1.timeMix.r", "Reshape", {r_2}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:70   w = exp(-0.606531 * sigmoid(w0 + tanh((xx + dx * x_w) @ w1) @ w2)) : H N
  graph.at("rwkv-7.rwkv.ts", 70);
  const Tensor w1 = graph.weight("blocks.1.att.w1", 4672, f16(3, 8));
  const Tensor w_2 = graph.add("blocks.1.timeMix.w.2", "FullyConnected", {r_1_split[1], w1}, {}, f16(1, 3));
  const Tensor constant_1 = graph.weight("constant_1", 1216, f16(1));
  const Tensor w_3 = graph.add("blocks.1.timeMix.w.3", "ElementWiseMultiply", {w_2, constant_1}, {},
      f16(1, 3));
  const Tensor w_4 = graph.add("blocks.1.timeMix.w.4", "Tanh", {w_3}, {}, f16(1, 3));
  const Tensor w2 = graph.weight("blocks.1.att.w2", 4736, f16(8, 3));
  const Tensor w_5 = graph.add("blocks.1.timeMix.w.5", "FullyConnected", {w_4, w2}, {}, f16(1, 8));
  const Tensor w_constant = graph.weight("blocks.1.timeMix.w.constant", 4800, f16(1, 8));
  const Tensor w_6 = graph.add("blocks.1.timeMix.w.6", "ElementWiseSubtract", {w_5, w_constant}, {},
      f16(1, 8));
  const Tensor w_7 = graph.add("blocks.1.timeMix.w.7", "Sigmoid", {w_6}, {}, f16(1, 8));
  const Tensor constant_0_606531 = graph.weight("constant__0.606531", 1408, f16(1));
  const Tensor w_8 = graph.add("blocks.1.timeMix.w.8", "ElementWiseMultiply", {w_7, constant_0_606531}, {},
      f16(1, 8));
  const Tensor w_9 = graph.add("blocks.1.timeMix.w.9", "ElementWiseExp", {w_8}, {}, f16(1, 8));
  const Tensor w = graph.add("blocks.1.timeMix.w", "Reshape", {w_9}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:71   kx = key @ (xx + dx * x_k) : H N
  graph.at("rwkv-7.rwkv.ts", 71);
  const Tensor key_weight = graph.weight("blocks.1.att.key.weight", 4864, f16(8, 8));
  const Tensor kx = graph.add("blocks.1.timeMix.kx", "FullyConnected", {r_1_split[2], key_weight}, {},
      f16(1, 8));

  // rwkv-7.rwkv.ts:73   vx = value @ xv : H N
  graph.at("rwkv-7.rwkv.ts", 73);
  const Tensor value_weight = graph.weight("blocks.1.att.value.weight", 4992, f16(8, 8));
  const Tensor vx = graph.add("blocks.1.timeMix.vx", "FullyConnected", {r_1_split[3], value_weight}, {},
      f16(1, 8));

  // rwkv-7.rwkv.ts:74   a = sigmoid(a0 + (xx + dx * x_a) @ a1 @ a2) : H N
  graph.at("rwkv-7.rwkv.ts", 74);
  const Tensor a1 = graph.weight("blocks.1.att.a1", 5120, f16(5, 8));
  const Tensor a_2 = graph.add("blocks.1.timeMix.a.2", "FullyConnected", {r_1_split[4], a1}, {}, f16(1, 5));
  const Tensor a2 = graph.weight("blocks.1.att.a2", 5248, f16(8, 5));
  const Tensor a_3 = graph.add("blocks.1.timeMix.a.3", "FullyConnected", {a_2, a2}, {}, f16(1, 8));
  const Tensor a_constant = graph.weight("blocks.1.timeMix.a.constant", 5376, f16(1, 8));
  const Tensor a_4 = graph.add("blocks.1.timeMix.a.4", "ElementWiseSubtract", {a_3, a_constant}, {},
      f16(1, 8));
  const Tensor a_5 = graph.add("blocks.1.timeMix.a.5", "Sigmoid", {a_4}, {}, f16(1, 8));
  const Tensor a = graph.add("blocks.1.timeMix.a", "Reshape", {a_5}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:75   g = sigmoid((xx + dx * x_g) @ g1) @ g2 : H N
  graph.at("rwkv-7.rwkv.ts", 75);
  const Tensor g1 = graph.weight("blocks.1.att.g1", 5440, f16(6, 8));
  const Tensor g_2 = graph.add("blocks.1.timeMix.g.2", "FullyConnected", {r_1_split[5], g1}, {}, f16(1, 6));
  const Tensor g_3 = graph.add("blocks.1.timeMix.g.3", "ElementWiseMultiply", {g_2, constant_1}, {},
      f16(1, 6));
  const Tensor g_4 = graph.add("blocks.1.timeMix.g.4", "Sigmoid", {g_3}, {}, f16(1, 6));
  const Tensor g2 = graph.weight("blocks.1.att.g2", 5568, f16(8, 6));
  const Tensor g = graph.add("blocks.1.timeMix.g", "FullyConnected", {g_4, g2}, {}, f16(1, 8));

  // rwkv-7.rwkv.ts:80   v = vx + (v_first - vx) * sigmoid(v0 + xv @ v1 @ v2) when layer > 0
  graph.at("rwkv-7.rwkv.ts", 80);
  const Tensor v_1 = graph.add("blocks.1.timeMix.v.1", "ElementWiseSubtract", {vx_1, vx}, {}, f16(1, 8));
  const Tensor v1 = graph.weight("blocks.1.att.v1", 5696, f16(2, 8));
  const Tensor v_2 = graph.add("blocks.1.timeMix.v.2", "FullyConnected", {r_1_split[3], v1}, {}, f16(1, 2));
  const Tensor v2 = graph.weight("blocks.1.att.v2", 5760, f16(8, 2));
  const Tensor v_3 = graph.add("blocks.1.timeMix.v.3", "FullyConnected", {v_2, v2}, {}, f16(1, 8));
  const Tensor v_constant = graph.weight("blocks.1.timeMix.v.constant", 5824, f16(1, 8));
  const Tensor v_4 = graph.add("blocks.1.timeMix.v.4", "ElementWiseSubtract", {v_3, v_constant}, {},
      f16(1, 8));
  const Tensor v_5 = graph.add("blocks.1.timeMix.v.5", "Sigmoid", {v_4}, {}, f16(1, 8));
  const Tensor v_6 = graph.add("blocks.1.timeMix.v.6", "ElementWiseMultiply", {v_1, v_5}, {}, f16(1, 8));
  const Tensor v_7 = graph.add("blocks.1.timeMix.v.7", "ElementWiseAdd", {vx, v_6}, {}, f16(1, 8));
  const Tensor v = graph.add("blocks.1.timeMix.v", "Reshape", {v_7}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:82   kk = l2_norm(kx * k_k)
  graph.at("rwkv-7.rwkv.ts", 82);
  const Tensor k_k = graph.weight("blocks.1.att.k_k", 5888, f16(1, 8));
  const Tensor kk_1 = graph.add("blocks.1.timeMix.kk.1", "ElementWiseMultiply", {kx, k_k}, {}, f16(1, 8));
  const Tensor kk_2 = graph.add("blocks.1.timeMix.kk.2", "Reshape", {kk_1}, {}, f16(1, 2, 1, 4));
  const Tensor kk = graph.add("blocks.1.timeMix.kk", "L2Norm", {kk_2}, {{"epsilon", 1e-24f}, {"axis", 3u}},
      f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:83   k = kx * (1 + (a - 1) * k_a)
  graph.at("rwkv-7.rwkv.ts", 83);
  const Tensor k_a = graph.weight("blocks.1.att.k_a", 5952, f16(1, 8));
  const Tensor k_1 = graph.add("blocks.1.timeMix.k.1", "ElementWiseMultiply", {a_5, k_a}, {}, f16(1, 8));
  const Tensor k_constant = graph.weight("blocks.1.timeMix.k.constant", 6016, f16(1, 8));
  const Tensor k_2 = graph.add("blocks.1.timeMix.k.2", "ElementWiseAdd", {k_1, k_constant}, {}, f16(1, 8));
  const Tensor k_3 = graph.add("blocks.1.timeMix.k.3", "ElementWiseMultiply", {kx, k_2}, {}, f16(1, 8));
  const Tensor k = graph.add("blocks.1.timeMix.k", "Reshape", {k_3}, {}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:86   sa[h,i] = S[h,i,j] * kk[h,j]
  graph.at("rwkv-7.rwkv.ts", 86);
  const Tensor S_in_1 = graph.add("blocks.1.timeMix.S_in.1", "Reshape", {S_in}, {}, f16(1, 2, 4, 4));
  const Tensor sa = graph.add("blocks.1.timeMix.sa", "MatMul", {kk, S_in_1},
      {{"transpose_in0", false}, {"transpose_in1", true}}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:87   S'[h,i,j] = S[h,i,j] * w[h,j] - sa[h,i] * kk[h,j] * a[h,j] + v[h,i] * k[h,j]
  graph.at("rwkv-7.rwkv.ts", 87);
  const Tensor S_1 = graph.add("blocks.1.timeMix.S.1", "ElementWiseMultiply", {S_in_1, w}, {},
      f16(1, 2, 4, 4));
  const Tensor S_2 = graph.add("blocks.1.timeMix.S.2", "ElementWiseMultiply", {kk, a}, {}, f16(1, 2, 1, 4));
  const Tensor S_3 = graph.add("blocks.1.timeMix.S.3", "MatMul", {sa, S_2},
      {{"transpose_in0", true}, {"transpose_in1", false}}, f16(1, 2, 4, 4));
  const Tensor S_4 = graph.add("blocks.1.timeMix.S.4", "ElementWiseSubtract", {S_1, S_3}, {},
      f16(1, 2, 4, 4));
  const Tensor S_5 = graph.add("blocks.1.timeMix.S.5", "MatMul", {v, k},
      {{"transpose_in0", true}, {"transpose_in1", false}}, f16(1, 2, 4, 4));
  const Tensor S = graph.add("blocks.1.timeMix.S", "ElementWiseAdd", {S_4, S_5}, {}, f16(1, 2, 4, 4));
  const Tensor S_6 = graph.add("blocks.1.timeMix.S.6", "Reshape", {S}, {}, f16(1, 2, 8, 2));

  // rwkv-7.rwkv.ts:88   y[h,i] = S'[h,i,j] * r[h,j]
  graph.at("rwkv-7.rwkv.ts", 88);
  const Tensor y = graph.add("blocks.1.timeMix.y", "MatMul", {r, S},
      {{"transpose_in0", false}, {"transpose_in1", true}}, f16(1, 2, 1, 4));

  // rwkv-7.rwkv.ts:89   bonus[h] = r[h,j] * k[h,j] * r_k[h,j]
  graph.at("rwkv-7.rwkv.ts", 89);
  const Tensor bonus_1 = graph.add("blocks.1.timeMix.bonus.1", "ElementWiseMultiply", {r, k}, {},
      f16(1, 2, 1, 4));
  const Tensor r_k = graph.weight("blocks.1.att.r_k", 6080, f16(1, 2, 1, 4));
  const Tensor bonus = graph.add("blocks.1.timeMix.bonus", "MatMul", {bonus_1, r_k},
      {{"transpose_in0", false}, {"transpose_in1", true}}, f16(1, 2, 1, 1));

  // rwkv-7.rwkv.ts:91   x = x + output @ ((group_norm(y, ln_x, eps = 64e-5) + bonus * v) * g)
  graph.at("rwkv-7.rwkv.ts", 91);
  const Tensor ones = graph.weight("ones", 2560, f16(4));
  const Tensor zeros = graph.weight("zeros", 2624, f16(4));
  const Tensor x_1 = graph.add("blocks.1.timeMix.x.1", "LayerNorm", {y, ones, zeros},
      {{"epsilon", 0.00064f}, values("axes", {3u})}, f16(1, 2, 1, 4));
  const Tensor x_2 = graph.add("blocks.1.timeMix.x.2", "Reshape", {x_1}, {}, f16(1, 8));
  const Tensor ln_x_weight = graph.weight("blocks.1.att.ln_x.weight", 6144, f16(1, 8));
  const Tensor x_3 = graph.add("blocks.1.timeMix.x.3", "ElementWiseMultiply", {x_2, ln_x_weight}, {},
      f16(1, 8));
  const Tensor ln_x_bias = graph.weight("blocks.1.att.ln_x.bias", 6208, f16(1, 8));
  const Tensor x_4 = graph.add("blocks.1.timeMix.x.4", "ElementWiseAdd", {x_3, ln_x_bias}, {}, f16(1, 8));
  const Tensor x_5 = graph.add("blocks.1.timeMix.x.5", "ElementWiseMultiply", {v, bonus}, {},
      f16(1, 2, 1, 4));
  const Tensor x_6 = graph.add("blocks.1.timeMix.x.6", "Reshape", {x_5}, {}, f16(1, 8));
  const Tensor x_7 = graph.add("blocks.1.timeMix.x.7", "ElementWiseAdd", {x_4, x_6}, {}, f16(1, 8));
  const Tensor x_8 = graph.add("blocks.1.timeMix.x.8", "ElementWiseMultiply", {x_7, g}, {}, f16(1, 8));
  const Tensor att_output_weight = graph.weight("blocks.1.att.output.weight", 6272, f16(8, 8));
  const Tensor x_9 = graph.add("blocks.1.timeMix.x.9", "FullyConnected", {x_8, att_output_weight}, {},
      f16(1, 8));
  const Tensor x_out = graph.add("blocks.1.timeMix.x", "ElementWiseAdd", {x, x_9}, {}, f16(1, 8));
  return {S_6, x_out};
}

void build(Graph& graph) {
  const Tensor in = graph.input("in", i32(1));
  const Tensor S_in = graph.input("timeMix.S_in", f16(2, 2, 8, 2));

  // rwkv-7.rwkv.ts:86   sa[h,i] = S[h,i,j] * kk[h,j]
  graph.at("rwkv-7.rwkv.ts", 86);
  const Tensors S_in_split = graph.add("blocks.0.timeMix.S_in", "Split", {S_in},
      {{"axis", 0u}, values("split_index", {1u})},
      {Out(f16(1, 2, 8, 2)), Out("blocks.1.timeMix.S_in", f16(1, 2, 8, 2))});

  // rwkv-7a.rwkv.ts:26   x = layer_norm(emb[token], ln0)
  graph.at("rwkv-7a.rwkv.ts", 26);
  const Tensor x_constant = graph.weight("embedding.x.constant", 64, f16(11, 8));
  const Tensor x = graph.add("embedding.x", "Gather", {x_constant, in}, {{"axis", 0}}, f16(1, 8));

  const auto channel_mix_0 = channel_mix(graph, kChannelMix[0], in, x);
  const auto time_mix_0 = time_mix(graph, x, S_in_split[0]);
  const auto channel_mix_0_2 = channel_mix_2(graph, kChannelMix2[0], time_mix_0.x_out, channel_mix_0);
  const auto channel_mix_1 = channel_mix(graph, kChannelMix[1], in, x);
  const auto time_mix_1 = time_mix_layer_1(graph, channel_mix_0_2, time_mix_0.vx_1, S_in_split[1]);
  const auto channel_mix_1_2 = channel_mix_2(graph, kChannelMix2[1], time_mix_1.x_out, channel_mix_1);

  // rwkv-7.rwkv.ts:115   logits = head @ layer_norm(x, ln_out)
  graph.at("rwkv-7.rwkv.ts", 115);
  const Tensor ln_out_weight = graph.weight("ln_out.weight", 7232, f16(8));
  const Tensor ln_out_bias = graph.weight("ln_out.bias", 7296, f16(8));
  const Tensor logits_1 = graph.add("head.logits.1", "LayerNorm",
      {channel_mix_1_2, ln_out_weight, ln_out_bias}, {{"epsilon", 0.00001f}, values("axes", {1u})},
      f16(1, 8));
  const Tensor head_weight = graph.weight("head.weight", 7360, f16(11, 8));
  graph.add("out", "FullyConnected", {logits_1, head_weight}, {}, output(f16(1, 11)));

  // rwkv-7.rwkv.ts:87   S'[h,i,j] = S[h,i,j] * w[h,j] - sa[h,i] * kk[h,j] * a[h,j] + v[h,i] * k[h,j]
  graph.at("rwkv-7.rwkv.ts", 87);
  graph.add("timeMix.S_out", "Concat", {time_mix_0.S_6, time_mix_1.S_6}, {{"axis", 0u}},
      output(f16(2, 2, 8, 2)));
}

}  // namespace decode

constexpr GraphSource kGraphs[] = {
    {"test", decode::build},
};

}  // namespace

// Constants: weights.bin, found beside the library or two folders up.
const rwkvc::ModelSource rwkvc::kModel = {
    {"weights.bin", 7552, "0000000000000000000000000000000000000000000000000000000000000000"},
    kGraphs,
    1,
};
