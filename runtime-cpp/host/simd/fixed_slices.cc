#include "fixed_slices.h"

#include <cstring>
#include <map>
#include <mutex>
#include <tuple>

#include "fixed_element_wise.h"
#include "half_table.h"
#include "ops/fixed_tensors.h"

namespace qnn_host {
namespace {

bool binary_of(const std::string& type, FixedBinary* f) {
  static const std::map<std::string, FixedBinary> kFunctions = {
      {"ElementWiseAdd", FixedBinary::kAdd},
      {"ElementWiseSubtract", FixedBinary::kSubtract},
      {"ElementWiseMultiply", FixedBinary::kMultiply},
      {"ElementWiseDivide", FixedBinary::kDivide},
      {"ElementWiseMaximum", FixedBinary::kMaximum},
      {"ElementWiseMinimum", FixedBinary::kMinimum}};
  const auto found = kFunctions.find(type);
  if (found != kFunctions.end()) *f = found->second;
  return found != kFunctions.end();
}

class BinarySlice : public SliceFunction {
 public:
  BinarySlice(FixedBinary f, const Op& op, const Runs& runs)
      : f_(f),
        code_(code_of(*op.outputs[0])),
        operands_(fixed_operands(f, code_of(*op.inputs[0]), code_of(*op.inputs[1]), code_)),
        runs_(runs) {}
  void run(const void* const* inputs, void* output) const override {
    const auto *a = static_cast<const uint16_t*>(inputs[0]),
               *b = static_cast<const uint16_t*>(inputs[1]);
    auto* out = static_cast<uint16_t*>(output);
    const Runs::Axis &row = runs_.row(), &block = runs_.block();
    runs_.for_each([&](uint64_t a_at, uint64_t b_at, uint64_t at) {
      fixed_binary_rows(f_, operands_, code_, {a + a_at, block.a, row.a != 0},
                        {b + b_at, block.b, row.b != 0}, out + at, block.out, block.extent,
                        row.extent);
    });
  }

 private:
  const FixedBinary f_;
  const FixedCode code_;
  const FixedOperands operands_;
  const Runs runs_;
};

template <typename Function>
class UnarySlice : public SliceFunction {
 public:
  UnarySlice(Function function, uint64_t count) : function_(std::move(function)), count_(count) {}
  void run(const void* const* inputs, void* output) const override {
    function_(static_cast<const uint16_t*>(inputs[0]), static_cast<uint16_t*>(output), count_);
  }

 private:
  const Function function_;
  const uint64_t count_;
};

template <typename Function>
std::unique_ptr<SliceFunction> unary(Function function, uint64_t count) {
  return std::make_unique<UnarySlice<Function>>(std::move(function), count);
}

/// What a function of one uint16 gives, made with the reference kernel. Nodes with the same
/// function and encodings share it.
std::shared_ptr<const HalfTable> fixed_table(const Op& op) {
  const Encoding &from = op.inputs[0]->encoding, &to = op.outputs[0]->encoding;
  using Key = std::tuple<std::string, float, int32_t, float, int32_t>;
  static std::mutex mutex;
  static auto& tables = *new std::map<Key, std::weak_ptr<const HalfTable>>;
  const std::lock_guard<std::mutex> lock(mutex);
  auto& known =
      tables[{op.node.type, from.scales[0], from.offsets[0], to.scales[0], to.offsets[0]}];
  std::shared_ptr<const HalfTable> table = known.lock();
  if (table != nullptr) return table;
  auto made = std::make_shared<HalfTable>();
  Tensor x = *op.inputs[0], y = *op.outputs[0];
  x.dims = y.dims = {static_cast<uint32_t>(made->size())};
  const Op all{op.node, {&x}, {&y}, {nullptr}};
  std::vector<uint16_t> arguments(made->size());
  for (size_t i = 0; i < arguments.size(); ++i) arguments[i] = static_cast<uint16_t>(i);
  const void* in = arguments.data();
  void* out = made->data();
  find_op(op.node.type)->reference(all)->run({&in, &out, nullptr});
  known = made;
  return made;
}

/// From so many elements on a table is worth its making.
constexpr uint64_t kTableElements = 1024;

std::unique_ptr<SliceFunction> function_slice(const Op& op, uint64_t count) {
  const FixedCode from = code_of(*op.inputs[0]), to = code_of(*op.outputs[0]);
  if (op.node.type == "Relu")
    return unary(
        [=](const uint16_t* x, uint16_t* y, uint64_t n) { fixed_relu_run(from, to, x, y, n); },
        count);
  if (op.node.type == "Convert")
    return unary(
        [=](const uint16_t* x, uint16_t* y, uint64_t n) { fixed_convert_run(from, to, x, y, n); },
        count);
  for (const char* type : {"Sigmoid", "Tanh", "ElementWiseExp", "ElementWiseNeg", "ElementWiseLog",
                           "ElementWiseAbs", "ElementWiseSquareRoot", "ElementWiseRsqrt"}) {
    if (op.node.type != type || op.outputs[0]->elements() < kTableElements) continue;
    return unary(
        [table = fixed_table(op)](const uint16_t* x, uint16_t* y, uint64_t n) {
          for (uint64_t i = 0; i < n; ++i) y[i] = (*table)[x[i]];
        },
        count);
  }
  return nullptr;
}

bool is_uint16(const Tensor& tensor) {
  return tensor.dtype == QNN_DATATYPE_UFIXED_POINT_16;
}
bool is_half(const Tensor& tensor) {
  return tensor.dtype == QNN_DATATYPE_FLOAT_16;
}

class NormKernel : public Kernel {
 public:
  NormKernel(const Op& op, double epsilon)
      : from_(code_of(*op.inputs[0])),
        to_(code_of(*op.outputs[0])),
        epsilon_(epsilon),
        extent_(op.inputs[0]->dims.back()),
        rows_(op.inputs[0]->elements() / extent_),
        gamma_(op.inputs.size() > 1 ? static_values(*op.inputs[1])
                                    : std::vector<double>(extent_, 1.0)),
        beta_(op.inputs.size() > 2 ? static_values(*op.inputs[2])
                                   : std::vector<double>(extent_, 0.0)) {}

