// The C API: models, tokens and states.
#include "c_api_support.h"
#include "context_file.h"
#include "state_file.h"

namespace {

using rwkv::Done;
using rwkv::Result;
using rwkv::Status;
using rwkv::c_api::check;
using rwkv::c_api::guarded;
using rwkv::c_api::invalid;
using rwkv::c_api::models;

std::string text_or_empty(const char* text) {
  return text != nullptr ? text : "";
}

Result<std::unique_ptr<rwkv::Session>> create_session(const std::string& artefact,
                                                      const rwkv_options& given) {
  if (given.backend_library == nullptr) return invalid("options.backend_library is null");
  if (given.backend < RWKV_BACKEND_HOST || given.backend > RWKV_BACKEND_HTP)
    return invalid("unknown options.backend");
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
      return rwkv::missing_error("artefact/no-library", artefact + " has no model library for " +
                                                            std::string(rwkv::own_triple()));
    }
  }
  return rwkv::Session::create(artefact, std::move(manifest), options);
}

const std::vector<rwkv::ManifestState>& states_of(const rwkv_model* model) {
  return model->session->manifest().graphs.front().states;
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
    made->artefact = artefact;
    RWKV_ASSIGN(made->session, create_session(artefact, *options));
    *model = models().add(made.release());
    return Done{};
  });
}

void rwkv_free(rwkv_model* model) {
  if (models().remove(model)) delete model;
}

size_t rwkv_vocabulary(const rwkv_model* model) {
  return models().has(model) ? model->session->manifest().vocabulary : 0;
}

rwkv_status rwkv_eval(rwkv_model* model, int32_t token) {
  return rwkv_eval_tokens(model, &token, 1);
}

rwkv_status rwkv_eval_tokens(rwkv_model* model, const int32_t* tokens, size_t count) {
  return guarded([&]() -> Status {
    RWKV_TRY(check(model, tokens != nullptr));
    return model->session->eval(tokens, count);
  });
}

const float* rwkv_logits(const rwkv_model* model) {
  return models().has(model) ? model->session->logits() : nullptr;
}

size_t rwkv_state_size(const rwkv_model* model) {
  return models().has(model) ? model->session->state_values() : 0;
}

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

}  // extern "C"
