// Conv2d, channels last: out[b, y, x, o] = sum_{i, j, c} in[b, y*sy + i*dy - top, x*sx + j*dx -
// left, g*C + c] * w[i, j, c, o] + bias[o], where C = channels in / group, g = o / (channels out /
// group), and cells outside the input count as 0.
//
// in[0]: [batch, height, width, channels in]; in[1]: [filter height, filter width, C, channels
// out]; in[2], optional: [channels out]. float16 and float32: the sum in double, rounded once, to
// nearest even. Weights of 8 or 4 bits (fixed_linear.h): filters of one cell, the linear layers.

#include "entries.h"
#include "fixed_linear.h"
#include "function_kernel.h"
#include "numerics/dot.h"
#include "numerics/formats.h"
#include "shapes.h"

namespace qnn_host {
namespace {

/// One spatial axis.
struct Spatial {
  int64_t extent, filter, stride, before, after, dilation;
  int64_t positions() const {
    const int64_t room = before + extent + after - ((filter - 1) * dilation + 1);
    return room < 0 ? 0 : room / stride + 1;
  }
};

/// axis 0: height, 1: width. `check` has seen the parameters.
Spatial spatial(const Op& op, size_t axis) {
  const std::vector<int32_t> pads = op.node.list("pad_amount"), strides = op.node.list("stride");
  const std::vector<int32_t> dilations = op.node.list("dilation");
  return {op.inputs[0]->dims[1 + axis],
          op.inputs[1]->dims[axis],
          strides[axis],
          pads[2 * axis],
          pads[2 * axis + 1],
          dilations.empty() ? 1 : dilations[axis]};
}

std::string check_list(const Node& node, const char* name, size_t length, int32_t least,
                       bool optional) {
  const std::vector<int32_t> values = node.list(name);
  if (optional && values.empty()) return "";
  if (values.size() != length)
    return std::string(name) + " has " + std::to_string(values.size()) + " numbers, " +
           std::to_string(length) + " were expected";
  for (const int32_t value : values) {
    if (value < least || value > 1 << 20)
      return std::string(name) + " holds " + std::to_string(value) + ": " + std::to_string(least) +
             " to " + std::to_string(1 << 20) + " was expected";
  }
  return "";
}

std::string check_shapes(const Op& op) {
  const Dims &x = op.inputs[0]->dims, &w = op.inputs[1]->dims;
  if (x.size() != 4 || w.size() != 4)
    return "input " + text_of(x) + " and filter " + text_of(w) +
           " must be [batch, height, width, channels] and [height, width, channels in, channels "
           "out]";
  const uint32_t group = op.node.u32("group", 1);
  if (group == 0 || x[3] % group != 0 || w[3] % group != 0)
    return "group " + std::to_string(group) + " does not divide the " + std::to_string(x[3]) +
           " channels in and " + std::to_string(w[3]) + " channels out";
  if (w[2] != x[3] / group)
    return "filter " + text_of(w) + " reads " + std::to_string(w[2]) + " channels, the input's " +
           std::to_string(x[3]) + " in " + std::to_string(group) + " groups give " +
           std::to_string(x[3] / group);
  if (op.inputs.size() == 3) {
    const std::string fault = check_dims(*op.inputs[2], {w[3]}, "one number per output channel");
    if (!fault.empty()) return fault;
  }
  if (spatial(op, 0).positions() > UINT32_MAX || spatial(op, 1).positions() > UINT32_MAX)
    return "input " + text_of(x) + " with its padding has more than 2^32 rows or columns";
  const Dims expected{x[0], static_cast<uint32_t>(spatial(op, 0).positions()),
                      static_cast<uint32_t>(spatial(op, 1).positions()), w[3]};
  return check_dims(
      *op.outputs[0], expected,
      "what input " + text_of(x) + ", filter " + text_of(w) + " and the parameters give");
}

bool is_quantized(const Op& op) {
  return is_fixed_point(op.inputs[1]->dtype);
}

/// One cell, everywhere once.
std::string check_linear(const Op& op) {
  if (!is_quantized(op)) return "";
  const Dims& w = op.inputs[1]->dims;
  bool plain = w[0] == 1 && w[1] == 1 && op.node.u32("group", 1) == 1;
  for (const int32_t step : op.node.list("stride")) plain = plain && step == 1;
  for (const int32_t pad : op.node.list("pad_amount")) plain = plain && pad == 0;
  if (plain) return "";
  return "with weights of 8 bits or fewer only filters [1,1,in,out] with stride 1, without padding "
         "and groups are computed";
}

std::string check(const Op& op) {
  return first_fault([&] { return check_count(op, 2, 3); },
                     [&] {
                       if (is_quantized(op)) return check_fixed_linear(op, 3);
                       return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32});
                     },
                     [&] { return check_list(op.node, "stride", 2, 1, false); },
                     [&] { return check_list(op.node, "pad_amount", 4, 0, false); },
                     [&] { return check_list(op.node, "dilation", 2, 1, true); },
                     [&] { return check_shapes(op); }, [&] { return check_linear(op); });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims x_dims = op.inputs[0]->dims, w_dims = op.inputs[1]->dims, y_dims = op.outputs[0]->dims;
  const Spatial height = spatial(op, 0), width = spatial(op, 1);
  const uint64_t channels = w_dims[2], features = w_dims[3];
  const uint64_t group_features = features / op.node.u32("group", 1);
  const bool has_bias = op.inputs.size() == 3;
  if (is_quantized(op))
    return make_fixed_linear(op, {op.inputs[1], features, channels, 1, features},
                             product(y_dims, 0, 3));
  return with_format<IeeeHalf>(op.outputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of([=](const Buffers& buffers) {
      const auto *x = in<Stored>(buffers, 0), *w = in<Stored>(buffers, 1);
      auto* y = out<Stored>(buffers);
      std::vector<double> sums(features);
      for (uint64_t cell = 0; cell < product(y_dims, 0, 3); ++cell) {
        const int64_t column = static_cast<int64_t>(cell % y_dims[2]);
        const int64_t row = static_cast<int64_t>(cell / y_dims[2] % y_dims[1]);
        const uint64_t batch = cell / (uint64_t{y_dims[1]} * y_dims[2]);
        for (uint64_t o = 0; o < features; ++o) sums[o] = 0.0;
        for (int64_t i = 0; i < height.filter; ++i) {
          const int64_t from_row = row * height.stride + i * height.dilation - height.before;
          if (from_row < 0 || from_row >= height.extent) continue;
          for (int64_t j = 0; j < width.filter; ++j) {
            const int64_t from_column = column * width.stride + j * width.dilation - width.before;
            if (from_column < 0 || from_column >= width.extent) continue;
            const uint64_t at = ((batch * x_dims[1] + static_cast<uint64_t>(from_row)) * x_dims[2] +
                                 static_cast<uint64_t>(from_column)) *
                                x_dims[3];
            const auto* filter =
                w + static_cast<uint64_t>(i * width.filter + j) * channels * features;
            for (uint64_t c = 0; c < channels; ++c) {
              for (uint64_t o = 0; o < features; ++o)
                sums[o] += device_product(Format::load(x[at + o / group_features * channels + c]),
                                          Format::load(filter[c * features + o]));
            }
          }
        }
        for (uint64_t o = 0; o < features; ++o)
          y[cell * features + o] =
              Format::store(has_bias ? sums[o] + Format::load(in<Stored>(buffers, 2)[o]) : sums[o]);
      }
    });
  });
}

}  // namespace

const OpEntry kConv2d{"Conv2d", check, make};

}  // namespace qnn_host
