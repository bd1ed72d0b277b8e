#include "c_api_support.h"

namespace rwkv::c_api {
namespace {

std::string& last_error() {
  thread_local std::string text;
  return text;
}

}  // namespace

// Never destroyed: an application may free its models from a static destructor of its own.
HandleSet<rwkv_model>& models() {
  static auto* const set = new HandleSet<rwkv_model>;
  return *set;
}
HandleSet<rwkv_sampler>& samplers() {
  static auto* const set = new HandleSet<rwkv_sampler>;
  return *set;
}

rwkv_status finish(const Status& status) {
  if (status.ok()) return RWKV_OK;
  last_error() = status.error().to_text();
  return static_cast<rwkv_status>(status.error().kind);
}

rwkv_status finish_exception(const char* text) noexcept {
  try {
    last_error() = text;
  } catch (...) {
    // No memory for the words either: the status alone has to do.
  }
  return RWKV_INTERNAL;
}

Error invalid(const char* what) {
  return usage_error("api/argument", what);
}

Status check(const rwkv_model* model, bool pointers) {
  if (!models().has(model)) return invalid("the model handle is null, freed or not a model");
  if (!pointers) return invalid("a pointer argument is null");
  return Done{};
}

Status check(const rwkv_sampler* sampler) {
  if (!samplers().has(sampler)) {
    return invalid("the sampler handle is null, freed or not a sampler");
  }
  return Done{};
}

}  // namespace rwkv::c_api

extern "C" const char* rwkv_last_error(void) {
  return rwkv::c_api::last_error().c_str();
}
