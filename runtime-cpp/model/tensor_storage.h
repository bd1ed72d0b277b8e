// How the values of a tensor and their scales lie in the weights file, and in QNN's terms.
//
// Behind the values of a tensor whose scales are stored, from the next multiple of 64 bytes on: a
// Grid; or a bfloat16 for each extent of axis 0, and then, of blocks, a byte for each.
#pragma once

#include <cstdint>

#include "rwkvc_model.h"

namespace rwkvc {

uint64_t elements_of(const Type& type);
// The values alone.
uint64_t value_bytes(const Type& type);
// With what lies behind them.
uint64_t stored_bytes(const Type& type);

// As error messages write it: f16, uq16, ...
const char* dtype_name(Qnn_DataType_t dtype);

// Tells QNN where the stored numbers lie; `values` are in the weights file where scales are stored.
// False: out of memory.
bool describe_scales(const Type& type, const void* values, Arena& arena,
                     Qnn_QuantizeParams_t* params);

// Pairs of 4-bit values, the first in the low half, as signed bytes. Null: out of memory.
const void* unpacked_values(const Type& type, const void* values, Arena& arena);

}  // namespace rwkvc
