#pragma once

#include "program.h"

namespace rwkv {

/// `rwkv-run generate`: text after a prompt.
Mode generate_mode();
/// `rwkv-run logits`: logits of given tokens, as raw float32.
Mode logits_mode();
/// `rwkv-run eval`: how well the model predicts a text.
Mode eval_mode();
/// `rwkv-run tokenize`: the token ids of a text; loads no model.
Mode tokenize_mode();
/// `rwkv-run trace`: the values of a model's tensors, token by token.
Mode trace_mode();
/// `rwkv-run calibrate`: histograms and second-order statistics of a model's tensors.
Mode calibrate_mode();
/// `rwkv-run bench`: how fast it is.
Mode bench_mode();
/// `rwkv-run exec`: one graph once, on raw files.
Mode exec_mode();

}  // namespace rwkv
