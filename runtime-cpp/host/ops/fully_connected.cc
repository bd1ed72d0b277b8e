// FullyConnected: y[t, m] = sum_n x[t, n] * w[m, n] + b[m].
//
// in[0]: [n], or any dims that fold to rows of n; in[1]: [m, n]; in[2], optional: [m].
// out[0]: [rows, m]; [.., m] with keep_dims; [m] for an input of rank 1.
// float16 and float32: the sum in double, rounded once, to nearest even. Weights of 8 or 4 bits
// beside 16-bit fixed point or float16: fixed_linear.h.

#include "entries.h"
#include "fixed_linear.h"
#include "function_kernel.h"
#include "numerics/dot.h"
#include "numerics/formats.h"
#include "shapes.h"

namespace qnn_host {
namespace {

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 2, 3); },
      [&] {
        if (is_fixed_point(op.inputs[1]->dtype)) return check_fixed_linear(op, 0);
        return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32});
      },
      [&]() -> std::string {
        const Dims &x = op.inputs[0]->dims, &w = op.inputs[1]->dims;
        if (w.size() != 2)
          return "weight " + op.inputs[1]->name + " is " + text_of(w) +
                 ", [out features, in features] was expected";
        if (x.empty() || product(x) % w[1] != 0)
          return "input " + op.inputs[0]->name + " " + text_of(x) + " does not fold to rows of " +
                 std::to_string(w[1]) + ", the weight's in features";
        if (op.inputs.size() == 3) {
          const std::string fault = check_dims(*op.inputs[2], {w[0]}, "one number per out feature");
          if (!fault.empty()) return fault;
        }
        if (product(x) / w[1] > UINT32_MAX)
          return "input " + op.inputs[0]->name + " " + text_of(x) + " has more than 2^32 rows of " +
                 std::to_string(w[1]);
        Dims expected{static_cast<uint32_t>(product(x) / w[1]), w[0]};
        if (x.size() == 1) expected = {w[0]};
        if (op.node.flag("keep_dims", false)) {
          if (x.back() != w[1])
            return "with keep_dims the input's last extent must be the weight's in features, " +
                   std::to_string(w[1]) + ": it is " + std::to_string(x.back());
          expected = x;
          expected.back() = w[0];
        }
        return check_dims(*op.outputs[0], expected, "rows by out features");
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const uint64_t features = op.inputs[1]->dims[0], depth = op.inputs[1]->dims[1];
  const uint64_t rows = op.inputs[0]->elements() / depth;
  const bool has_bias = op.inputs.size() == 3;
  if (is_fixed_point(op.inputs[1]->dtype))
    return make_fixed_linear(op, fully_connected_rows(op), rows);
  return with_format<IeeeHalf>(op.outputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of([=](const Buffers& buffers) {
      const auto *x = in<Stored>(buffers, 0), *w = in<Stored>(buffers, 1);
      const auto* bias = has_bias ? in<Stored>(buffers, 2) : nullptr;
      auto* y = out<Stored>(buffers);
      std::vector<double> row(depth);
      for (uint64_t t = 0; t < rows; ++t) {
        for (uint64_t n = 0; n < depth; ++n) row[n] = Format::load(x[t * depth + n]);
        for (uint64_t m = 0; m < features; ++m) {
          double sum = 0.0;
          for (uint64_t n = 0; n < depth; ++n)
            sum += device_product(row[n], Format::load(w[m * depth + n]));
          if (bias != nullptr) sum += Format::load(bias[m]);
          y[t * features + m] = Format::store(sum);
        }
      }
    });
  });
}

}  // namespace

const OpEntry kFullyConnected{"FullyConnected", check, make};

}  // namespace qnn_host
