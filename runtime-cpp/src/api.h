#pragma once

#include <string>

#include "QnnInterface.h"
#include "dynamic_library.h"
#include "message_log.h"
#include "result.h"

namespace rwkv {

/// A backend's function table and what it says of itself. Handles borrow it: it must outlive them.
struct Api {
  /// Slots up to core API 2.18 only, copied: later ones are never touched, so that a table of any
  /// newer minor serves.
  QNN_INTERFACE_VER_TYPE fn = {};
  uint32_t backend_id = 0;
  std::string provider;
  Qnn_Version_t core = {};
  Qnn_Version_t backend = {};

  /// The library's build id, empty when it gives none.
  std::string build_id() const;
};

/// Numbers of the vendor's backends; our host backend has one of its own.
constexpr uint32_t kBackendIdCpu = 3;
constexpr uint32_t kBackendIdGpu = 4;
constexpr uint32_t kBackendIdHtp = 6;

/// The provider with core API 2.18 or newer of a backend library.
Result<Api> load_api(const DynamicLibrary& library);

std::string version_text(const Qnn_Version_t& version);
/// Negative, 0 or positive, as `a` is older than, equal to or newer than `b`.
int compare_versions(const Qnn_Version_t& a, const Qnn_Version_t& b);

/// One call into a backend library: remembers where the log stood, so that a failure can quote what
/// was said during it.
///
///     Call call("QnnGraph_finalize", "graph \"decode\"");
///     RWKV_TRY(call.check(api.fn.graphFinalize(...)));
class Call {
 public:
  /// `name` is the function as the headers spell it, `subject` what it was asked about; may be
  /// empty.
  Call(const char* name, std::string subject);

  /// Done when `status` is 0, otherwise the decoded error.
  Status check(uint64_t status) const;
  Error failure(uint64_t status) const;
  /// A slot of the table that the library left empty.
  Error missing_slot() const;

 private:
  const char* name_;
  std::string subject_;
  uint64_t mark_;
};

}  // namespace rwkv
