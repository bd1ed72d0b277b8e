#pragma once

#include <memory>
#include <new>
#include <string>

#include "handle_set.h"
#include "rwkv/rwkv.h"
#include "sampler.h"
#include "session.h"
#include "tokenizer/tokenizer.h"

/// What the opaque handles are.
struct rwkv_model {
  std::unique_ptr<rwkv::Session> session;
  std::string artefact;
  /// Opened by the first call that needs it: text is not for everyone.
  mutable std::unique_ptr<rwkv::Tokenizer> tokenizer;
};
struct rwkv_sampler {
  rwkv::Sampler sampler;
};

/// The door of the C API: handles, errors, and no exception across it.
namespace rwkv::c_api {

HandleSet<rwkv_model>& models();
HandleSet<rwkv_sampler>& samplers();

/// Keeps the error's text for rwkv_last_error and gives its kind.
rwkv_status finish(const Status& status);
/// As `finish` for an exception: `text` says which.
rwkv_status finish_exception(const char* text) noexcept;

/// Runs `body`, a function that returns Status. Nothing may be thrown into C; what can be is lack
/// of memory.
template <typename Body>
rwkv_status guarded(const Body& body) noexcept {
  try {
    return finish(body());
  } catch (const std::bad_alloc&) {
    return finish_exception("out of memory [internal/memory]");
  } catch (...) {
    return finish_exception("an exception from a library [internal/exception]");
  }
}

Error invalid(const char* what);

/// Handle and pointers: the first line of every function that takes a model.
Status check(const rwkv_model* model, bool pointers = true);
Status check(const rwkv_sampler* sampler);

}  // namespace rwkv::c_api
