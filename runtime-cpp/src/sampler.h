#pragma once

#include <cstdint>
#include <vector>

#include "random.h"
#include "result.h"

namespace rwkv {

struct SamplerOptions {
  /// 0 takes the most likely token; otherwise logits are divided by it.
  double temperature = 0;
  /// Keeps the most likely tokens until their probabilities reach this; 1 keeps all. In (0, 1].
  double top_p = 1;
  /// Keeps that many of the most likely tokens; 0 keeps all.
  uint32_t top_k = 0;
  /// Positive logits of tokens seen are divided by it, others multiplied (CTRL, Keskar et al.
  /// 2019); 1 is none.
  double repetition_penalty = 1;
  uint64_t seed = 0;
};

/// Chooses tokens. Equal logits, options and seed give equal tokens on every machine: ties go to
/// the lower id, and the exponential is our own.
class Sampler {
 public:
  static Result<Sampler> create(const SamplerOptions& options);

  /// The next token from `count` logits, which may hold -infinity but neither NaN nor +infinity.
  Result<int32_t> sample(const float* logits, size_t count);

  /// Tells the repetition penalty of a token, of the prompt or sampled.
  void observe(int32_t token);

  const SamplerOptions& options() const { return options_; }

 private:
  explicit Sampler(const SamplerOptions& options) : options_(options), random_(options.seed) {}

  struct Candidate {
    double logit;
    int32_t token;
  };
  void keep_most_likely(std::vector<Candidate>& candidates) const;

  SamplerOptions options_;
  Random random_;
  std::vector<bool> seen_;
};

/// e^x for x <= 0, within 4 ulp; the same bits wherever doubles are IEEE 754 and products are not
/// fused.
double portable_exp(double x);

}  // namespace rwkv
