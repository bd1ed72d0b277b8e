#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rwkv {

struct Overflow;

/// Whose move it is. The numbers are the programs' exit codes.
enum class ErrorKind {
  kInput = 1,     ///< the artefact, tokens or files handed in are at fault
  kUsage = 2,     ///< a call or command line that makes no sense
  kMissing = 3,   ///< a file or library is not there, or is of another machine
  kInternal = 4,  ///< our own bug, or a foreign library that failed for no reason of the input
};

/// What went wrong, for a person and for a program. Plain data; it is cheap only to move.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  /// Stable, grouped by part: `context/newer-library`.
  std::string code;
  /// What was done and what was found, in one or two sentences.
  std::string message;
  /// The QNN or system call that failed, empty when none did.
  std::string call;
  /// Low 16 bits of the Qnn_ErrorHandle_t, 0 when no QNN call failed.
  uint32_t status = 0;
  /// What to do about it; may be empty.
  std::string hint;
  /// Last messages of the foreign library, oldest first.
  std::vector<std::string> log;
  /// Where values first left the finite numbers, when that may be the cause; else null.
  std::shared_ptr<const Overflow> overflow;

  /// Everything above as lines of text, without a trailing newline.
  std::string to_text() const;
};

Error input_error(std::string code, std::string message, std::string hint = "");
Error usage_error(std::string code, std::string message, std::string hint = "");
Error missing_error(std::string code, std::string message, std::string hint = "");
Error internal_error(std::string code, std::string message, std::string hint = "");

}  // namespace rwkv
