#include "deploy/pack.h"

#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace mayfly::deploy {
namespace {

namespace fs = std::filesystem;

class Pack : public ::testing::Test {
 protected:
  Pack() {
    write("public/deep/a", "1");
    write("public/b", std::string(1 << 20, '\0'));
    write("config.json", "{}");
  }
  void write(const fs::path& path, const std::string& bytes) {
    fs::create_directories((root() / path).parent_path());
    std::ofstream(root() / path) << bytes;
  }
  fs::path root() const { return folder_.path(); }
  std::string refusal(const std::string& named) {
    const auto read = read_files(root(), {named});
    return read ? "" : read.error().message;
  }

 private:
  storage::TemporaryFolder folder_;
};

TEST_F(Pack, ReadsFilesAndFolders) {
  const auto bundle = read_files(root(), {"public/../public/", "config.json"});
  ASSERT_TRUE(bundle) << bundle.error().message;
  ASSERT_EQ(bundle->files.size(), 3u);
  EXPECT_EQ(bundle->files.at("public/deep/a"), "1");
  EXPECT_EQ(read_files(root(), {"."})->files, bundle->files);
}

TEST_F(Pack, ReadsNothingElse) {
  fs::create_symlink("/etc/passwd", root() / "public/link");
  EXPECT_NE(refusal("public").find("neither a file nor a folder"), std::string::npos) << refusal("public");
  for (const auto* named : {"..", "../x", "/etc", "a/../../x", ""}) {
    EXPECT_NE(refusal(named).find("not inside"), std::string::npos) << named;
  }
  EXPECT_NE(refusal("missing").find("there is no"), std::string::npos);
}

TEST_F(Pack, KeepsToTheLimitsOfABundle) {
  write("large/file", "");
  fs::resize_file(root() / "large/file", kBundleBytes + 1);
  EXPECT_NE(refusal("large").find("the files pass 64 MiB"), std::string::npos);
  for (std::size_t i = 0; i <= kBundleFiles; ++i) write("many/" + std::to_string(i), "");
  EXPECT_NE(refusal("many").find("more than 1000"), std::string::npos);
}

TEST_F(Pack, ZipsTheSameFilesToTheSameBytes) {
  const auto bundle = *read_files(root(), {"."});
  const auto zipped = zip(bundle);
  ASSERT_TRUE(zipped) << zipped.error().message;
  EXPECT_EQ(zip(bundle), *zipped);
  const auto back = unzip(*zipped);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->files, bundle.files);
}

}  // namespace
}  // namespace mayfly::deploy
