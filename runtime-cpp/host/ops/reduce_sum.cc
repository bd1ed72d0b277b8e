// ReduceSum: the sum over `axes`, which stay as 1 with keep_dims and vanish otherwise.
//
// float16: the sum in double, rounded once into the extended range. float32: likewise. int32 wraps
// around. Fixed point: the exact sum, to the nearest that the output can hold.

#include "entries.h"
#include "fixed_tensors.h"
#include "function_kernel.h"
#include "numerics/formats.h"
#include "reduction.h"
#include "shapes.h"

namespace qnn_host {
namespace {

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 1); },
      [&] {
        if (is_fixed_point(op.outputs[0]->dtype)) return check_fixed_types(op);
        return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_INT_32});
      },
      [&] { return check_axes(op.node.list("axes"), op.inputs[0]->dims.size(), "axes"); },
      [&] {
        const Dims& x = op.inputs[0]->dims;
        const std::vector<int32_t> axes = op.node.list("axes");
        const bool kept = op.node.flag("keep_dims", false);
        return check_dims(*op.outputs[0], kept ? reduced_dims(x, axes) : without_axes(x, axes),
                          "input " + text_of(x) +
                              (kept ? " with 1 for the summed axes" : " without the summed axes"));
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims dims = op.inputs[0]->dims;
  const Dims reduced = reduced_dims(dims, op.node.list("axes"));
  const auto strides = broadcast_strides(reduced, dims);
  const uint64_t count = product(dims), results = product(reduced);
  if (op.outputs[0]->dtype == QNN_DATATYPE_INT_32) {
    return kernel_of([=](const Buffers& buffers) {
      const auto* x = in<uint32_t>(buffers, 0);
      auto* y = out<uint32_t>(buffers);
      for (uint64_t i = 0; i < results; ++i) y[i] = 0;
      Walk to(dims, strides);
      for (uint64_t i = 0; i < count; ++i, to.next()) y[to.offset()] += x[i];
    });
  }
  const Qnn_DataType_t dtype = op.outputs[0]->dtype;
  if (is_fixed_point(dtype)) {
    const FixedCode code = code_of(*op.inputs[0]), to = code_of(*op.outputs[0]);
    return kernel_of([=](const Buffers& buffers) {
      const auto* x = in<uint8_t>(buffers, 0);
      std::vector<int64_t> sums(results, 0);
      Walk at(dims, strides);
      for (uint64_t i = 0; i < count; ++i, at.next())
        sums[at.offset()] += stored_at(x, dtype, i) + code.offset;
      for (uint64_t i = 0; i < results; ++i)
        put_stored(out<uint8_t>(buffers), dtype, i,
                   to.store(static_cast<double>(sums[i]) * code.scale));
    });
  }
  return with_format<ExtendedHalf>(op.outputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of([=](const Buffers& buffers) {
      const auto* x = in<Stored>(buffers, 0);
      std::vector<double> sums(results, 0.0);
      Walk to(dims, strides);
      for (uint64_t i = 0; i < count; ++i, to.next()) sums[to.offset()] += Format::load(x[i]);
      for (uint64_t i = 0; i < results; ++i) out<Stored>(buffers)[i] = Format::store(sums[i]);
    });
  });
}

}  // namespace

const OpEntry kReduceSum{"ReduceSum", check, make};

}  // namespace qnn_host
