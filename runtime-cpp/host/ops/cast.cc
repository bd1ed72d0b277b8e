// Cast and Convert: each element's value in another type.
//
// To float16 and float32: to nearest, ties to even, infinity beyond the range. To integers: towards
// zero, at the nearest end of the range when outside it, 0 for a NaN. To bool8: whether it differs
// from 0. Convert also goes to and from fixed point: quantize.cc.

#include <cmath>
#include <limits>

#include "entries.h"
#include "function_kernel.h"
#include "numerics/formats.h"
#include "quantize.h"
#include "shapes.h"

namespace qnn_host {
namespace {

template <typename Integer>
struct Whole {
  using Stored = Integer;
  static double load(Stored value) { return static_cast<double>(value); }
  static Stored store(double value) {
    if (std::isnan(value)) return 0;
    if (value <= static_cast<double>(std::numeric_limits<Integer>::min()))
      return std::numeric_limits<Integer>::min();
    if (value >= static_cast<double>(std::numeric_limits<Integer>::max()))
      return std::numeric_limits<Integer>::max();
    return static_cast<Integer>(value);
  }
};

struct Bool {
  using Stored = uint8_t;
  static double load(Stored value) { return value != 0 ? 1.0 : 0.0; }
  static Stored store(double value) { return value != 0.0 ? 1 : 0; }
};

template <typename Function>
auto with_type(Qnn_DataType_t dtype, Function&& function) -> decltype(function(Float{})) {
  switch (dtype) {
    case QNN_DATATYPE_FLOAT_16:
      return function(IeeeHalf{});
    case QNN_DATATYPE_FLOAT_32:
      return function(Float{});
    case QNN_DATATYPE_INT_32:
      return function(Whole<int32_t>{});
    case QNN_DATATYPE_UINT_32:
      return function(Whole<uint32_t>{});
    case QNN_DATATYPE_INT_8:
      return function(Whole<int8_t>{});
    case QNN_DATATYPE_UINT_8:
      return function(Whole<uint8_t>{});
    case QNN_DATATYPE_BOOL_8:
      return function(Bool{});
    default:
      return nullptr;
  }
}

std::string check_type(const Tensor& tensor) {
  const auto known = [](auto) { return std::make_unique<bool>(true); };
  if (with_type(tensor.dtype, known) != nullptr) return "";
  return "tensor " + tensor.name + " is " + dtype_name(tensor.dtype) +
         ": f16, f32, i32, u32, i8, u8 or b8 was expected";
}

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 1); }, [&] { return check_type(*op.inputs[0]); },
      [&] { return check_type(*op.outputs[0]); },
      [&] {
        return check_dims(*op.outputs[0], op.inputs[0]->dims, "the output has the input's dims");
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const uint64_t count = op.outputs[0]->elements();
  return with_type(op.inputs[0]->dtype, [&](auto from) -> std::unique_ptr<Kernel> {
    return with_type(op.outputs[0]->dtype, [&](auto to) -> std::unique_ptr<Kernel> {
      using From = decltype(from);
      using To = decltype(to);
      return kernel_of([count](const Buffers& buffers) {
        const auto* x = in<typename From::Stored>(buffers, 0);
        auto* y = out<typename To::Stored>(buffers);
        for (uint64_t i = 0; i < count; ++i) y[i] = To::store(From::load(x[i]));
      });
    });
  });
}

bool is_fixed(const Op& op) {
  return !op.inputs.empty() && !op.outputs.empty() &&
         (is_fixed_point(op.inputs[0]->dtype) || is_fixed_point(op.outputs[0]->dtype));
}
std::string check_convert(const Op& op) {
  return is_fixed(op) ? check_requantize(op) : check(op);
}
std::unique_ptr<Kernel> make_convert(const Op& op) {
  return is_fixed(op) ? make_requantize(op) : make(op);
}

}  // namespace

const OpEntry kCast{"Cast", check, make};
const OpEntry kConvert{"Convert", check_convert, make_convert};

}  // namespace qnn_host
