#include "rwkv/rwkv.h"

#include <cstring>
#include <memory>
#include <new>

#include "context_file.h"
#include "handle_set.h"
#include "sampler.h"
#include "session.h"
#include "state_file.h"
#include "tokenizer.h"

/// What the opaque handles are.
struct rwkv_model {
  std::unique_ptr<rwkv::Session> session;
};
struct rwkv_sampler {
  rwkv::Sampler sampler;
};

namespace {

using rwkv::Done;
using rwkv::Error;
using rwkv::Result;
using rwkv::Status;

thread_local std::string g_last_error;

// Never destroyed: an application may free its models from a static destructor of its own.
rwkv::HandleSet<rwkv_model>& models() {
  static auto* const set = new rwkv::HandleSet<rwkv_model>;
  return *set;
}
rwkv::HandleSet<rwkv_sampler>& samplers() {
  static auto* const set = new rwkv::HandleSet<rwkv_sampler>;
  return *set;
}

rwkv_status finish(const Status& status) {
  if (status.ok()) return RWKV_OK;
  g_last_error = status.error().to_text();
  return static_cast<rwkv_status>(status.error().kind);
}

/// Runs `body`, a function that returns Status. Nothing may be thrown into C; what can be is lack of memory.
template <typename Body>
rwkv_status guarded(const Body& body) noexcept {
  try {
    return finish(body());
  } catch (const std::bad_alloc&) {
    g_last_error = "out of memory [internal/memory]";
    return RWKV_INTERNAL;
  } catch (...) {
    g_last_error = "an exception from a library [internal/exception]";
    return RWKV_INTERNAL;
  }
}

Error invalid(const char* what) { return rwkv::usage_error("api/argument", what); }

/// Handle and pointers: the door of every function that takes a model.
Status check(const rwkv_model* model, bool pointers = true) {
  if (!models().has(model)) return invalid("the model handle is null, freed or not a model");
  if (!pointers) return invalid("a pointer argument is null");
  return Done{};
}

Status check(const rwkv_sampler* sampler) {
  if (!samplers().has(sampler)) return invalid("the sampler handle is null, freed or not a sampler");
  return Done{};
}

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

Result<std::unique_ptr<rwkv::Session>> create_session(const std::string& artefact, const rwkv_options& given) {
  if (given.backend_library == nullptr) return invalid("options.backend_library is null");
  if (given.backend < RWKV_BACKEND_HOST || given.backend > RWKV_BACKEND_HTP) return invalid("unknown options.backend");
  RWKV_ASSIGN(rwkv::Manifest manifest, rwkv::read_manifest(artefact));
  rwkv::SessionOptions options;
  options.engine.kind = static_cast<rwkv::BackendKind>(given.backend);
  options.engine.backend_library = given.backend_library;
  options.engine.system_library = text_or_empty(given.system_library);
  options.engine.soc_model = given.soc_model != 0 ? given.soc_model : manifest.htp.soc_model;
  if (options.engine.soc_model == manifest.htp.soc_model) {
    options.engine.arch = manifest.htp.arch;
    options.engine.htp.vtcm_mb = manifest.htp.vtcm_mb;
  }
  options.context = text_or_empty(given.context);
  if (options.context.empty() && given.prefer_context != 0 && given.backend == RWKV_BACKEND_HTP) {
    RWKV_ASSIGN(options.context, rwkv::find_context(artefact, manifest, options.engine.soc_model));
  }
  if (options.context.empty()) {
    options.model_library = text_or_empty(given.model_library);
    const auto own = manifest.libraries.find(rwkv::own_triple());
    if (options.model_library.empty() && own != manifest.libraries.end()) {
      options.model_library = rwkv::join_path(artefact, own->second);
    }
    if (options.model_library.empty()) {
      return rwkv::missing_error("artefact/no-library",
                                 artefact + " has no model library for " + std::string(rwkv::own_triple()));
    }
  }
  return rwkv::Session::create(artefact, std::move(manifest), options);
}

const std::vector<rwkv::ManifestState>& states_of(const rwkv_model* model) {
  return model->session->manifest().graphs.front().states;
}

Result<rwkv::ByteTokenizer> tokenizer_of(const rwkv_model* model) {
  const rwkv::Manifest& manifest = model->session->manifest();
  if (!manifest.byte_tokenizer) return invalid("the artefact names no tokenizer that this runtime has");
  return rwkv::ByteTokenizer(manifest.vocabulary);
}

}  // namespace

