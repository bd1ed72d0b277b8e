#include "sampler.h"

#include <algorithm>
#include <cmath>

namespace rwkv {

double portable_exp(double x) {
  if (x < -745.2) return 0;  // below half of the smallest double
  // x = k ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts (Cody and Waite), so that k * high is
  // exact.
  constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
  const double k = std::floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  // Taylor's series: the first term left out, r^14 / 14!, is below 2^-55.
  double sum = 1;
  for (int n = 13; n >= 1; --n) sum = 1 + sum * r / n;
  return std::ldexp(sum, static_cast<int>(k));
}

Result<Sampler> Sampler::create(const SamplerOptions& options) {
  const auto refuse = [](const char* what) { return usage_error("sampler/option", what); };
  if (!std::isfinite(options.temperature) || options.temperature < 0) {
    return refuse("the temperature must be 0 or more");
  }
  if (!(options.top_p > 0 && options.top_p <= 1))
    return refuse("top-p must be above 0 and at most 1");
  if (!std::isfinite(options.repetition_penalty) || options.repetition_penalty <= 0) {
    return refuse("the repetition penalty must be above 0");
  }
  return Sampler(options);
}

void Sampler::observe(int32_t token) {
  if (token < 0 || options_.repetition_penalty == 1) return;
  const size_t index = static_cast<size_t>(token);
  if (index >= seen_.size()) seen_.resize(index + 1);
  seen_[index] = true;
}

void Sampler::keep_most_likely(std::vector<Candidate>& candidates) const {
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  size_t keep = candidates.size();
  if (options_.top_k > 0) keep = std::min<size_t>(keep, options_.top_k);
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(keep),
                    candidates.end(), before);
  candidates.resize(keep);
}

Result<int32_t> Sampler::sample(const float* logits, size_t count) {
  if (count == 0) return internal_error("sampler/empty", "there are no logits to sample from");
  std::vector<Candidate> candidates(count);
  for (size_t i = 0; i < count; ++i) {
    double logit = logits[i];
    if (std::isnan(logit) || logit == HUGE_VAL) {
      return input_error(
          "sampler/not-finite",
          "the logit of token " + std::to_string(i) + " is " +
              (std::isnan(logit) ? "NaN" : "infinity"),
          "The model overflowed on this backend. `rwkvc run --backend host` names the "
          "first tensor that does; a scaling policy in the spec is the cure.");
    }
    if (i < seen_.size() && seen_[i]) {
      logit = logit > 0 ? logit / options_.repetition_penalty : logit * options_.repetition_penalty;
    }
    candidates[i] = {logit, static_cast<int32_t>(i)};
  }
  if (options_.temperature == 0) {
    const auto best =
        std::max_element(candidates.begin(), candidates.end(),
                         [](const Candidate& a, const Candidate& b) { return a.logit < b.logit; });
    return best->token;  // the first of equals, as max_element returns it
  }

  keep_most_likely(candidates);
  const double highest = candidates[0].logit;
  if (highest == -HUGE_VAL) return candidates[0].token;
  std::vector<double> weights(candidates.size());
  double total = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    weights[i] = portable_exp((candidates[i].logit - highest) / options_.temperature);
    total += weights[i];
  }
  // The nucleus: the shortest prefix whose share reaches top_p. It always holds the first.
  double kept = 0;
  size_t last = 0;
  for (; last < weights.size(); ++last) {
    kept += weights[last];
    if (kept >= options_.top_p * total) break;
  }
  last = std::min(last, weights.size() - 1);

  double left = random_.uniform() * kept;
  for (size_t i = 0; i < last; ++i) {
    left -= weights[i];
    if (left < 0) return candidates[i].token;
  }
  return candidates[last].token;
}

}  // namespace rwkv
