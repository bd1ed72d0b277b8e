// Weights that a client maps from a file are in memory once, in a copy of the backend's; those that
// it copied for us are used where they are.
#include "exec/weight_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>

#include "test_graph.h"
#include "tiny_artefact.h"

namespace qnn_host {
namespace {

constexpr uint32_t kRows = 4096, kWidth = 2048;
constexpr uint64_t kBytes = uint64_t{2} * kRows * kWidth;  // 16 MB

/// A file of halves, mapped as a model library maps its weights.
class MappedWeights {
 public:
  MappedWeights() {
    const rwkv::tiny::TempFolder folder;
    const int file = open(folder.path("weights").c_str(), O_RDWR | O_CREAT, 0600);
    std::vector<uint16_t> row(kWidth);
    for (uint32_t i = 0; i < kRows; ++i) {
      for (uint32_t n = 0; n < kWidth; ++n) row[n] = ieee_half(0.001 * ((i + n) % 7));
      EXPECT_EQ(write(file, row.data(), 2 * kWidth), 2 * kWidth);
    }
    data_ = mmap(nullptr, kBytes, PROT_READ, MAP_PRIVATE, file, 0);
    EXPECT_NE(data_, MAP_FAILED);
    close(file);
  }
  ~MappedWeights() { munmap(data_, kBytes); }
  const uint8_t* data() const { return static_cast<const uint8_t*>(data_); }

  /// Bytes of the mapping that this process has in memory.
  uint64_t resident() const {
    FILE* maps = fopen("/proc/self/smaps", "r");
    if (maps == nullptr) return UINT64_MAX;
    char line[512];
    bool inside = false;
    unsigned long long begin = 0, end = 0, kilobytes = UINT64_MAX / 1024;
    while (fgets(line, sizeof line, maps) != nullptr) {
      if (sscanf(line, "%llx-%llx ", &begin, &end) == 2)
        inside = begin == reinterpret_cast<uintptr_t>(data_);
      if (inside && sscanf(line, "Rss: %llu kB", &kilobytes) == 1) break;
    }
    fclose(maps);
    return kilobytes * 1024;
  }

 private:
  void* data_;
};

struct Layer {
  TestGraph graph;
  uint32_t x, y;
  explicit Layer(const uint8_t* weights) {
    x = graph.input("x", {1, kWidth});
    y = graph.output("y", {1, kRows});
    const uint32_t w =
        graph.tensor("w", QNN_TENSOR_TYPE_STATIC, QNN_DATATYPE_FLOAT_16, {kRows, kWidth});
    graph.model().tensors[w].data = weights;
    graph.model().tensors[w].is_mapped = true;
    graph.node("FullyConnected", {x, w}, {y});
  }
};

class MappedData : public testing::Test {
 protected:
  void SetUp() override {
    if (std::string(instruction_set()) == "none")
      GTEST_SKIP() << "a build without Highway reads the mapping itself";
  }
};

TEST_F(MappedData, PagesOfTheFileAreGivenBackAfterPacking) {
  const MappedWeights weights;
  Layer layer(weights.data());
  TestRun run(layer.graph.model());
  EXPECT_EQ(run.executor().footprint().packedBytes, kBytes);
  EXPECT_EQ(run.executor().footprint().weightBytes, kBytes);
  run.set(layer.x, std::vector<float>(kWidth, 1.0f));
  run.execute();
  EXPECT_NEAR(run.get(layer.y)[0], 0.001 * 3 * kWidth, 0.01);  // the mean of 0 to 6 is 3
  // The system maps some pages around each one that is read, also of windows that are done.
  EXPECT_LT(weights.resident(), kBytes / 16);
}

TEST_F(MappedData, GraphsThatUseTheSameDataShareTheCopy) {
  const MappedWeights weights;
  Tensor tensor;
  tensor.dtype = QNN_DATATYPE_FLOAT_16;
  tensor.dims = {kRows, kWidth};
  tensor.data = weights.data();
  tensor.is_mapped = true;
  const auto first = pack_weight(tensor), second = pack_weight(tensor);
  EXPECT_EQ(first->data(), second->data());
  EXPECT_NE(first->data(), weights.data());
}

TEST(OwnedData, IsUsedWhereItIsAndKeptAlive) {
  auto owner = std::make_shared<std::vector<uint8_t>>(8, uint8_t{1});
  Tensor tensor;
  tensor.dtype = QNN_DATATYPE_FLOAT_16;
  tensor.dims = {4};
  tensor.data = owner->data();
  tensor.owner = owner;
  const auto packed = pack_weight(tensor);
  EXPECT_EQ(packed->data(), owner->data());
  tensor.owner.reset();
  const std::weak_ptr<std::vector<uint8_t>> watched = owner;
  owner.reset();
  EXPECT_FALSE(watched.expired());
}

TEST(BorrowedData, IsUsedWhereItIsAndLeftAlone) {
  const std::vector<uint16_t> ones(kWidth * 16, 0x3C00);
  Tensor tensor;
  tensor.dtype = QNN_DATATYPE_FLOAT_16;
  tensor.dims = {16, kWidth};
  tensor.data = reinterpret_cast<const uint8_t*>(ones.data());
  EXPECT_EQ(pack_weight(tensor)->data(), tensor.data);
  EXPECT_EQ(ones, std::vector<uint16_t>(kWidth * 16, 0x3C00));
}

TEST(Tables, AreReadFromTheMappingAndNotPacked) {
  TestGraph graph;
  const uint32_t index = graph.tensor("token", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_INT_32, {1});
  const uint32_t y = graph.output("y", {1, 4});
  const uint32_t table = graph.constant("table", {3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  graph.node("Gather", {table, index}, {y}, {{"axis", 0}});
  TestRun run(graph.model());
  run.set(index, {2});
  run.execute();
  EXPECT_EQ(run.get(y), (std::vector<float>{8, 9, 10, 11}));
  EXPECT_EQ(run.executor().footprint().packedBytes, 0u);
  EXPECT_EQ(run.executor().footprint().weightBytes, 8u);  // one row
}

}  // namespace
}  // namespace qnn_host
