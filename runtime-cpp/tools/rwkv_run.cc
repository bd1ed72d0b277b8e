// Runs artefacts on a QNN backend.
#include "run_modes.h"

int main(int argc, char** argv) {
  rwkv::run_program(
      "rwkv-run",
      {rwkv::generate_mode(), rwkv::logits_mode(), rwkv::eval_mode(), rwkv::trace_mode(),
       rwkv::calibrate_mode(), rwkv::bench_mode(), rwkv::exec_mode(), rwkv::tokenize_mode()},
      argc, argv);
}
