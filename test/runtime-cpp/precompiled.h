#pragma once

// What every test reads, once for all: GoogleTest is large. Files include what they use all the
// same.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "../../runtime-cpp/precompiled.h"