  bool reads(size_t input) const override { return input == 0; }
  bool may_overwrite(size_t input) const override { return input == 0; }
  void run(const Buffers& buffers) const override {
    const auto* x = static_cast<const uint16_t*>(buffers.inputs[0]);
    auto* y = static_cast<uint16_t*>(buffers.outputs[0]);
    for (uint64_t i = 0; i < rows_; ++i, x += extent_, y += extent_)
      fixed_layer_norm_row(from_, to_, epsilon_, gamma_.data(), beta_.data(), x, y, extent_);
  }

 private:
  const FixedCode from_, to_;
  const double epsilon_;
  const uint64_t extent_, rows_;
  const std::vector<double> gamma_, beta_;
};

}  // namespace

bool is_fixed_binary(const Op& op) {
  FixedBinary f;
  return op.inputs.size() == 2 && is_uint16(*op.outputs[0]) && binary_of(op.node.type, &f);
}

std::unique_ptr<SliceFunction> fixed_slice(const Op& op, const Runs* runs, uint64_t count) {
  FixedBinary f;
  if (runs != nullptr && binary_of(op.node.type, &f))
    return std::make_unique<BinarySlice>(f, op, *runs);
  if (op.inputs.size() != 1 || op.outputs.size() != 1) return nullptr;
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  const bool quantizes = op.node.type == "Quantize" || op.node.type == "Convert";
  const bool dequantizes = op.node.type == "Dequantize" || op.node.type == "Convert";
  if (quantizes && is_half(x) && is_uint16(y))
    return unary([to = code_of(y)](const uint16_t* from, uint16_t* out,
                                   uint64_t n) { quantize_run(to, from, out, n); },
                 count);
  if (dequantizes && is_uint16(x) && is_half(y))
    return unary([code = code_of(x)](const uint16_t* from, uint16_t* out,
                                     uint64_t n) { dequantize_run(code, from, out, n); },
                 count);
  return is_uint16(x) && is_uint16(y) ? function_slice(op, count) : nullptr;
}

std::unique_ptr<Kernel> make_fixed_norm(const Op& op) {
  if (op.node.type != "LayerNorm" || !is_uint16(*op.inputs[0])) return nullptr;
  const std::vector<int32_t> axes = op.node.list("axes");
  if (axes.size() != 1) return nullptr;
  return std::make_unique<NormKernel>(op, static_cast<double>(op.node.f32("epsilon", 1e-3f)));
}

}  // namespace qnn_host
