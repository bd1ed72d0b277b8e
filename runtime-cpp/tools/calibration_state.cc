#include "calibration_state.h"

#include <cstring>

namespace rwkv {
namespace {

constexpr char kMagic[] = "RWKVCP01";
constexpr size_t kMagicSize = 8;
constexpr size_t kKeySize = 64;
constexpr size_t kHeader = kMagicSize + kKeySize + 2 * sizeof(uint64_t);

template <typename T>
uint64_t bytes_of(const std::vector<T>& values) {
  return values.size() * sizeof(T);
}

template <typename T>
void copy_to(std::vector<T>& values, const uint8_t*& at) {
  if (!values.empty()) std::memcpy(values.data(), at, bytes_of(values));
  at += bytes_of(values);
}

}  // namespace

uint64_t CalibrationState::bytes() const {
  uint64_t sum = kHeader + bytes_of(model) + bytes_of(histograms);
  for (const SecondMoment& moment : moments) sum += bytes_of(moment.triangle());
  return sum;
}

Status CalibrationState::save(const std::string& path, const std::string& key) const {
  RWKV_ASSIGN(FileWriter file, FileWriter::create(path));
  RWKV_TRY(file.write(kMagic, kMagicSize));
  RWKV_TRY(file.write(key.data(), kKeySize));
  RWKV_TRY(file.write(&pass, sizeof(pass)));
  RWKV_TRY(file.write(&token, sizeof(token)));
  RWKV_TRY(file.write(model.data(), bytes_of(model)));
  RWKV_TRY(file.write(histograms.data(), bytes_of(histograms)));
  for (const SecondMoment& moment : moments) {
    RWKV_TRY(file.write(moment.triangle().data(), bytes_of(moment.triangle())));
  }
  return file.finish();
}

bool CalibrationState::read_pass(const MappedFile& file, const std::string& key, uint64_t& pass) {
  if (file.size() < kHeader || key.size() != kKeySize) return false;
  if (std::memcmp(file.data(), kMagic, kMagicSize) != 0) return false;
  if (std::memcmp(file.data() + kMagicSize, key.data(), kKeySize) != 0) return false;
  std::memcpy(&pass, file.data() + kMagicSize + kKeySize, sizeof(pass));
  return true;
}

bool CalibrationState::load(const MappedFile& file, const std::string& key) {
  uint64_t found = 0;
  if (!read_pass(file, key, found) || file.size() != bytes()) return false;
  pass = found;
  const uint8_t* at = file.data() + kHeader - sizeof(token);
  std::memcpy(&token, at, sizeof(token));
  at += sizeof(token);
  copy_to(model, at);
  copy_to(histograms, at);
  for (SecondMoment& moment : moments) copy_to(moment.triangle(), at);
  return true;
}

}  // namespace rwkv
