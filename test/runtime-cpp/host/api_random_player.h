#pragma once

// A client that makes random calls, for api_random_test.cc.

#include <algorithm>
#include <mutex>
#include <random>

#include "api/interface.h"
#include "api_client.h"

namespace client {

using qnn_host::provider;

constexpr uint32_t kBytes = 4096;  // of every buffer: more than any tensor here takes

/// Handles that were given out, by kind, and those that were freed. Shared by several players in
/// one test.
struct Pool {
  enum Kind { kLog, kBackend, kDevice, kContext, kGraph, kProfile, kKinds };
  std::mutex mutex;
  std::vector<void*> valid[kKinds];
  std::vector<void*> old;
};

/// Plays one call after the other. Every choice comes from the seed.
class Player {
 public:
  Player(Pool& pool, uint32_t seed) : pool_(pool), random_(seed) {}

  /// Mostly begins as a good client does, up to some point.
  void play(int calls) {
    if (chance(80)) begin(below(8));
    for (int i = 0; i < calls; ++i) call();
  }

  /// Frees all that is left; contexts go with their backends.
  void clean_up() {
    for (int kind : {Pool::kProfile, Pool::kBackend, Pool::kDevice, Pool::kLog}) {
      for (void* handle : take_all(kind)) free_one(kind, handle);
    }
    take_all(Pool::kContext);
    take_all(Pool::kGraph);
  }

 private:
  const QNN_INTERFACE_VER_TYPE& qnn() { return provider().v2_18; }
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  bool chance(uint32_t percent) { return below(100) < percent; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return *(values.begin() + below(static_cast<uint32_t>(values.size())));
  }

