#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "error.h"

namespace rwkv {

/// Out of line, for the size of all the functions that can fail.
struct ErrorDeleter {
  void operator()(Error* error) const;
};
using ErrorPointer = std::unique_ptr<Error, ErrorDeleter>;
ErrorPointer new_error(Error&& error);

/// A value or an Error. `value()` may be called only when `ok()`, `error()` only when not. The
/// error is on the heap, so that a Result is little larger than its value.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(new_error(std::move(error))) {}

  bool ok() const { return error_ == nullptr; }

  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  Error& error() { return *error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<T> value_;
  ErrorPointer error_;
};

/// The value of a Result that carries none.
struct Done {};
using Status = Result<Done>;

}  // namespace rwkv

#define RWKV_CONCAT_(a, b) a##b
#define RWKV_CONCAT(a, b) RWKV_CONCAT_(a, b)

/// Leaves the function with the error of `expression`, a Result, if it has one.
#define RWKV_TRY(expression)                                        \
  do {                                                              \
    auto rwkv_result_ = (expression);                               \
    if (!rwkv_result_.ok()) return std::move(rwkv_result_.error()); \
  } while (false)

/// `RWKV_ASSIGN(auto text, read_file(path));`: the value, or out with the error.
#define RWKV_ASSIGN(target, expression) \
  RWKV_ASSIGN_IMPL_(RWKV_CONCAT(rwkv_result_, __LINE__), target, expression)
#define RWKV_ASSIGN_IMPL_(result, target, expression) \
  auto result = (expression);                         \
  if (!result.ok()) return std::move(result.error()); \
  target = std::move(result).value()
