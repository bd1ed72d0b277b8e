// Quantize, Dequantize and Convert, to and from fixed point.
//
// Floats to fixed point: FixedCode::quantize; float16 is read in the extended range. Fixed point to
// fixed point: the nearest that the output can hold, half up (the device: 1 unit).
// From fixed point: the product in float32, then to float16, ties to even (the device: 1 unit in
// the last place).

#include "quantize.h"

#include "entries.h"
#include "fixed_tensors.h"
#include "function_kernel.h"
#include "numerics/formats.h"
#include "shapes.h"

namespace qnn_host {
namespace {

bool is_float(Qnn_DataType_t dtype) {
  return dtype == QNN_DATATYPE_FLOAT_16 || dtype == QNN_DATATYPE_FLOAT_32;
}

std::string check_type(const Tensor& tensor) {
  const bool known =
      is_float(tensor.dtype) || (is_fixed_point(tensor.dtype) && element_size(tensor.dtype) < 4 &&
                                 tensor.dtype != QNN_DATATYPE_SFIXED_POINT_4);
  if (known) return check_one_scale(tensor);
  return "tensor " + tensor.name + " is " + dtype_name(tensor.dtype) +
         ": f16, f32, uq16, sq16, uq8 or sq8 was expected";
}

std::string check_quantize(const Op& op) {
  return first_fault([&] { return check_requantize(op); },
                     [&]() -> std::string {
                       if (is_float(op.inputs[0]->dtype) && !is_float(op.outputs[0]->dtype))
                         return "";
                       return "Quantize goes from floating to fixed point";
                     });
}

std::string check_dequantize(const Op& op) {
  return first_fault([&] { return check_requantize(op); },
                     [&]() -> std::string {
                       if (!is_float(op.inputs[0]->dtype) && is_float(op.outputs[0]->dtype))
                         return "";
                       return "Dequantize goes from fixed to floating point";
                     });
}

std::unique_ptr<Kernel> from_float(const Op& op) {
  const FixedCode code = code_of(*op.outputs[0]);
  const Qnn_DataType_t dtype = op.outputs[0]->dtype;
  const uint64_t count = op.outputs[0]->elements();
  return with_format<ExtendedHalf>(op.inputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    return kernel_of([=](const Buffers& buffers) {
      const auto* x = in<typename Format::Stored>(buffers, 0);
      auto* y = out<uint8_t>(buffers);
      for (uint64_t i = 0; i < count; ++i)
        put_stored(y, dtype, i, code.quantize(static_cast<float>(Format::load(x[i]))));
    });
  });
}

std::unique_ptr<Kernel> to_float(const Op& op) {
  const FixedCode code = code_of(*op.inputs[0]);
  const Qnn_DataType_t dtype = op.inputs[0]->dtype;
  const bool to_half = op.outputs[0]->dtype == QNN_DATATYPE_FLOAT_16;
  const uint64_t count = op.outputs[0]->elements();
  return kernel_of([=](const Buffers& buffers) {
    const auto* x = in<uint8_t>(buffers, 0);
    for (uint64_t i = 0; i < count; ++i) {
      const int32_t stored = stored_at(x, dtype, i);
      if (to_half)
        out<uint16_t>(buffers)[i] = dequantized_half(stored, code);
      else
        out<float>(buffers)[i] = dequantized_float(stored, code);
    }
  });
}

std::unique_ptr<Kernel> fixed_to_fixed(const Op& op) {
  const FixedCode from = code_of(*op.inputs[0]), to = code_of(*op.outputs[0]);
  const Qnn_DataType_t x_type = op.inputs[0]->dtype, y_type = op.outputs[0]->dtype;
  const uint64_t count = op.outputs[0]->elements();
  return kernel_of([=](const Buffers& buffers) {
    const auto* x = in<uint8_t>(buffers, 0);
    auto* y = out<uint8_t>(buffers);
    const double ratio = from.scale / to.scale;
    for (uint64_t i = 0; i < count; ++i) {
      const double whole = static_cast<double>(stored_at(x, x_type, i) + from.offset);
      put_stored(y, y_type, i, fixed_round(whole * ratio, to));
    }
  });
}

}  // namespace

std::string check_requantize(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 1); }, [&] { return check_type(*op.inputs[0]); },
      [&] { return check_type(*op.outputs[0]); },
      [&] {
        return check_dims(*op.outputs[0], op.inputs[0]->dims, "the output has the input's dims");
      });
}

std::unique_ptr<Kernel> make_requantize(const Op& op) {
  if (is_float(op.inputs[0]->dtype)) return from_float(op);
  if (is_float(op.outputs[0]->dtype)) return to_float(op);
  return fixed_to_fixed(op);
}

const OpEntry kQuantize{"Quantize", check_quantize, make_requantize};
const OpEntry kDequantize{"Dequantize", check_dequantize, make_requantize};

}  // namespace qnn_host
