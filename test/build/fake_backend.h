#pragma once

#include <cstdint>

#include "QnnInterface.h"

struct FakeState {
  uint64_t calls =
      0;  // of graphCreate, tensorCreateGraphTensor, backendValidateOpConfig, graphAddNode
  uint64_t fail_at = 0;  // the call that fails, from 1; 0: none
  bool with_validator = true;
  uint64_t complaints = 0;  // what the model library did wrong
  uint64_t nodes = 0;
  uint64_t values = 0;    // outputs of nodes
  uint64_t checksum = 0;  // of all static data
  const QnnGraph_Config_t** last_config = nullptr;
};

using FakeStateFn = FakeState* (*)();
using FakeResetFn = void (*)();
using FakeInterfaceFn = QNN_INTERFACE_VER_TYPE (*)();
using FakeLaterSlotFn = void (*)();
