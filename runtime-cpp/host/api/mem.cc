#include "QnnMem.h"

#include "../validate/sane_enum.h"
#include "context.h"
#include "fault.h"

using namespace qnn_host;

// On a PC there is no memory to share with an accelerator: arguments are checked, then refused.

namespace {

Fault check(const Qnn_MemDescriptor_t& memory) {
  const Qnn_MemShape_t& shape = memory.memShape;
  if (shape.numDim == 0 || shape.dimSize == nullptr)
    return {QNN_MEM_ERROR_INVALID_SHAPE, "the memory's shape has no dimensions"};
  const Qnn_MemType_t type = sane(memory.memType);
  switch (type) {
    case QNN_MEM_TYPE_ION:
      if (memory.ionInfo.fd < 0)
        return {QNN_MEM_ERROR_INVALID_ARGUMENT, "the file descriptor of ION memory is negative"};
      break;
    case QNN_MEM_TYPE_DMA_BUF:
      if (memory.dmaBufInfo.fd < 0)
        return {QNN_MEM_ERROR_INVALID_ARGUMENT, "the file descriptor of a dma-buf is negative"};
      break;
    case QNN_MEM_TYPE_CUSTOM:
      break;
    default:
      return {QNN_MEM_ERROR_UNSUPPORTED_MEMTYPE, "unknown memory type " + std::to_string(type)};
  }
  return {};
}

}  // namespace

Qnn_ErrorHandle_t QnnMem_register(Qnn_ContextHandle_t context,
                                  const Qnn_MemDescriptor_t* memDescriptors,
                                  uint32_t numDescriptors, Qnn_MemHandle_t* memHandles) {
  const auto owner = Registry::instance().find<Context>(context);
  if (owner == nullptr)
    return report(nullptr, QNN_MEM_ERROR_INVALID_HANDLE, bad_handle("context", context));
  if (memDescriptors == nullptr)
    return report(owner->log(), QNN_MEM_ERROR_INVALID_ARGUMENT, null_argument("memDescriptors"));
  if (memHandles == nullptr)
    return report(owner->log(), QNN_MEM_ERROR_INVALID_ARGUMENT, null_argument("memHandles"));
  if (numDescriptors == 0)
    return report(owner->log(), QNN_MEM_ERROR_INVALID_ARGUMENT, "numDescriptors is 0");
  for (uint32_t i = 0; i < numDescriptors; ++i) {
    if (const Fault fault = check(memDescriptors[i])) return report(owner->log(), fault);
  }
  return report(owner->log(), QNN_MEM_ERROR_NOT_SUPPORTED,
                "memory is not shared with an accelerator here: give tensors plain buffers "
                "(QNN_TENSORMEMTYPE_RAW)");
}

Qnn_ErrorHandle_t QnnMem_deRegister(const Qnn_MemHandle_t* memHandles, uint32_t numHandles) {
  if (memHandles == nullptr || numHandles == 0)
    return report(nullptr, QNN_MEM_ERROR_INVALID_ARGUMENT, "there are no handles to take back");
  return report(nullptr, QNN_MEM_ERROR_INVALID_HANDLE, bad_handle("memory", memHandles[0]));
}
