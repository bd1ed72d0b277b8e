#pragma once

#include <memory>
#include <utility>

#include "kernel.h"

namespace qnn_host {

/// A kernel made of one function of `const Buffers&`.
template <typename Function>
class FunctionKernel : public Kernel {
 public:
  /// `overwritable`: bit i set when output 0 may lie on input i.
  FunctionKernel(Function function, uint32_t overwritable)
      : function_(std::move(function)), overwritable_(overwritable) {}
  void run(const Buffers& buffers) const override { function_(buffers); }
  bool may_overwrite(size_t input) const override {
    return input < 32 && (overwritable_ >> input & 1u) != 0;
  }

 private:
  Function function_;
  uint32_t overwritable_;
};

template <typename Function>
std::unique_ptr<Kernel> kernel_of(Function function, uint32_t overwritable = 0) {
  return std::make_unique<FunctionKernel<Function>>(std::move(function), overwritable);
}

/// A buffer as elements of a type.
template <typename T>
const T* in(const Buffers& buffers, size_t input) {
  return static_cast<const T*>(buffers.inputs[input]);
}
template <typename T>
T* out(const Buffers& buffers, size_t output = 0) {
  return static_cast<T*>(buffers.outputs[output]);
}

}  // namespace qnn_host
