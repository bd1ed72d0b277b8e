#pragma once

#include <cassert>
#include <utility>
#include <variant>

#include "error.h"

namespace rwkv {

/// A value or an Error. `value()` may be called only when `ok()`, `error()` only when not.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }

  T& value() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  Error& error() {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// The value of a Result that carries none.
struct Done {};
using Status = Result<Done>;

}  // namespace rwkv

#define RWKV_CONCAT_(a, b) a##b
#define RWKV_CONCAT(a, b) RWKV_CONCAT_(a, b)

/// Leaves the function with the error of `expression`, a Result, if it has one.
#define RWKV_TRY(expression)                                                    \
  do {                                                                          \
    auto rwkv_result_ = (expression);                                           \
    if (!rwkv_result_.ok()) return std::move(rwkv_result_.error());             \
  } while (false)

/// `RWKV_ASSIGN(auto text, read_file(path));`: the value, or out with the error.
#define RWKV_ASSIGN(target, expression) \
  RWKV_ASSIGN_IMPL_(RWKV_CONCAT(rwkv_result_, __LINE__), target, expression)
#define RWKV_ASSIGN_IMPL_(result, target, expression)   \
  auto result = (expression);                           \
  if (!result.ok()) return std::move(result.error());   \
  target = std::move(result).value()
