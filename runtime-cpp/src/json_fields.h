#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json.h"

namespace rwkv {

/// Typed access to the members of one JSON object. Errors name the place by its path:
/// `model.json: graphs[0].tokens: expected 1 or more, found "x"`. Borrows the Json, which must
/// outlive it.
class JsonFields {
 public:
  static Result<JsonFields> root(const Json& json, const std::string& source);

  Result<std::string> text(const std::string& name) const;
  Result<double> number(const std::string& name) const;
  /// An integer of at least 0.
  Result<uint64_t> count(const std::string& name) const;
  Result<uint32_t> count32(const std::string& name) const;
  Result<std::vector<uint64_t>> counts(const std::string& name) const;
  Result<JsonFields> object(const std::string& name) const;
  Result<std::vector<JsonFields>> objects(const std::string& name) const;
  bool has(const std::string& name) const { return json_->find(name) != nullptr; }
  bool is_null(const std::string& name) const;
  std::vector<std::string> names() const;

  /// "expected `expected`, found what stands there".
  Error fail(const std::string& name, const std::string& expected) const;

 private:
  JsonFields(const Json& json, std::string path) : json_(&json), path_(std::move(path)) {}
  Error fail_at(const std::string& place, const Json* found, const std::string& expected) const;
  std::string place(const std::string& name) const;

  const Json* json_;
  std::string path_;
};

}  // namespace rwkv