extern "C" {

void rwkv_options_init(rwkv_options* options) {
  if (options == nullptr) return;
  *options = {};
  options->struct_size = sizeof *options;
  options->prefer_context = 1;
}

rwkv_status rwkv_create(const char* artefact, const rwkv_options* options, rwkv_model** model) {
  return guarded([&]() -> Status {
    if (model == nullptr) return invalid("model is null");
    *model = nullptr;
    if (artefact == nullptr || options == nullptr) return invalid("artefact or options is null");
    if (options->struct_size != sizeof *options) {
      return invalid("options.struct_size is wrong: call rwkv_options_init first");
    }
    auto made = std::make_unique<rwkv_model>();
    RWKV_ASSIGN(made->session, create_session(artefact, *options));
    *model = models().add(made.release());
    return Done{};
  });
}

void rwkv_free(rwkv_model* model) {
  if (models().remove(model)) delete model;
}

const char* rwkv_last_error(void) { return g_last_error.c_str(); }

size_t rwkv_vocabulary(const rwkv_model* model) {
  return models().has(model) ? model->session->manifest().vocabulary : 0;
}

rwkv_status rwkv_eval(rwkv_model* model, int32_t token) { return rwkv_eval_tokens(model, &token, 1); }

rwkv_status rwkv_eval_tokens(rwkv_model* model, const int32_t* tokens, size_t count) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, tokens != nullptr));
    return model->session->eval(tokens, count);
  });
}

const float* rwkv_logits(const rwkv_model* model) {
  return models().has(model) ? model->session->logits() : nullptr;
}

size_t rwkv_state_size(const rwkv_model* model) { return models().has(model) ? model->session->state_values() : 0; }

rwkv_status rwkv_state_reset(rwkv_model* model) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model));
    model->session->reset();
    return Done{};
  });
}

rwkv_status rwkv_state_get(const rwkv_model* model, float* values, size_t count) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, values != nullptr));
    if (count != model->session->state_values()) return invalid("count is not rwkv_state_size()");
    model->session->get_state(values);
    return Done{};
  });
}

rwkv_status rwkv_state_set(rwkv_model* model, const float* values, size_t count) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, values != nullptr));
    if (count != model->session->state_values()) return invalid("count is not rwkv_state_size()");
    model->session->set_state(values);
    return Done{};
  });
}

rwkv_status rwkv_state_save(const rwkv_model* model, const char* path) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, path != nullptr));
    std::vector<float> values(model->session->state_values());
    model->session->get_state(values.data());
    return rwkv::save_state(path, model->session->manifest(), states_of(model), values);
  });
}

rwkv_status rwkv_state_load(rwkv_model* model, const char* path) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, path != nullptr));
    RWKV_ASSIGN(const std::vector<float> values, rwkv::load_state(path, states_of(model)));
    model->session->set_state(values.data());
    return Done{};
  });
}

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
      return invalid("options are null, or their struct_size is wrong: call rwkv_sampler_options_init first");
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
    if (model->session->logits() == nullptr) return invalid("there are no logits: no token was read yet");
    RWKV_ASSIGN(*token, sampler->sampler.sample(model->session->logits(), rwkv_vocabulary(model)));
    sampler->sampler.observe(*token);
    return Done{};
  });
}

rwkv_status rwkv_tokenize(const rwkv_model* model, const char* text, size_t size, int32_t* tokens, size_t capacity,
                          size_t* count) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, text != nullptr && count != nullptr && (tokens != nullptr || capacity == 0)));
    RWKV_ASSIGN(const rwkv::ByteTokenizer tokenizer, tokenizer_of(model));
    RWKV_ASSIGN(const std::vector<int32_t> all, tokenizer.encode(std::string_view(text, size)));
    *count = all.size();
    if (capacity == 0) return Done{};
    if (capacity < all.size()) return invalid("capacity is below the number of tokens");
    std::memcpy(tokens, all.data(), all.size() * sizeof(int32_t));
    return Done{};
  });
}

rwkv_status rwkv_detokenize(const rwkv_model* model, const int32_t* tokens, size_t count, char* text, size_t capacity,
                            size_t* size) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, (tokens != nullptr || count == 0) && size != nullptr && (text != nullptr || capacity == 0)));
    RWKV_ASSIGN(const rwkv::ByteTokenizer tokenizer, tokenizer_of(model));
    RWKV_TRY(model->session->check_tokens(tokens, count));
    std::string bytes;
    for (size_t i = 0; i < count; ++i) bytes += tokenizer.decode(tokens[i]);
    *size = bytes.size();
    if (capacity == 0) return Done{};
    if (capacity < bytes.size()) return invalid("capacity is below the number of bytes");
    if (!bytes.empty()) std::memcpy(text, bytes.data(), bytes.size());
    return Done{};
  });
}

}  // extern "C"
