// Element-wise functions of two operands, which broadcast against each other as numpy's do: extents
// aligned at the right, an extent of 1 stretched.
//
// float16: Add is correctly rounded, as IEEE's or in the extended range (half_rules.h). Multiply,
// Subtract, Maximum, Minimum compute in the extended range, ties away from zero. Divide multiplies
// by the reciprocal (numerics/half_functions.h). float32: correctly rounded. Integers wrap around.
// Fixed point: in double, then to the nearest that the output can hold (numerics/fixed_point.h);
// the device is within 2 units of that, and within 1 for products and extremes.

#include <cmath>
#include <type_traits>

#include "entries.h"
#include "fixed_tensors.h"
#include "function_kernel.h"
#include "half_rules.h"
#include "numerics/formats.h"
#include "numerics/half_functions.h"
#include "shapes.h"

namespace qnn_host {
namespace {

struct Add {
  static constexpr FixedBinary kFixed = FixedBinary::kAdd;
  /// The device's IEEE form adds to a cleared accumulator: -0 and -0 make +0.
  template <typename Format>
  static double of(double a, double b) {
    return std::is_same_v<Format, IeeeHalf> ? 0.0 + a + b : a + b;
  }
  static uint32_t of_bits(uint32_t a, uint32_t b, bool) { return a + b; }
};

struct Subtract {
  static constexpr FixedBinary kFixed = FixedBinary::kSubtract;
  template <typename Format>
  static double of(double a, double b) {
    return a - b;
  }
  static uint32_t of_bits(uint32_t a, uint32_t b, bool) { return a - b; }
};

struct Multiply {
  static constexpr FixedBinary kFixed = FixedBinary::kMultiply;
  template <typename Format>
  static double of(double a, double b) {
    return a * b;
  }
  static uint32_t of_bits(uint32_t a, uint32_t b, bool) { return a * b; }
};

struct Divide {
  static constexpr FixedBinary kFixed = FixedBinary::kDivide;
  template <typename Format>
  static double of(double a, double b) {
    if (std::is_same_v<Format, ExtendedHalf>) return a * half_reciprocal(b);
    return a / b;
  }
  /// Towards zero. By zero: 0. The one quotient that does not fit wraps around.
  static uint32_t of_bits(uint32_t a, uint32_t b, bool is_signed) {
    if (b == 0) return 0;
    if (!is_signed) return a / b;
    return static_cast<uint32_t>(static_cast<int64_t>(static_cast<int32_t>(a)) /
                                 static_cast<int32_t>(b));
  }
};

/// The larger, +0 of +0 and -0; a NaN when either is one.
struct Maximum {
  static constexpr FixedBinary kFixed = FixedBinary::kMaximum;
  template <typename Format>
  static double of(double a, double b) {
    if (a == b) return std::signbit(a) ? b : a;
    return std::isnan(a) || a > b ? a : b;
  }
  static uint32_t of_bits(uint32_t a, uint32_t b, bool is_signed) {
    return less(a, b, is_signed) ? b : a;
  }
  static bool less(uint32_t a, uint32_t b, bool is_signed) {
    return is_signed ? static_cast<int32_t>(a) < static_cast<int32_t>(b) : a < b;
  }
};

struct Minimum {
  static constexpr FixedBinary kFixed = FixedBinary::kMinimum;
  template <typename Format>
  static double of(double a, double b) {
    if (a == b) return std::signbit(a) ? a : b;
    return std::isnan(a) || a < b ? a : b;
  }
  static uint32_t of_bits(uint32_t a, uint32_t b, bool is_signed) {
    return Maximum::less(a, b, is_signed) ? a : b;
  }
};

std::string check(const Op& op) {
  Dims out;
  return first_fault(
      [&] { return check_count(op, 2, 2); },
      [&] {
        if (is_fixed_point(op.outputs[0]->dtype)) return check_fixed_types(op);
        return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_INT_32,
                                QNN_DATATYPE_UINT_32});
      },
      [&]() -> std::string {
        const Dims &a = op.inputs[0]->dims, &b = op.inputs[1]->dims;
        const std::string both = text_of(a) + " and " + text_of(b);
        if (!broadcast(a, b, &out))
          return "operands " + both +
                 " do not broadcast: extents, aligned at the right, must be equal or 1";
        return check_dims(*op.outputs[0], out, both + " broadcast to it");
      });
}

