#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "result.h"

namespace rwkv {

struct FlagSpec {
  const char* name;   ///< with its dashes
  const char* value;  ///< what stands for the value in the help; null for a switch
  const char* help;
};

/// A mode of a program: its name, what it does, and the flags it knows.
struct ModeSpec {
  const char* name;
  const char* summary;
  std::vector<FlagSpec> flags;
};

/// The values of a command line: `PROGRAM MODE --flag VALUE ...`. Numbers are read strictly: the
/// whole text, in range.
class Flags {
 public:
  /// Unknown flags, repeated flags and missing values are usage errors that name the nearest known
  /// flag.
  static Result<Flags> parse(const ModeSpec& mode, const std::vector<std::string>& args);

  bool has(const std::string& name) const { return values_.count(name) != 0; }
  /// The value, or `fallback` when the flag is not given.
  std::string text(const std::string& name, const std::string& fallback = "") const;
  /// A usage error when the flag is not given or empty.
  Result<std::string> required(const std::string& name) const;
  Result<uint64_t> count(const std::string& name, uint64_t fallback, uint64_t most) const;
  Result<double> number(const std::string& name, double fallback) const;

 private:
  std::map<std::string, std::string> values_;
};

/// A whole, finite decimal number; false for anything else.
bool parse_number(const std::string& text, double& number);
/// A whole number of digits only, at most `most`.
bool parse_count(const std::string& text, uint64_t most, uint64_t& count);

/// The program's help: all modes with their flags.
std::string help_text(const char* program, const std::vector<ModeSpec>& modes);

}  // namespace rwkv
