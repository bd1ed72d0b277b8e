#include "interface.h"

#include <exception>
#include <new>

#include "Host/QnnHost.h"

namespace qnn_host {
namespace {

/// A function of the API as the table holds it: when memory runs out in it, it answers
/// QNN_COMMON_ERROR_MEM_ALLOC. No exception crosses the interface.
template <auto function>
struct Guarded;
template <typename... Arguments, Qnn_ErrorHandle_t (*function)(Arguments...)>
struct Guarded<function> {
  static Qnn_ErrorHandle_t call(Arguments... arguments) noexcept {
    try {
      return function(arguments...);
    } catch (const std::bad_alloc&) {
      return QNN_COMMON_ERROR_MEM_ALLOC;
    } catch (const std::exception&) {
      return QNN_COMMON_ERROR_GENERAL;
    }
  }
};
template <auto function>
constexpr auto guarded = &Guarded<function>::call;

// In the order of the table; no slot is null.
constexpr QnnInterface_t kProvider = {
    QNN_BACKEND_ID_HOST,
    "HOST_RWKVC",
    {{QNN_API_VERSION_MAJOR, QNN_API_VERSION_MINOR, QNN_API_VERSION_PATCH}, kBackendVersion},
    {{
        guarded<QnnProperty_hasCapability>,
        guarded<QnnBackend_create>,
        guarded<QnnBackend_setConfig>,
        guarded<QnnBackend_getApiVersion>,
        guarded<QnnBackend_getBuildId>,
        guarded<QnnBackend_registerOpPackage>,
        guarded<QnnBackend_getSupportedOperations>,
        guarded<QnnBackend_validateOpConfig>,
        guarded<QnnBackend_free>,
        guarded<QnnContext_create>,
        guarded<QnnContext_setConfig>,
        guarded<QnnContext_getBinarySize>,
        guarded<QnnContext_getBinary>,
        guarded<QnnContext_createFromBinary>,
        guarded<QnnContext_free>,
        guarded<QnnGraph_create>,
        guarded<QnnGraph_createSubgraph>,
        guarded<QnnGraph_setConfig>,
        guarded<QnnGraph_addNode>,
        guarded<QnnGraph_finalize>,
        guarded<QnnGraph_retrieve>,
        guarded<QnnGraph_execute>,
        guarded<QnnGraph_executeAsync>,
        guarded<QnnTensor_createContextTensor>,
        guarded<QnnTensor_createGraphTensor>,
        guarded<QnnLog_create>,
        guarded<QnnLog_setLogLevel>,
        guarded<QnnLog_free>,
        guarded<QnnProfile_create>,
        guarded<QnnProfile_setConfig>,
        guarded<QnnProfile_getEvents>,
        guarded<QnnProfile_getSubEvents>,
        guarded<QnnProfile_getEventData>,
        guarded<QnnProfile_getExtendedEventData>,
        guarded<QnnProfile_free>,
        guarded<QnnMem_register>,
        guarded<QnnMem_deRegister>,
        guarded<QnnDevice_getPlatformInfo>,
        guarded<QnnDevice_freePlatformInfo>,
        guarded<QnnDevice_getInfrastructure>,
        guarded<QnnDevice_create>,
        guarded<QnnDevice_setConfig>,
        guarded<QnnDevice_getInfo>,
        guarded<QnnDevice_free>,
        guarded<QnnSignal_create>,
        guarded<QnnSignal_setConfig>,
        guarded<QnnSignal_trigger>,
        guarded<QnnSignal_free>,
        guarded<QnnError_getMessage>,
        guarded<QnnError_getVerboseMessage>,
        guarded<QnnError_freeVerboseMessage>,
        guarded<QnnGraph_prepareExecutionEnvironment>,
        guarded<QnnGraph_releaseExecutionEnvironment>,
        guarded<QnnGraph_getProperty>,
        guarded<QnnContext_validateBinary>,
        guarded<QnnContext_createFromBinaryWithSignal>,
        guarded<QnnContext_createFromBinaryListAsync>,
        guarded<QnnTensor_updateGraphTensors>,
        guarded<QnnTensor_updateContextTensors>,
        guarded<QnnContext_getBinarySectionSize>,
        guarded<QnnContext_getBinarySection>,
        guarded<QnnContext_applyBinarySection>,
    }}};

}  // namespace

const QnnInterface_t& provider() {
  return kProvider;
}

}  // namespace qnn_host
