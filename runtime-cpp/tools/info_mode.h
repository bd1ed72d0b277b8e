#pragma once

#include "program.h"

namespace rwkv {

/// `rwkv-context info`: what a context binary holds.
Mode info_mode();
/// `rwkv-context probe`: what a backend library is and which calls work here.
Mode probe_mode();

}  // namespace rwkv
