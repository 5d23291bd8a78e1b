#include "deploy/bundle.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <zip.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace mayfly::deploy {
namespace {

struct Entry {
  std::string name;
  std::string bytes;
  mode_t mode = S_IFREG | 0644;
};

// Writes a zip with libzip, as any client would.
std::string zip(const std::vector<Entry>& entries) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "mayfly-bundle-test.zip";
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const Entry& entry : entries) {
    zip_source_t* source = zip_source_buffer(archive, entry.bytes.data(), entry.bytes.size(), 0);
    const auto index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(index), 0, ZIP_OPSYS_UNIX, entry.mode << 16);
  }
  EXPECT_EQ(zip_close(archive), 0);
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  std::filesystem::remove(path);
  return bytes.str();
}

// The same length, so that the archive stays whole: for names that libzip would not write.
std::string renamed(std::string archive, std::string_view from, std::string_view to) {
  for (auto at = archive.find(from); at != std::string::npos; at = archive.find(from, at + 1))
    archive.replace(at, from.size(), to);
  return archive;
}

void expect_refused(std::string_view archive, std::string_view said) {
  const auto bundle = unzip(archive);
  ASSERT_FALSE(bundle);
  EXPECT_EQ(bundle.error().code, ErrorCode::kBadBundle);
  EXPECT_NE(bundle.error().message.find(said), std::string::npos) << bundle.error().message;
}

TEST(Bundle, HoldsItsFilesByPath) {
  const auto bundle = unzip(zip({{"a.txt", "one"}, {"b/c.txt", std::string(100'000, 'x') + "y"}}));
  EXPECT_FALSE(bundle) << "100 000 equal bytes are a bomb";
  const auto plain = unzip(zip({{"a.txt", "one"}, {"b/c.txt", "two"}}));
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->files.at("b/c.txt"), "two");
}

TEST(Bundle, RefusesPathsThatLeaveIt) {
  expect_refused(zip({{"../evil", ""}}), "`..`");
  expect_refused(zip({{"a/../../evil", ""}}), "`..`");
  expect_refused(zip({{"/etc/passwd", ""}}), "absolute");
  expect_refused(zip({{"C:evil", ""}}), "absolute");
  expect_refused(zip({{"a\\b", ""}}), "backslash");
  expect_refused(zip({{"a//b", ""}}), "empty segment");
}

TEST(Bundle, RefusesLinksAndDuplicates) {
  expect_refused(zip({{"link", "/etc/passwd", S_IFLNK | 0777}}), "not a plain file");
  expect_refused(renamed(zip({{"one", "1"}, {"two", "2"}}), "two", "one"), "twice");
}

TEST(Bundle, RefusesBombsAndCrowds) {
  expect_refused(zip({{"bomb", std::string(10 << 20, '\0')}}), "unpack to");
  std::vector<Entry> crowd(kBundleFiles + 1);
  for (std::size_t i = 0; i < crowd.size(); ++i) crowd[i].name = std::to_string(i);
  expect_refused(zip(crowd), "entries");
}

TEST(Bundle, RefusesWhatIsNoZip) {
  expect_refused("", "not a zip");
  expect_refused("hello", "not a zip");
  const std::string whole = zip({{"a", "1"}});
  expect_refused(std::string_view(whole).substr(0, whole.size() / 2), "damaged");
}

TEST(Metadata, NamesLanguageAndEntryPoint) {
  const auto metadata = read_metadata(
      {{{"f.wasm", ""}, {"metadata.json", "{\"language\":\"wasm\",\r\n\"entrypointFile\":\"f.wasm\",\"x\":1}"}}});
  ASSERT_TRUE(metadata) << metadata.error().message;
  EXPECT_EQ(metadata->language, "") << "no source";
  EXPECT_EQ(metadata->entrypoint_file, "f.wasm");
}

TEST(Metadata, SaysWhatIsMissing) {
  const auto message = [](std::string json) {
    const auto metadata = read_metadata({{{"metadata.json", std::move(json)}}});
    EXPECT_EQ(metadata.error().code, ErrorCode::kBadMetadata);
    return metadata.error().message;
  };
  EXPECT_NE(message("{").find("not JSON"), std::string::npos);
  EXPECT_NE(message("[]").find("not a JSON object"), std::string::npos);
  EXPECT_NE(message("{\"language\":1}").find("`language`"), std::string::npos);
  EXPECT_NE(message("{\"language\":\"wasm\"}").find("`entrypointFile`"), std::string::npos);
  EXPECT_NE(message("{\"language\":\"wasm\",\"entrypointFile\":\"../x\"}").find("`../x`"), std::string::npos);
  EXPECT_FALSE(read_metadata({}));
}

}  // namespace
}  // namespace mayfly::deploy
