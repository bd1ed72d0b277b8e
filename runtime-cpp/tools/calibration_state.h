#pragma once

#include <string>
#include <vector>

#include "files.h"
#include "result.h"
#include "second_moment.h"
#include "value_histogram.h"

namespace rwkv {

/// How far a calibration has come: what an interrupted one goes on from.
struct CalibrationState {
  /// The pass over the tokens that is being made, and how many tokens of it are done.
  uint64_t pass = 0;
  uint64_t token = 0;
  std::vector<float> model;  ///< the model's own state after them
  std::vector<ValueHistogram> histograms;
  std::vector<SecondMoment> moments;  ///< of this pass

  /// `key` stands for everything that the numbers depend on.
  Status save(const std::string& path, const std::string& key) const;
  /// False, and nothing changed, when there is no such file, or it is of another key or form. The
  /// vectors have their sizes before, those of `moments` for the pass of the file.
  bool load(const MappedFile& file, const std::string& key);
  /// Of the file that `load` may read; false when it is of another key.
  static bool read_pass(const MappedFile& file, const std::string& key, uint64_t& pass);

 private:
  uint64_t bytes() const;
};

}  // namespace rwkv
