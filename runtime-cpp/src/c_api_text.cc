// The C API: samplers, and text from and to tokens.
#include <cstring>

#include "c_api_support.h"
#include "tokenizer/open_tokenizer.h"

namespace {

using rwkv::Done;
using rwkv::Result;
using rwkv::Status;
using rwkv::c_api::check;
using rwkv::c_api::guarded;
using rwkv::c_api::invalid;
using rwkv::c_api::models;
using rwkv::c_api::samplers;

Result<const rwkv::Tokenizer*> tokenizer_of(const rwkv_model* model) {
  if (model->tokenizer == nullptr) {
    RWKV_ASSIGN(model->tokenizer,
                rwkv::open_tokenizer(model->artefact, model->session->manifest()));
  }
  return model->tokenizer.get();
}

}  // namespace

extern "C" {

void rwkv_sampler_options_init(rwkv_sampler_options* options) {
  if (options == nullptr) return;
  *options = {};
  options->struct_size = sizeof *options;
  options->top_p = 1;
  options->repetition_penalty = 1;
}

rwkv_status rwkv_sampler_create(const rwkv_sampler_options* options, rwkv_sampler** sampler) {
  return guarded([&]() -> Status {
    if (sampler == nullptr) return invalid("sampler is null");
    *sampler = nullptr;
    if (options == nullptr || options->struct_size != sizeof *options) {
      return invalid(
          "options are null, or their struct_size is wrong: call rwkv_sampler_options_init first");
    }
    rwkv::SamplerOptions own;
    own.temperature = options->temperature;
    own.top_p = options->top_p;
    own.top_k = options->top_k;
    own.repetition_penalty = options->repetition_penalty;
    own.seed = options->seed;
    RWKV_ASSIGN(rwkv::Sampler made, rwkv::Sampler::create(own));
    *sampler = samplers().add(new rwkv_sampler{std::move(made)});
    return Done{};
  });
}

void rwkv_sampler_free(rwkv_sampler* sampler) {
  if (samplers().remove(sampler)) delete sampler;
}

rwkv_status rwkv_sampler_observe(rwkv_sampler* sampler, int32_t token) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(sampler));
    sampler->sampler.observe(token);
    return Done{};
  });
}

rwkv_status rwkv_sample(rwkv_model* model, rwkv_sampler* sampler, int32_t* token) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, token != nullptr));
    RWKV_TRY(check(sampler));
    if (model->session->logits() == nullptr)
      return invalid("there are no logits: no token was read yet");
    RWKV_ASSIGN(*token, sampler->sampler.sample(model->session->logits(), rwkv_vocabulary(model)));
    sampler->sampler.observe(*token);
    return Done{};
  });
}

rwkv_status rwkv_tokenize(const rwkv_model* model, const char* text, size_t size, int32_t* tokens,
                          size_t capacity, size_t* count) {
  return guarded([&]() -> Status {
    RWKV_TRY(
        check(model, text != nullptr && count != nullptr && (tokens != nullptr || capacity == 0)));
    RWKV_ASSIGN(const rwkv::Tokenizer* tokenizer, tokenizer_of(model));
    RWKV_ASSIGN(const std::vector<int32_t> all, tokenizer->encode(std::string_view(text, size)));
    *count = all.size();
    if (capacity == 0) return Done{};
    if (capacity < all.size()) return invalid("capacity is below the number of tokens");
    std::memcpy(tokens, all.data(), all.size() * sizeof(int32_t));
    return Done{};
  });
}

rwkv_status rwkv_detokenize(const rwkv_model* model, const int32_t* tokens, size_t count,
                            char* text, size_t capacity, size_t* size) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, (tokens != nullptr || count == 0) && size != nullptr &&
                              (text != nullptr || capacity == 0)));
    RWKV_ASSIGN(const rwkv::Tokenizer* tokenizer, tokenizer_of(model));
    RWKV_TRY(model->session->check_tokens(tokens, count));
    rwkv::TokenStream stream(*tokenizer, false);
    std::string bytes;
    for (size_t i = 0; i < count; ++i) bytes += stream.bytes(tokens[i]);
    *size = bytes.size();
    if (capacity == 0) return Done{};
    if (capacity < bytes.size()) return invalid("capacity is below the number of bytes");
    if (!bytes.empty()) std::memcpy(text, bytes.data(), bytes.size());
    return Done{};
  });
}

}  // extern "C"
