#include "sandbox/vfs/volume.h"

#include "sandbox/vfs/test_trees.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace mayfly::sandbox::vfs {
namespace {

namespace fs = std::filesystem;

// A folder with a secret beside the part of it that is granted.
class VolumeTest : public ::testing::Test {
 protected:
  VolumeTest() {
    fs::create_directories(granted());
    std::ofstream(fs::path(host.path()) / "secret") << "1";
    std::ofstream(granted() / "open") << "2";
  }
  fs::path granted() const { return fs::path(host.path()) / "granted"; }
  Shell root(bool writable = true) {
    volumes_.push_back(*Volume::open(granted(), writable, syncing));
    return Shell(*volumes_.back()->open_root());
  }

  TemporaryFolder host;
  net::Workers syncing{"sync", 1};
  std::vector<std::shared_ptr<const Volume>> volumes_;
};

TEST_F(VolumeTest, NoLinkOfTheHostLeadsOut) {
  fs::create_symlink(fs::path(host.path()) / "secret", granted() / "absolute");
  fs::create_symlink("../secret", granted() / "relative");
  fs::create_directory_symlink(host.path(), granted() / "folder");
  fs::create_symlink("/proc/self/root", granted() / "magic");
  Shell shell = root();
  for (const char* path : {"absolute", "relative", "folder/secret", "magic/etc/passwd", "folder/"}) {
    EXPECT_EQ(shell.open(path, {.read = true, .follow = true}), EPERM) << path;
    EXPECT_EQ(shell.stat(path, Follow::kYes), failed(EPERM)) << path;
    EXPECT_EQ(shell.directory().set_times(*Path::parse(path), Follow::kYes, {}), failed(EPERM)) << path;
  }
  EXPECT_EQ(shell.link("folder/secret", "mine"), EPERM);
  EXPECT_EQ(shell.rename("open", "folder/taken"), EPERM);
  EXPECT_EQ(shell.write("folder/new", "x"), EPERM);
  EXPECT_EQ(shell.rmdir("folder/granted"), EPERM);
  EXPECT_EQ(shell.link("relative", "copy"), 0) << "the link itself";
  EXPECT_EQ(shell.read("copy"), "[Operation not permitted]");
  EXPECT_EQ(shell.link("folder/", "copy2"), EPERM) << "a slash asks for what it leads to";
  EXPECT_EQ(shell.unlink("folder"), 0);
  EXPECT_TRUE(fs::exists(fs::path(host.path()) / "secret"));
}

TEST_F(VolumeTest, ALinkThatChangesUnderWayLeadsNowhereElse) {
  Shell shell = root();
  fs::create_directory(granted() / "inside");
  std::ofstream(granted() / "inside/secret") << "2";
  std::atomic<bool> done = false;
  std::thread swapper([&] {
    while (!done) {
      fs::create_directory_symlink("inside", granted() / "next");
      fs::rename(granted() / "next", granted() / "way");
      fs::create_directory_symlink("..", granted() / "next");
      fs::rename(granted() / "next", granted() / "way");
    }
  });
  int inside = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string bytes = shell.read("way/secret");
    EXPECT_NE(bytes, "1");
    inside += bytes == "2" ? 1 : 0;
  }
  done = true;
  swapper.join();
  EXPECT_GT(inside, 0);
}

TEST_F(VolumeTest, IsReadOnlyUnlessGrantedMore) {
  Shell shell = root(false);
  EXPECT_EQ(shell.read("open"), "2");
  EXPECT_EQ(shell.open("open", {.read = true, .create = true}), 0);
  EXPECT_EQ(shell.open("open", {.read = true, .create = true, .exclusive = true}), EEXIST);
  EXPECT_EQ(shell.open("open", {.read = true, .truncate = true}), EROFS);
  EXPECT_EQ(shell.open("open", {.write = true}), EROFS);
  EXPECT_EQ(shell.touch("new"), EROFS);
  EXPECT_EQ(shell.open("new", {.read = true, .create = true, .exclusive = true}), EROFS);
  EXPECT_EQ(shell.mkdir("d"), EROFS);
  EXPECT_EQ(shell.rmdir("d"), EROFS);
  EXPECT_EQ(shell.unlink("open"), EROFS);
  EXPECT_EQ(shell.rename("open", "b"), EROFS);
  EXPECT_EQ(shell.link("open", "b"), EROFS);
  EXPECT_EQ(shell.symlink("open", "l"), EROFS);
  EXPECT_EQ(shell.directory().set_times({}), failed(EROFS));
  EXPECT_EQ(shell.directory().set_times(*Path::parse("open"), Follow::kNo, {}), failed(EROFS));
  auto file = shell.file("open", {.read = true});
  EXPECT_EQ(file->resize(0), failed(EROFS));
  EXPECT_EQ(file->set_times({}), failed(EROFS));
  EXPECT_EQ(file->allocate(0, 10), failed(EROFS));
  EXPECT_EQ(fs::file_size(granted() / "open"), 1u);
}

TEST_F(VolumeTest, OpensNothingThatMayBlock) {
  ASSERT_EQ(::mkfifo((granted() / "fifo").c_str(), 0600), 0);
  Shell shell = root();
  EXPECT_EQ(shell.open("fifo", {.read = true}), ENXIO);
  EXPECT_EQ(shell.open("fifo", {.read = true, .write = true}), ENXIO);
  EXPECT_EQ(shell.stat("fifo")->type, FileType::kUnknown);
}

TEST_F(VolumeTest, TwoVolumesAreApart) {
  Shell one = root(), other = root();
  EXPECT_EQ(one.rename("open", other, "b"), EXDEV);
}

TEST_F(VolumeTest, StaysTheFolderThatWasOpened) {
  Shell shell = root();
  fs::rename(granted(), fs::path(host.path()) / "moved");
  fs::create_directory(granted());
  EXPECT_EQ(shell.read("open"), "2");
}

TEST(Volume, SaysWhyItCannotBeOpened) {
  net::Workers syncing("sync", 0);
  const auto missing = Volume::open("/nowhere/at/all", false, syncing);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kVolume);
  EXPECT_NE(missing.error().message.find("/nowhere/at/all"), std::string::npos) << missing.error().message;
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "";
  EXPECT_FALSE(Volume::open(folder.path() + "/file", false, syncing));
}

TEST(Volume, RefusesAnArbitraryCookie) {
  const TemporaryFolder folder;
  net::Workers syncing("sync", 0);
  const auto volume = *Volume::open(folder.path(), false, syncing);
  Shell shell(*volume->open_root());
  const auto none = [](const Entry&) { return true; };
  EXPECT_EQ(shell.directory().list(~std::uint64_t{0}, none), failed(EINVAL));
  shell.directory().list(12'345, none);  // whatever it means to the file system
}

}  // namespace
}  // namespace mayfly::sandbox::vfs