/// `function(offset in a, offset in b)` for each element, in order.
template <typename Function>
void for_each_pair(const Dims& dims, const std::vector<uint64_t>& a, const std::vector<uint64_t>& b,
                   Function function) {
  const uint64_t count = product(dims);
  Walk left(dims, a), right(dims, b);
  for (uint64_t i = 0; i < count; ++i, left.next(), right.next())
    function(i, left.offset(), right.offset());
}

template <typename Operation, typename Half = ExtendedHalf>
std::unique_ptr<Kernel> make(const Op& op) {
  const Dims dims = op.outputs[0]->dims;
  const auto a = broadcast_strides(op.inputs[0]->dims, dims);
  const auto b = broadcast_strides(op.inputs[1]->dims, dims);
  const uint32_t overwritable =
      (op.inputs[0]->dims == dims ? 1u : 0u) | (op.inputs[1]->dims == dims ? 2u : 0u);
  const Qnn_DataType_t dtype = op.outputs[0]->dtype;
  if (dtype == QNN_DATATYPE_INT_32 || dtype == QNN_DATATYPE_UINT_32) {
    const bool is_signed = dtype == QNN_DATATYPE_INT_32;
    return kernel_of(
        [=](const Buffers& buffers) {
          const auto *left = in<uint32_t>(buffers, 0), *right = in<uint32_t>(buffers, 1);
          auto* result = out<uint32_t>(buffers);
          for_each_pair(dims, a, b, [&](uint64_t i, uint64_t l, uint64_t r) {
            result[i] = Operation::of_bits(left[l], right[r], is_signed);
          });
        },
        overwritable);
  }
  if (is_fixed_point(dtype)) {
    constexpr FixedBinary kFixed = Operation::kFixed;
    const FixedCode result = code_of(*op.outputs[0]);
    const FixedOperands operands =
        fixed_operands(kFixed, code_of(*op.inputs[0]), code_of(*op.inputs[1]), result);
    return kernel_of(
        [=](const Buffers& buffers) {
          const auto *left = in<uint8_t>(buffers, 0), *right = in<uint8_t>(buffers, 1);
          for_each_pair(dims, a, b, [&](uint64_t i, uint64_t l, uint64_t r) {
            const double value = fixed_combine(kFixed, stored_at(left, dtype, l),
                                               stored_at(right, dtype, r), operands);
            put_stored(out<uint8_t>(buffers), dtype, i, fixed_round(value, result));
          });
        },
        overwritable);
  }
  return with_format<Half>(dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of(
        [=](const Buffers& buffers) {
          const auto *left = in<Stored>(buffers, 0), *right = in<Stored>(buffers, 1);
          auto* result = out<Stored>(buffers);
          for_each_pair(dims, a, b, [&](uint64_t i, uint64_t l, uint64_t r) {
            result[i] = Format::store(
                Operation::template of<Format>(Format::load(left[l]), Format::load(right[r])));
          });
        },
        overwritable);
  });
}

std::unique_ptr<Kernel> make_add(const Op& op) {
  return add_is_ieee(op) ? make<Add, IeeeHalf>(op) : make<Add>(op);
}

}  // namespace

const OpEntry kElementWiseAdd{"ElementWiseAdd", check, make_add};
const OpEntry kElementWiseSubtract{"ElementWiseSubtract", check, make<Subtract>};
const OpEntry kElementWiseMultiply{"ElementWiseMultiply", check, make<Multiply>};
const OpEntry kElementWiseDivide{"ElementWiseDivide", check, make<Divide>};
const OpEntry kElementWiseMaximum{"ElementWiseMaximum", check, make<Maximum>};
const OpEntry kElementWiseMinimum{"ElementWiseMinimum", check, make<Minimum>};

}  // namespace qnn_host
