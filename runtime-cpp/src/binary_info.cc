#include "binary_info.h"

#include <cstring>

#include "HTP/QnnHtpSystemContext.h"
#include "System/QnnSystemContext.h"

namespace rwkv {
namespace {

std::string text_of(const char* text) {
  return text != nullptr ? text : "";
}

/// HTP's blob is a V1 record, and in newer binaries a V2 record behind it.
void read_htp_blob(const void* blob, uint32_t size, BinaryGraph& graph) {
  QnnHtpSystemContext_GraphBlobInfo_t first;
  if (blob == nullptr || size < sizeof first) return;
  std::memcpy(&first, blob, sizeof first);
  if (first.version != QNN_SYSTEM_CONTEXT_HTP_GRAPH_INFO_BLOB_VERSION_V1) return;
  const QnnHtpSystemContext_GraphBlobInfoV1_t& v1 = first.contextBinaryGraphBlobInfoV1;
  graph.has_htp = true;
  graph.spill_fill = v1.spillFillBufferSize;
  graph.vtcm = v1.vtcmSize;
  graph.optimization_level = v1.optimizationLevel;
  graph.hvx_threads = v1.numHvxThreads;
  QnnHtpSystemContext_GraphBlobInfoV2_t second;
  if (size < sizeof first + sizeof second) return;
  std::memcpy(&second, static_cast<const char*>(blob) + sizeof first, sizeof second);
  if (second.version != QNN_SYSTEM_CONTEXT_HTP_GRAPH_INFO_BLOB_VERSION_V2) return;
  graph.const_size = second.constSize;
  graph.shared_weights_size = second.sharedWeightsSize;
  graph.io_size = second.ioTensorSize;
}

Result<BinaryGraph> read_graph(const QnnSystemContext_GraphInfo_t& record, bool htp) {
  if (record.version < QNN_SYSTEM_CONTEXT_GRAPH_INFO_VERSION_1 ||
      record.version > QNN_SYSTEM_CONTEXT_GRAPH_INFO_VERSION_3) {
    return input_error("context/record-version", "the binary's graph record has version " +
                                                     std::to_string(record.version) +
                                                     ", known are 1 to 3");
  }
  // The three versions agree in the fields of version 1.
  const QnnSystemContext_GraphInfoV1_t& v1 = record.graphInfoV1;
  BinaryGraph graph;
  graph.name = text_of(v1.graphName);
  RWKV_ASSIGN(graph.inputs, read_tensor_infos(v1.graphInputs, v1.numGraphInputs));
  RWKV_ASSIGN(graph.outputs, read_tensor_infos(v1.graphOutputs, v1.numGraphOutputs));
  if (htp && record.version == QNN_SYSTEM_CONTEXT_GRAPH_INFO_VERSION_3) {
    read_htp_blob(record.graphInfoV3.graphBlobInfo, record.graphInfoV3.graphBlobInfoSize, graph);
  }
  return graph;
}

/// Fields with the same names in all versions of the record.
template <typename Record>
void read_common(const Record& record, BinaryInfo& info) {
  info.backend_id = record.backendId;
  info.build_id = text_of(record.buildId);
  info.core = record.coreApiVersion;
  info.backend = record.backendApiVersion;
  info.blob = record.contextBlobVersion;
  info.blob_size = record.contextBlobSize;
}

Status read_graphs(const QnnSystemContext_GraphInfo_t* graphs, uint32_t count,
                   const Qnn_Version_t& system_version, BinaryInfo& info) {
  // The step of the array is the library's record size. A version 3 record, or System API 1.7,
  // proves that it is ours; otherwise only the first record can be found.
  const bool step_known =
      count > 0 && (graphs[0].version == QNN_SYSTEM_CONTEXT_GRAPH_INFO_VERSION_3 ||
                    system_version.major > 1 || system_version.minor >= 7);
  if (count > 1 && !step_known) {
    return input_error(
        "context/old-system-library",
        "a binary of several graphs needs a System library of API 1.7 or newer, this is " +
            version_text(system_version));
  }
  for (uint32_t i = 0; graphs != nullptr && i < count; ++i) {
    RWKV_ASSIGN(BinaryGraph graph, read_graph(graphs[i], info.backend_id == kBackendIdHtp));
    info.graphs.push_back(std::move(graph));
  }
  return Done{};
}

Result<BinaryInfo> read_record(const QnnSystemContext_BinaryInfo_t& record,
                               const Qnn_Version_t& system_version) {
  BinaryInfo info;
  info.record_version = record.version;
  switch (record.version) {
    case QNN_SYSTEM_CONTEXT_BINARY_INFO_VERSION_1:
    case QNN_SYSTEM_CONTEXT_BINARY_INFO_VERSION_2: {
      const QnnSystemContext_BinaryInfoV1_t& v1 =
          record.contextBinaryInfoV1;  // a prefix of version 2
      read_common(v1, info);
      RWKV_TRY(read_graphs(v1.graphs, v1.numGraphs, system_version, info));
      return info;
    }
    case QNN_SYSTEM_CONTEXT_BINARY_INFO_VERSION_3: {
      const QnnSystemContext_BinaryInfoV3_t& v3 = record.contextBinaryInfoV3;
      read_common(v3, info);
      info.soc_model = v3.socModel;
      QnnHtpSystemContext_ContextBlobInfo_t blob;
      if (info.backend_id == kBackendIdHtp && v3.contextMetadata != nullptr &&
          v3.contextMetadataSize >= sizeof blob) {
        std::memcpy(&blob, v3.contextMetadata, sizeof blob);
        info.dsp_arch = blob.contextBinaryContextBlobInfoV1.dspArch;
      }
      RWKV_TRY(read_graphs(v3.graphs, v3.numGraphs, system_version, info));
      return info;
    }
    default:
      return input_error("context/record-version", "the binary's record has version " +
                                                       std::to_string(record.version) +
                                                       ", known are 1 to 3");
  }
}

/// A System context for one reading; the records die with it.
class SystemContext {
 public:
  explicit SystemContext(const QNN_SYSTEM_INTERFACE_VER_TYPE& fn) : fn_(fn) {}
  SystemContext(const SystemContext&) = delete;
  SystemContext& operator=(const SystemContext&) = delete;
  ~SystemContext() {
    if (handle != nullptr) fn_.systemContextFree(handle);
  }
  QnnSystemContext_Handle_t handle = nullptr;

