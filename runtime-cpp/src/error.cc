#include "error.h"

#include <utility>

#include "result.h"

namespace rwkv {
namespace {

Error make(ErrorKind kind, std::string code, std::string message, std::string hint) {
  Error error;
  error.kind = kind;
  error.code = std::move(code);
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

}  // namespace

std::string Error::to_text() const {
  std::string text = message + " [" + code + "]";
  if (!hint.empty()) text += "\n  hint: " + hint;
  for (const std::string& line : log) text += "\n  library: " + line;
  return text;
}

void ErrorDeleter::operator()(Error* error) const {
  delete error;
}

ErrorPointer new_error(Error&& error) {
  return ErrorPointer(new Error(std::move(error)));
}

Error input_error(std::string code, std::string message, std::string hint) {
  return make(ErrorKind::kInput, std::move(code), std::move(message), std::move(hint));
}

Error usage_error(std::string code, std::string message, std::string hint) {
  return make(ErrorKind::kUsage, std::move(code), std::move(message), std::move(hint));
}

Error missing_error(std::string code, std::string message, std::string hint) {
  return make(ErrorKind::kMissing, std::move(code), std::move(message), std::move(hint));
}

Error internal_error(std::string code, std::string message, std::string hint) {
  return make(ErrorKind::kInternal, std::move(code), std::move(message), std::move(hint));
}

}  // namespace rwkv
