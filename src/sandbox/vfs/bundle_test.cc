#include "sandbox/vfs/bundle.h"

#include "sandbox/vfs/test_trees.h"

#include <thread>

namespace mayfly::sandbox::vfs {
namespace {

Bundle sample() { return Bundle({{"a.txt", "A"}, {"data/b.txt", "B"}, {"data/deep/c", "C"}, {"a.txt/odd", "-"}}); }

TEST(Bundle, HasItsFilesAndTheDirectoriesThatLeadToThem) {
  const Bundle bundle = sample();
  Shell root(*bundle.open_root());
  EXPECT_EQ(root.read("a.txt"), "A");
  EXPECT_EQ(root.read("data/../data/deep/c"), "C");
  EXPECT_EQ(root.stat("data")->type, FileType::kDirectory);
  EXPECT_EQ(root.stat("data/b.txt")->size, 1u);
  EXPECT_EQ(root.stat("a.txt/odd"), failed(ENOTDIR)) << "left out";
  EXPECT_EQ(root.read("../a.txt"), "[Operation not permitted]");
  std::string names;
  EXPECT_TRUE(root.enter("data").directory().list(0, [&](const Entry& entry) {
    names += std::string(entry.name) + " ";
    return true;
  }));
  EXPECT_EQ(names, ". .. b.txt deep ");
}

TEST(Bundle, CannotBeChanged) {
  const Bundle bundle = sample();
  Shell root(*bundle.open_root());
  EXPECT_EQ(root.open("a.txt", {.read = true, .write = true}), EROFS);
  EXPECT_EQ(root.open("a.txt", {.read = true, .truncate = true}), EROFS);
  EXPECT_EQ(root.open("a.txt", {.read = true, .create = true}), 0) << "it is there";
  EXPECT_EQ(root.touch("new"), EROFS);
  EXPECT_EQ(root.mkdir("d"), EROFS);
  EXPECT_EQ(root.rmdir("data"), EROFS);
  EXPECT_EQ(root.unlink("a.txt"), EROFS);
  EXPECT_EQ(root.rename("a.txt", "b"), EROFS);
  EXPECT_EQ(root.link("a.txt", "b"), EROFS);
  EXPECT_EQ(root.symlink("a.txt", "l"), EROFS);
  EXPECT_FALSE(root.directory().set_times({}));
  auto file = root.file("a.txt", {.read = true});
  EXPECT_EQ(file->resize(0), failed(EROFS));
  EXPECT_EQ(file->set_times({}), failed(EROFS));
  EXPECT_EQ(root.read("a.txt"), "A");
}

TEST(Bundle, IsReadByManyThreads) {
  const Bundle bundle = sample();
  const auto read = [&bundle] {
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(Shell(*bundle.open_root()).read("data/deep/c"), "C");
  };
  std::thread other(read);
  read();
  other.join();
}

}  // namespace
}  // namespace mayfly::sandbox::vfs
