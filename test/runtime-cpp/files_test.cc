#include "files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dynamic_library.h"
#include "fixtures/tiny_artefact.h"
#include "sha256.h"

namespace rwkv {
namespace {

TEST(Files, WriteReadAndReplace) {
  const tiny::TempFolder folder;
  const std::string path = folder.path("a");
  ASSERT_TRUE(write_file(path, "one").ok());
  ASSERT_TRUE(write_file(path, std::string("t\0o", 3)).ok());
  EXPECT_EQ(read_file(path).value(), std::string("t\0o", 3));
  EXPECT_EQ(file_size(path).value(), 3u);
  const MappedFile mapped = MappedFile::open(path).value();
  EXPECT_EQ(mapped.size(), 3u);
  EXPECT_EQ(mapped.data()[2], 'o');
  EXPECT_EQ(list_folder(folder.path()).value(), std::vector<std::string>{"a"});
}

TEST(Files, AWriterThatDoesNotFinishLeavesTheOldFile) {
  const tiny::TempFolder folder;
  ASSERT_TRUE(write_file(folder.path("a"), "old").ok());
  {
    FileWriter writer = FileWriter::create(folder.path("a")).value();
    ASSERT_TRUE(writer.write("new", 3).ok());
    EXPECT_EQ(read_file(folder.path("a")).value(), "old");
  }
  EXPECT_EQ(list_folder(folder.path()).value(), std::vector<std::string>{"a"});
  EXPECT_EQ(read_file(folder.path("a")).value(), "old");
}

TEST(Files, ErrorsNameThePath) {
  const tiny::TempFolder folder;
  const Result<std::string> missing = read_file(folder.path("none"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kMissing);
  EXPECT_NE(missing.error().message.find(folder.path("none")), std::string::npos);
  EXPECT_EQ(read_file(folder.path()).error().code, "file/not-a-file");
  EXPECT_FALSE(write_file(folder.path("no/such"), "x").ok());
  EXPECT_FALSE(MappedFile::open(folder.path("none")).ok());
}

TEST(Files, ADeviceIsWrittenToAndStaysADevice) {
  struct stat info;
  ASSERT_TRUE(write_file("/dev/null", "gone").ok());
  ASSERT_EQ(::stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
  const Status full = write_file("/dev/full", "x");
  ASSERT_FALSE(full.ok());
  EXPECT_NE(full.error().message.find("/dev/full: No space left"), std::string::npos);
  ASSERT_EQ(::stat("/dev/full", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST(Files, ALinkStaysALink) {
  const tiny::TempFolder folder;
  ASSERT_TRUE(write_file(folder.path("a"), "old").ok());
  ASSERT_EQ(::symlink("a", folder.path("link").c_str()), 0);
  ASSERT_TRUE(write_file(folder.path("link"), "new").ok());
  struct stat info;
  ASSERT_EQ(::lstat(folder.path("link").c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  EXPECT_EQ(read_file(folder.path("a")).value(), "new");
}

TEST(Files, AFolderIsNotAFileToWrite) {
  const tiny::TempFolder folder;
  const Status status = write_file(folder.path(), "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "file/is-a-folder");
  EXPECT_FALSE(write_file("", "x").ok());
}

TEST(Files, AnEmptyFileMaps) {
  const tiny::TempFolder folder;
  ASSERT_TRUE(write_file(folder.path("e"), "").ok());
  EXPECT_EQ(MappedFile::open(folder.path("e")).value().size(), 0u);
}

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(sha256("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string million(1000000, 'a');
  EXPECT_EQ(sha256(million.data(), million.size()),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  const std::string two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  EXPECT_EQ(sha256(two.data(), two.size()),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

std::string elf(unsigned machine) {
  std::string header(
      "\x7F"
      "ELF\x02\x01\x01",
      7);
  header.resize(64);
  header[18] = static_cast<char>(machine & 255);
  header[19] = static_cast<char>(machine >> 8);
  return header;
}

TEST(DynamicLibrary, TellsMissingAndForeignApart) {
  const tiny::TempFolder folder;
  EXPECT_EQ(DynamicLibrary::open(folder.path("none.so")).error().code, "library/missing");
  tiny::write_text(folder.path("text.so"), "hello");
  EXPECT_EQ(DynamicLibrary::open(folder.path("text.so")).error().code, "library/not-elf");
  tiny::write_text(folder.path("skel.so"), elf(164));
  const Error skel = DynamicLibrary::open(folder.path("skel.so")).error();
  EXPECT_EQ(skel.code, "library/wrong-machine");
  EXPECT_EQ(skel.kind, ErrorKind::kMissing);
  EXPECT_NE(skel.message.find("Hexagon"), std::string::npos);
  const bool arm = std::string(own_machine()) == "AArch64";
  tiny::write_text(folder.path("own.so"), elf(arm ? 183 : 62));
  EXPECT_EQ(DynamicLibrary::open(folder.path("own.so")).error().code, "library/load");
}

TEST(DynamicLibrary, SaysWhatALibraryIsNot) {
  const DynamicLibrary library = DynamicLibrary::open(RWKV_TINY_MODEL).value();
  EXPECT_NE(library.find("QnnModel_composeGraphs"), nullptr);
  const Result<void*> symbol =
      library.require("QnnInterface_getProviders", "a QNN backend library");
  ASSERT_FALSE(symbol.ok());
  EXPECT_NE(symbol.error().message.find("is not a QNN backend library"), std::string::npos);
}

}  // namespace
}  // namespace rwkv