  void* pick(int kind) {
    const std::lock_guard<std::mutex> lock(pool_.mutex);
    const std::vector<void*>& list = pool_.valid[kind];
    if (!list.empty() && chance(85)) return list[below(static_cast<uint32_t>(list.size()))];
    switch (below(5)) {
      case 0:
        return nullptr;
      case 1:
        return this;
      case 2:
        return pool_.old.empty() ? nullptr
                                 : pool_.old[below(static_cast<uint32_t>(pool_.old.size()))];
      case 3: {
        const std::vector<void*>& others = pool_.valid[below(Pool::kKinds)];
        return others.empty() ? nullptr : others[below(static_cast<uint32_t>(others.size()))];
      }
      default:
        return reinterpret_cast<void*>(static_cast<uintptr_t>(random_()));
    }
  }
  void keep(int kind, void* handle) {
    const std::lock_guard<std::mutex> lock(pool_.mutex);
    pool_.valid[kind].push_back(handle);
  }
  void drop(int kind, void* handle) {
    const std::lock_guard<std::mutex> lock(pool_.mutex);
    std::vector<void*>& list = pool_.valid[kind];
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i] == handle) list.erase(list.begin() + static_cast<long>(i));
    }
    if (pool_.old.size() < 1000) pool_.old.push_back(handle);
  }
  std::vector<void*> take_all(int kind) {
    const std::lock_guard<std::mutex> lock(pool_.mutex);
    return std::move(pool_.valid[kind]);
  }

  /// Every status has a text.
  bool check(Qnn_ErrorHandle_t status) {
    const char* text = nullptr;
    EXPECT_EQ(0u, qnn().errorGetMessage(status, &text)) << status;
    return status == QNN_SUCCESS;
  }
  void created(int kind, void* handle, Qnn_ErrorHandle_t status) {
    if (!check(status)) return;
    EXPECT_NE(nullptr, handle);
    keep(kind, handle);
  }

  void free_one(int kind, void* handle) {
    Qnn_ErrorHandle_t status = 0;
    if (kind == Pool::kLog) status = qnn().logFree(handle);
    if (kind == Pool::kBackend) status = qnn().backendFree(handle);
    if (kind == Pool::kDevice) status = qnn().deviceFree(handle);
    if (kind == Pool::kContext) status = qnn().contextFree(handle, extra(Pool::kProfile));
    if (kind == Pool::kProfile) status = qnn().profileFree(handle);
    if (check(status)) drop(kind, handle);
  }

  /// Mostly null, as optional arguments are.
  void* extra(int kind) { return chance(70) ? nullptr : pick(kind); }

  Qnn_Tensor_t tensor() {
    static const char* const names[] = {"a", "b", "c", "d", "e", "f", ""};
    std::vector<uint32_t> dims(below(4));
    for (uint32_t& extent : dims) extent = one_of({1u, 1u, 2u, 2u, 4u});
    if (chance(3) && !dims.empty()) dims.assign(dims.size(), one_of({0u, 0xFFFFFFFFu}));
    Qnn_Tensor_t made =
        tensors_.make(names[below(7)],
                      one_of({QNN_TENSOR_TYPE_APP_WRITE, QNN_TENSOR_TYPE_APP_READ,
                              QNN_TENSOR_TYPE_NATIVE, QNN_TENSOR_TYPE_STATIC}),
                      one_of({QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_FLOAT_16,
                              QNN_DATATYPE_INT_32, QNN_DATATYPE_UINT_32, QNN_DATATYPE_BOOL_8}),
                      dims);
    uint64_t size = made.v1.dataType == QNN_DATATYPE_FLOAT_16 ? 2
                    : made.v1.dataType == QNN_DATATYPE_BOOL_8 ? 1
                                                              : 4;
    for (const uint32_t extent : dims) size *= extent;
    made.v1.clientBuf = {data_, static_cast<uint32_t>(std::min<uint64_t>(size, kBytes))};
    if (chance(10)) spoil(&made);
    return made;
  }

  /// Bits that no enumeration has.
  template <typename Enum>
  void make_wild(Enum* field) {
    const uint32_t bits = one_of({0xFFFFFFFFu, 0x80000000u, 0x80000001u});
    std::memcpy(field, &bits, sizeof bits);
  }

  void spoil(Qnn_Tensor_t* tensor) {
    Qnn_TensorV1_t& v1 = tensor->v1;
    switch (below(16)) {
      case 12:
        return make_wild(&tensor->version);
      case 13:
        return make_wild(&v1.type);
      case 14:
        return make_wild(&v1.dataType);
      case 15:
        return make_wild(&v1.memType);
      case 0:
        tensor->version = static_cast<Qnn_TensorVersion_t>(below(4));
        break;
      case 1:
        v1.name = nullptr;
        break;
      case 2:
        v1.type = static_cast<Qnn_TensorType_t>(below(12));
        break;
      case 3:
        v1.dataFormat = below(3);
        break;
      case 4:
        v1.dataType = one_of({QNN_DATATYPE_UFIXED_POINT_8, QNN_DATATYPE_STRING, QNN_DATATYPE_INT_64,
                              QNN_DATATYPE_UNDEFINED});
        break;
      case 5:
        v1.rank = one_of({9u, 1000000u, 0xFFFFFFFFu});
        break;
      case 6:
        v1.dimensions = nullptr;
        break;
      case 7:
        v1.memType = one_of(
            {QNN_TENSORMEMTYPE_RAW, QNN_TENSORMEMTYPE_MEMHANDLE, QNN_TENSORMEMTYPE_UNDEFINED});
        break;
      case 8:
        v1.clientBuf.data = nullptr;
        break;
      case 9:
        v1.clientBuf.dataSize = below(kBytes);
        break;
      case 10:
        v1.id = below(8);
        break;
      default:
        tensor->version = QNN_TENSOR_VERSION_2;
        tensor->v2.isDynamicDimensions = chance(50) ? nullptr : flags_;
        tensor->v2.sparseParams = QNN_SPARSE_PARAMS_INIT;
        flags_[below(8)] = static_cast<uint8_t>(below(2));
    }
  }

  /// One that was created by this player, or any.
  Qnn_Tensor_t known_tensor() {
    if (known_.empty() || chance(10)) return tensor();
    Qnn_Tensor_t found = known_[below(static_cast<uint32_t>(known_.size()))];
    if (chance(5)) spoil(&found);
    return found;
  }

  void create_tensor() {
    Qnn_Tensor_t made = tensor();
    if (check(qnn().tensorCreateGraphTensor(pick(Pool::kGraph), chance(2) ? nullptr : &made)))
      known_.push_back(made);
  }

  Qnn_OpConfig_t op_config() {
    inputs_.assign(1 + below(2), {});
    outputs_.assign(1, {});
    for (Qnn_Tensor_t& input : inputs_) input = known_tensor();
    for (Qnn_Tensor_t& output : outputs_) output = known_tensor();
    Qnn_OpConfig_t config =
        node(one_of({"n", "m", "o"}),
             one_of({"Relu", "Relu", "ElementWiseAdd", "ElementWiseMultiply", "MatMul", "Concat",
                     "Reshape", "Transpose", "Gather", "LayerNorm", "Nothing"}),
             inputs_, outputs_);
    if (chance(30)) {
      param_ = QNN_PARAM_INIT;
      param_.name = one_of({"axis", "perm", "epsilon", "keep_dims"});
      param_.paramType =
          one_of({QNN_PARAMTYPE_SCALAR, QNN_PARAMTYPE_TENSOR, QNN_PARAMTYPE_UNDEFINED});
      if (param_.paramType == QNN_PARAMTYPE_TENSOR) {
        param_.tensorParam = known_tensor();
      } else {
        param_.scalarParam.dataType = one_of({QNN_DATATYPE_UINT_32, QNN_DATATYPE_FLOAT_32,
                                              QNN_DATATYPE_BOOL_8, QNN_DATATYPE_STRING});
        param_.scalarParam.uint64Value = below(4);
      }
      config.v1.numOfParams = 1;
      config.v1.params = &param_;
    }
    if (!chance(8)) return config;
    switch (below(9)) {
      case 8:
        make_wild(&config.version);
        break;
      case 0:
        config.version = static_cast<Qnn_OpConfigVersion_t>(below(3));
        break;
      case 1:
        config.v1.name = nullptr;
        break;
      case 2:
        config.v1.packageName = one_of<const char*>({nullptr, "acme"});
        break;
      case 3:
        config.v1.typeName = nullptr;
        break;
      case 4:
        config.v1.inputTensors = nullptr;
        break;
      case 5:
        config.v1.outputTensors = nullptr;
        break;
      case 6:
        config.v1.params = nullptr;
        break;
      default:
        config.v1.numOfInputs = 0;
    }
    return config;
  }

  /// All APP tensors that this player created, which may be those of its one graph.
  void execute() {
    std::vector<Qnn_Tensor_t> in, out;
    for (const Qnn_Tensor_t& one : known_) {
      if (one.v1.type == QNN_TENSOR_TYPE_APP_WRITE) in.push_back(one);
      if (one.v1.type == QNN_TENSOR_TYPE_APP_READ) out.push_back(one);
    }
    for (size_t i = 0; i < out.size(); ++i) {
      out[i].v1.clientBuf = {results_[i % 8], kBytes};
      if (chance(3)) spoil(&out[i]);
    }
    if (chance(3) && !in.empty()) spoil(&in[0]);
    if (chance(3)) in.push_back(tensor());
    const auto status = qnn().graphExecute(
        pick(Pool::kGraph), chance(3) ? nullptr : in.data(), static_cast<uint32_t>(in.size()),
        chance(3) ? nullptr : out.data(), static_cast<uint32_t>(out.size()), extra(Pool::kProfile),
        chance(95) ? nullptr : pick(Pool::kGraph));
    executed += check(status);
  }

  void binary() {
    void* context = pick(Pool::kContext);
    Qnn_ContextBinarySize_t size = 0;
    if (!check(qnn().contextGetBinarySize(context, chance(3) ? nullptr : &size))) return;
    std::vector<uint8_t> bytes(size);
    Qnn_ContextBinarySize_t written = 0;
    if (!check(qnn().contextGetBinary(context, bytes.data(), size, &written))) return;
    if (chance(30)) bytes[below(static_cast<uint32_t>(size))] ^= static_cast<uint8_t>(1 + below(9));
    if (chance(10)) bytes.resize(below(static_cast<uint32_t>(size)) + 1);
    void* loaded = nullptr;
    const auto status =
        qnn().contextCreateFromBinary(pick(Pool::kBackend), extra(Pool::kDevice), nullptr,
                                      bytes.data(), bytes.size(), &loaded, extra(Pool::kProfile));
    created(Pool::kContext, loaded, status);
    void* graph = nullptr;
    if (status == 0 && check(qnn().graphRetrieve(loaded, "g", &graph))) keep(Pool::kGraph, graph);
  }

  void create_graph() {
    QnnHostGraph_CustomConfig_t custom = {QNN_HOST_GRAPH_CONFIG_OPTION_THREADS, 1};
    QnnGraph_Config_t config = QNN_GRAPH_CONFIG_INIT;
    config.option = QNN_GRAPH_CONFIG_OPTION_CUSTOM;
    config.customConfig = &custom;
    if (chance(3)) config.option = static_cast<QnnGraph_ConfigOption_t>(below(8));
    if (chance(3)) custom.option = static_cast<QnnHostGraph_ConfigOption_t>(below(6));
    if (chance(1)) make_wild(&custom.option);
    if (config.option != QNN_GRAPH_CONFIG_OPTION_CUSTOM) config.priority = QNN_PRIORITY_LOW;
    const QnnGraph_Config_t* configs[] = {&config, nullptr};
    void* graph = nullptr;
    const auto status = qnn().graphCreate(pick(Pool::kContext), one_of<const char*>({"g", "h", ""}),
                                          configs, chance(3) ? nullptr : &graph);
    if (!check(status)) return;
    keep(Pool::kGraph, graph);
    known_.clear();
  }

  void read_profile() {
    const QnnProfile_EventId_t* ids = nullptr;
    uint32_t count = 0;
    check(qnn().profileGetEvents(pick(Pool::kProfile), chance(3) ? nullptr : &ids, &count));
    // Ids count up from 1, so that a guess may meet one; what the ids' list and the names point at
    // belongs to the profile, which another player may be using.
    QnnProfile_EventData_t data;
    QnnProfile_ExtendedEventData_t extended;
    const QnnProfile_EventId_t id = chance(50) ? below(1000) : random_();
    check(qnn().profileGetEventData(id, chance(5) ? nullptr : &data));
    check(qnn().profileGetExtendedEventData(id, chance(5) ? nullptr : &extended));
    check(qnn().profileGetSubEvents(id, chance(5) ? nullptr : &ids, &count));
  }

  /// The first `steps` of: logger, backend, context, graph with its tensors, node, finalize,
  /// execute.
  void begin(uint32_t steps) {
    void *log = nullptr, *backend = nullptr, *context = nullptr, *graph = nullptr;
    // By reference: the handle is written by the call that gives the status.
    const auto create = [this](int kind, Qnn_ErrorHandle_t status, void*& handle) {
      created(kind, handle, status);
    };
    QnnHostGraph_CustomConfig_t custom = {QNN_HOST_GRAPH_CONFIG_OPTION_THREADS, 1};
    QnnGraph_Config_t config = QNN_GRAPH_CONFIG_INIT;
    config.option = QNN_GRAPH_CONFIG_OPTION_CUSTOM;
    config.customConfig = &custom;
    const QnnGraph_Config_t* configs[] = {&config, nullptr};
    if (steps-- == 0) return;
    create(Pool::kLog, qnn().logCreate(&ignore, QNN_LOG_LEVEL_DEBUG, &log), log);
    if (steps-- == 0) return;
    create(Pool::kBackend, qnn().backendCreate(log, nullptr, &backend), backend);
    if (steps-- == 0) return;
    create(Pool::kContext, qnn().contextCreate(backend, nullptr, nullptr, &context), context);
    if (steps-- == 0) return;
    create(Pool::kGraph, qnn().graphCreate(context, "g", configs, &graph), graph);
    for (const auto type :
         {QNN_TENSOR_TYPE_APP_WRITE, QNN_TENSOR_TYPE_STATIC, QNN_TENSOR_TYPE_APP_READ}) {
      Qnn_Tensor_t made = tensors_.make(std::to_string(type), type, QNN_DATATYPE_FLOAT_32, {2, 2});
      made.v1.clientBuf = {data_, 16};
      if (check(qnn().tensorCreateGraphTensor(graph, &made))) known_.push_back(made);
    }
    if (steps-- == 0 || known_.size() != 3) return;
    inputs_ = {known_[0], known_[1]};
    outputs_ = {known_[2]};
    check(qnn().graphAddNode(graph, node("n", "ElementWiseAdd", inputs_, outputs_)));
    if (steps-- == 0) return;
    finalized += check(qnn().graphFinalize(graph, nullptr, nullptr));
    if (steps-- == 0) return;
    execute();
  }

  void call() {
    void* handle = nullptr;
    switch (below(24)) {
      case 0:
        check(qnn().logSetLogLevel(pick(Pool::kLog), static_cast<QnnLog_Level_t>(below(7))));
        return;
      case 1: {
        const auto status =
            qnn().logCreate(&ignore, static_cast<QnnLog_Level_t>(below(7)), &handle);
        return created(Pool::kLog, handle, status);
      }
      case 2: {
        const auto status = qnn().backendCreate(extra(Pool::kLog), nullptr, &handle);
        return created(Pool::kBackend, handle, status);
      }
      case 3: {
        const auto status = qnn().deviceCreate(extra(Pool::kLog), nullptr, &handle);
        return created(Pool::kDevice, handle, status);
      }
      case 4:
      case 5: {
        const auto status =
            qnn().contextCreate(pick(Pool::kBackend), extra(Pool::kDevice), nullptr, &handle);
        return created(Pool::kContext, handle, status);
      }
      case 6: {
        const auto status = qnn().profileCreate(pick(Pool::kBackend), below(4), &handle);
        return created(Pool::kProfile, handle, status);
      }
      case 7:
      case 8:
        return create_graph();
      case 9:
      case 10:
      case 11:
      case 12:
        return create_tensor();
      case 13:
      case 14:
      case 15:
        check(qnn().graphAddNode(pick(Pool::kGraph), op_config()));
        return;
      case 16:
        check(qnn().backendValidateOpConfig(pick(Pool::kBackend), op_config()));
        return;
      case 17:
        finalized += check(qnn().graphFinalize(pick(Pool::kGraph), extra(Pool::kProfile), nullptr));
        return;
      case 18:
      case 19:
        return execute();
      case 20:
        return binary();
      case 21:
        return read_profile();
      case 22: {
        const int kind = static_cast<int>(below(Pool::kKinds));
        if (kind != Pool::kGraph && chance(30)) free_one(kind, pick(kind));
        return;
      }
      default:
        return infrastructure();
    }
  }

  void infrastructure() {
    QnnDevice_Infrastructure_t device = nullptr;
    check(qnn().deviceGetInfrastructure(&device));
    const auto* host = reinterpret_cast<const QnnHostDevice_Infrastructure_t*>(device);
    QnnHostGraph_Footprint_t footprint;
    const QnnHostGraph_Overflow_t* overflow = nullptr;
    check(host->graphGetFootprint(pick(Pool::kGraph), chance(3) ? nullptr : &footprint));
    check(host->graphGetOverflow(pick(Pool::kGraph), chance(3) ? nullptr : &overflow));
    check(qnn().propertyHasCapability(below(2002)));
  }

  static void ignore(const char*, QnnLog_Level_t, uint64_t, va_list) {}

  Pool& pool_;
  std::mt19937_64 random_;
  Tensors tensors_;
  std::vector<Qnn_Tensor_t> known_, inputs_, outputs_;
  Qnn_Param_t param_;
  uint8_t flags_[8] = {};
  alignas(64) uint8_t data_[kBytes] = {};
  alignas(64) uint8_t results_[8][kBytes] = {};

 public:
  int finalized = 0, executed = 0;  // calls that succeeded
};

}  // namespace client
