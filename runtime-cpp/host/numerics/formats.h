#pragma once

#include <cmath>
#include <cstdint>

#include "QnnTypes.h"
#include "float16.h"

namespace qnn_host {

// Element formats: how stored elements are read, exactly, and results written, rounded once.

struct IeeeHalf {
  using Stored = uint16_t;
  static double load(Stored bits) { return ieee_value(bits); }
  static Stored store(double value) { return ieee_half(value); }
};

struct ExtendedHalf {
  using Stored = uint16_t;
  static double load(Stored bits) { return extended_value(bits); }
  static Stored store(double value) { return extended_half(value); }
};

struct Float {
  using Stored = float;
  static double load(Stored value) { return static_cast<double>(value); }
  /// Beyond float's range infinity, as the hardware's conversion does; a NaN stays one.
  static Stored store(double value) { return static_cast<float>(value); }
};

/// `function(Format{})` for a float tensor: float16 as `Half` reads it, or float32.
template <typename Half, typename Function>
auto with_format(Qnn_DataType_t dtype, Function&& function) {
  return dtype == QNN_DATATYPE_FLOAT_16 ? function(Half{}) : function(Float{});
}

}  // namespace qnn_host
