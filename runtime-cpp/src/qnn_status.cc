#include "qnn_status.h"

namespace rwkv {
namespace {

constexpr ErrorKind kInput = ErrorKind::kInput;
constexpr ErrorKind kMissing = ErrorKind::kMissing;
constexpr ErrorKind kInternal = ErrorKind::kInternal;

constexpr char kNewerHint[] =
    "Load it with the library that made it or a newer one, or compile it again with this one "
    "(`rwkvc build`).";
constexpr char kDamagedHint[] = "Copy or build the file again; its sha256 stands in context.json.";
constexpr char kStubHint[] =
    "Host library, Stub and Skel must be of one SDK version. ADSP_LIBRARY_PATH must name the "
    "Skel's "
    "folder; several folders are separated by ';', not ':'.";

// Codes whose meaning goes beyond their name were met with the genuine libraries.
constexpr QnnStatus kKnown[] = {
    {1000, "QNN_COMMON_ERROR_NOT_SUPPORTED", "this library does not support the call here", "",
     kInput},
    {1002, "QNN_COMMON_ERROR_MEM_ALLOC",
     "out of memory, or the graph needs more than the 3.5 GiB that one HTP graph may use",
     "Split the model (`--chunks`) or use a smaller precision.", kInput},
    {1003, "QNN_COMMON_ERROR_SYSTEM",
     "a system call failed, or a buffer is registered with another context", "", kInternal},
    {1004, "QNN_COMMON_ERROR_INVALID_ARGUMENT", "an argument is not valid", "", kInternal},
    {1005, "QNN_COMMON_ERROR_OPERATION_NOT_PERMITTED",
     "not permitted in this state; a loaded context gives no binary", "", kInternal},
    {1006, "QNN_COMMON_ERROR_PLATFORM_NOT_SUPPORTED", "this platform is not supported", "",
     kMissing},
    {1007, "QNN_COMMON_ERROR_SYSTEM_COMMUNICATION", "no connection to the NPU", kStubHint,
     kMissing},
    {1008, "QNN_COMMON_ERROR_INCOMPATIBLE_BINARIES", "the NPU's side is of another version",
     kStubHint, kMissing},
    {1009, "QNN_COMMON_ERROR_LOADING_BINARIES", "the NPU's side could not be loaded", kStubHint,
     kMissing},
    {1010, "QNN_COMMON_ERROR_RESOURCE_UNAVAILABLE", "the NPU has no resources left", "", kInternal},
    {1011, "QNN_COMMON_ERROR_SYSTEM_COMMUNICATION_FATAL", "the connection to the NPU broke", "",
     kInternal},
    {1100, "QNN_COMMON_ERROR_GENERAL",
     "a general failure; on machines without an NPU also the answer after "
     "the backend could not be created",
     "", kInternal},
    {4000, "QNN_BACKEND_ERROR_CANNOT_INITIALIZE", "the backend finds nothing to run on",
     "The HTP library for a PC is the x86-64 one; on a device, ask with `rwkvc doctor`.", kMissing},
    {4002, "QNN_BACKEND_ERROR_TERMINATE_FAILED", "the backend could not be shut down", "",
     kInternal},
    {4003, "QNN_BACKEND_ERROR_NOT_SUPPORTED", "the backend does not support this", "", kInput},
    {4011, "QNN_BACKEND_ERROR_INVALID_HANDLE", "a backend handle that is not valid any more", "",
     kInternal},
    {4012, "QNN_BACKEND_ERROR_INVALID_CONFIG", "the backend refuses its configuration", "",
     kInternal},
    {5000, "QNN_CONTEXT_ERROR_INVALID_ARGUMENT",
     "an empty file, or a binary made by a newer library than this one", kNewerHint, kInput},
    {5002, "QNN_CONTEXT_ERROR_INVALID_HANDLE", "a context handle that is not valid any more", "",
     kInternal},
    {5004, "QNN_CONTEXT_ERROR_BINARY_VERSION", "the binary's version does not fit this library",
     kNewerHint, kInput},
    {5005, "QNN_CONTEXT_ERROR_CREATE_FROM_BINARY",
     "the binary could not be loaded, often one for another SoC",
     "Compile it for this SoC (`rwkvc build --soc`).", kInput},
    {5006, "QNN_CONTEXT_ERROR_GET_BINARY_SIZE_FAILED", "the context has no binary", "", kInternal},
    {5007, "QNN_CONTEXT_ERROR_GET_BINARY_FAILED", "the buffer for the binary is too small", "",
     kInternal},
    {5008, "QNN_CONTEXT_ERROR_BINARY_CONFIGURATION", "the binary was made with other options", "",
     kInput},
    {5010, "QNN_CONTEXT_ERROR_INVALID_CONFIG",
     "a context option that is unknown, or for devices only", "", kInternal},
    {5011, "QNN_CONTEXT_ERROR_BINARY_SUBOPTIMAL",
     "the binary was made for another SoC and would run slower", "", kInput},
    {6000, "QNN_GRAPH_ERROR_INVALID_ARGUMENT", "a graph argument or option is not valid", "",
     kInternal},
    {6001, "QNN_GRAPH_ERROR_INVALID_HANDLE", "a graph handle that is not valid any more", "",
     kInternal},
    {6003, "QNN_GRAPH_ERROR_INVALID_NAME", "there is no graph of that name", "", kInput},
    {6004, "QNN_GRAPH_ERROR_INVALID_TENSOR", "a tensor does not fit the graph", "", kInput},
    {6005, "QNN_GRAPH_ERROR_INVALID_OP_CONFIG", "the backend refuses a node", "", kInput},
    {6007, "QNN_GRAPH_ERROR_UNCONNECTED_NODE", "a node reads a tensor that nothing writes", "",
     kInput},
    {6020, "QNN_GRAPH_ERROR_CREATE_FAILED", "the graph could not be created", "", kInput},
    {6021, "QNN_GRAPH_ERROR_OPTIMIZATION_FAILED", "the graph could not be optimized", "", kInput},
    {6022, "QNN_GRAPH_ERROR_FINALIZE_FAILED",
     "the backend cannot compile the graph; the CPU library answers "
     "so to float16 nodes",
     "", kInput},
    {6023, "QNN_GRAPH_ERROR_GRAPH_NOT_FINALIZED", "the graph was not finalized", "", kInternal},
    {6024, "QNN_GRAPH_ERROR_GRAPH_FINALIZED", "the graph is finalized already", "", kInternal},
    {6031, "QNN_GRAPH_ERROR_ABORTED", "the call was aborted", "", kInternal},
    {12002, "QNN_PROFILE_ERROR_INCOMPATIBLE_EVENT", "the event has extended data only", "",
     kInternal},
    {13001, "QNN_HTP_PERF_INFRASTRUCTURE_ERROR_INVALID_INPUT", "a power vote out of range", "",
     kInternal},
    {13004, "QNN_HTP_PERF_INFRASTRUCTURE_ERROR_UNSUPPORTED",
     "a power vote that this arch does not have", "", kInternal},
    {14001, "QNN_DEVICE_ERROR_INVALID_CONFIG", "the device refuses its configuration",
     "Check the SoC's number: it is Qnn_SocModel_t's, not Android's soc_id.", kInput},
    {14002, "QNN_DEVICE_ERROR_HARDWARE_UNAVAILABLE", "the NPU is not available", "", kMissing},
    {30001, "QNN_SYSTEM_CONTEXT_ERROR_INVALID_ARGUMENT", "the file is no context binary",
     kDamagedHint, kInput},
    {30002, "QNN_SYSTEM_CONTEXT_ERROR_OPERATION_FAILED", "the binary could not be read",
     kDamagedHint, kInput},
    {30010, "QNN_SYSTEM_CONTEXT_ERROR_MALFORMED_BINARY",
     "the context binary is truncated or damaged", kDamagedHint, kInput},
};

struct Range {
  uint32_t first, last;
  const char* part;
};
constexpr Range kRanges[] = {
    {1000, 1999, "an error common to all parts"},
    {2000, 2999, "an error of properties"},
    {3000, 3999, "an error of op packages or op validation"},
    {4000, 4999, "an error of the backend"},
    {5000, 5999, "an error of the context"},
    {6000, 6999, "an error of the graph"},
    {7000, 7999, "an error of tensors"},
    {8000, 8999, "an error of shared memory"},
    {9000, 9999, "an error of signals"},
    {10000, 10999, "an error of error messages"},
    {11000, 11999, "an error of the log"},
    {12000, 12999, "an error of profiling"},
    {13000, 13999, "an error of power votes"},
    {14000, 14999, "an error of the device"},
    {30000, 49999, "an error of the System library"},
    {60000, 60999, "an error of the interface"},
};

}  // namespace

QnnStatus describe_status(uint64_t handle) {
  const uint32_t code = static_cast<uint32_t>(handle & 0xFFFF);
  for (const QnnStatus& known : kKnown) {
    if (known.code == code) return known;
  }
  QnnStatus status;
  status.code = code;
  status.meaning = "a code that no public header names";
  for (const Range& range : kRanges) {
    if (code >= range.first && code <= range.last) status.meaning = range.part;
  }
  return status;
}

std::string status_text(const QnnStatus& status) {
  std::string text = std::to_string(status.code);
  if (*status.name != '\0') text += std::string(" ") + status.name;
  return text + ": " + status.meaning;
}

}  // namespace rwkv
