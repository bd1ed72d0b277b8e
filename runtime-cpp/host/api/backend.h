#pragma once

#include <memory>

#include "QnnBackend.h"
#include "log.h"
#include "registry.h"

namespace qnn_host {

class Backend : public Object {
 public:
  static constexpr Kind kKind = Kind::kBackend;

  explicit Backend(std::shared_ptr<Log> log) : log_(std::move(log)) {}

  /// May be null.
  const Log* log() const { return log_.get(); }
  const std::shared_ptr<Log>& shared_log() const { return log_; }

 private:
  std::shared_ptr<Log> log_;
};

}  // namespace qnn_host