 private:
  const QNN_SYSTEM_INTERFACE_VER_TYPE& fn_;
};

}  // namespace

Result<SystemLibrary> SystemLibrary::open(const std::string& path) {
  RWKV_ASSIGN(const DynamicLibrary library, DynamicLibrary::open(path));
  RWKV_ASSIGN(void* const address,
              library.require("QnnSystemInterface_getProviders", "the QNN System library"));
  const auto get_providers =
      reinterpret_cast<Qnn_ErrorHandle_t (*)(const QnnSystemInterface_t***, uint32_t*)>(address);
  const QnnSystemInterface_t** providers = nullptr;
  uint32_t count = 0;
  const Call call("QnnSystemInterface_getProviders", path);
  RWKV_TRY(call.check(get_providers(&providers, &count)));
  for (uint32_t i = 0; providers != nullptr && i < count; ++i) {
    if (providers[i] == nullptr || providers[i]->systemApiVersion.major != 1) continue;
    return SystemLibrary(providers[i]->QNN_SYSTEM_INTERFACE_VER_NAME,
                         providers[i]->systemApiVersion);
  }
  return missing_error("library/system-api", path + " offers no QNN System API 1");
}

Result<BinaryInfo> SystemLibrary::read(const void* bytes, uint64_t size,
                                       const std::string& name) const {
  if (size == 0) return input_error("context/empty", name + " is empty");
  SystemContext context(fn_);
  const Call create("QnnSystemContext_create", "");
  if (fn_.systemContextCreate == nullptr || fn_.systemContextFree == nullptr)
    return create.missing_slot();
  RWKV_TRY(create.check(fn_.systemContextCreate(&context.handle)));
  const QnnSystemContext_BinaryInfo_t* record = nullptr;
  Qnn_ContextBinarySize_t record_size = 0;
  const Call get("QnnSystemContext_getBinaryInfo", name);
  if (fn_.systemContextGetBinaryInfo == nullptr) return get.missing_slot();
  RWKV_TRY(get.check(fn_.systemContextGetBinaryInfo(context.handle, const_cast<void*>(bytes), size,
                                                    &record, &record_size)));
  if (record == nullptr) {
    return internal_error("context/no-record",
                          "QnnSystemContext_getBinaryInfo gave no record for " + name);
  }
  return read_record(*record, version_);
}

}  // namespace rwkv
