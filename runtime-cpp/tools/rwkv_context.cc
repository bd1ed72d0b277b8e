// Compiles artefacts into HTP context binaries and tells what binaries and libraries are.
#include "compile_mode.h"
#include "info_mode.h"

int main(int argc, char** argv) {
  rwkv::run_program(
      "rwkv-context",
      {rwkv::compile_mode(), rwkv::estimate_mode(), rwkv::info_mode(), rwkv::probe_mode()}, argc,
      argv);
}
