#include "sandbox/vfs/tmp.h"

#include "sandbox/limits.h"
#include "sandbox/vfs/node.h"
#include "sandbox/vfs/test_trees.h"

namespace mayfly::sandbox::vfs {
namespace {

constexpr std::size_t kRoom = 64 << 10;

// How many bytes a file can be given before the space ends.
std::size_t fill(File& file) {
  std::string block(1024, 'x');
  const iovec buffer{block.data(), block.size()};
  for (;;) {
    const auto written = file.write({&buffer, 1}, std::nullopt);
    if (written) continue;
    EXPECT_EQ(written, failed(ENOSPC));
    return file.stat()->size;
  }
}

TEST(Tmp, EndsWithItsSpace) {
  const Tmp tmp(kRoom);
  Shell root(*tmp.open_root());
  auto file = root.file("a", {.write = true, .create = true});
  const std::size_t held = fill(*file);
  EXPECT_LE(held, kRoom - kEntryBytes);
  EXPECT_GE(held, kRoom - kEntryBytes - 2 * 4096) << "but for the last page, and the table of pages";
  EXPECT_TRUE(file->resize(0));
  EXPECT_EQ(fill(*file), held) << "what is cut off is given back";
}

TEST(Tmp, GivesBackWhatIsRemoved) {
  const Tmp tmp(kRoom);
  Shell root(*tmp.open_root());
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(root.write("a", std::string(40'000, 'x')), 0) << i;
    ASSERT_EQ(root.symlink(std::string(1000, 'y'), "l"), 0);
    ASSERT_EQ(root.mkdir("d"), 0);
    ASSERT_EQ(root.rename("a", "d/b"), 0);
    ASSERT_EQ(root.link("d/b", "c"), 0);
    ASSERT_EQ(root.write("e", "1"), 0);
    ASSERT_EQ(root.rename("c", "e"), 0);
    for (const char* path : {"l", "d/b", "e"}) ASSERT_EQ(root.unlink(path), 0);
    ASSERT_EQ(root.rmdir("d"), 0);
  }
}

TEST(Tmp, CountsEntriesWhateverTheyAre) {
  const Tmp tmp(kRoom);
  Shell root(*tmp.open_root());
  root.touch("f");
  int made = 1;
  int error = 0;
  while (error == 0 && ++made < 1000) {
    const std::string name = "e" + std::to_string(made);
    error = made % 3 == 0 ? root.link("f", name) : made % 3 == 1 ? root.symlink("f", name) : root.mkdir(name);
  }
  EXPECT_EQ(error, ENOSPC);
  EXPECT_EQ(made, static_cast<int>(kRoom / kEntryBytes) + 1) << "but for the text of the links";
}

TEST(Tmp, CountsTheTextOfSymbolicLinks) {
  const Tmp tmp(kRoom);
  Shell root(*tmp.open_root());
  int made = 0;
  while (root.symlink(std::string(4000, 'x'), "l" + std::to_string(made)) == 0) ++made;
  EXPECT_EQ(made, static_cast<int>(kRoom / (4000 + kEntryBytes)));
}

TEST(Tmp, HoldsABoundedNumberOfEntries) {
  const Tmp tmp(std::size_t{1} << 40);
  Shell root(*tmp.open_root());
  for (std::size_t i = 0; i < kMaxTmpEntries; ++i) ASSERT_EQ(root.mkdir("d" + std::to_string(i)), 0);
  EXPECT_EQ(root.mkdir("more"), ENOSPC);
}

TEST(Tmp, HolesTakeNoSpaceAndAllocationDoes) {
  const Tmp tmp(kRoom);
  Shell root(*tmp.open_root());
  auto file = root.file("f", {.write = true, .create = true});
  EXPECT_TRUE(file->resize(1 << 30));
  EXPECT_EQ(root.write("g", std::string(32'000, 'x')), 0);
  EXPECT_EQ(file->resize(std::uint64_t{1} << 60), failed(EFBIG));
  EXPECT_EQ(file->allocate(0, 1 << 20), failed(ENOSPC));
  EXPECT_TRUE(file->allocate(0, 16 << 10));
  EXPECT_EQ(file->stat()->size, 1u << 30) << "it was larger";
  EXPECT_EQ(file->allocate(~std::uint64_t{0}, 2), failed(EFBIG));
}

TEST(Tmp, AWriteBeyondTheSpaceIsShort) {
  const Tmp tmp(kRoom);
  Shell root(*tmp.open_root());
  auto file = root.file("f", {.write = true, .create = true});
  std::string bytes(2 * kRoom, 'x');
  const iovec buffer{bytes.data(), bytes.size()};
  const auto written = file->write({&buffer, 1}, 0);
  ASSERT_TRUE(written);
  EXPECT_LT(*written, kRoom);
  EXPECT_EQ(file->stat()->size, *written);
  EXPECT_EQ(file->write({&buffer, 1}, std::uint64_t{1} << 50), failed(EFBIG));
}

TEST(Tmp, IsAnotherForEachInvocation) {
  const Tmp tmp(kRoom);
  Shell first(*tmp.open_root()), second(*tmp.open_root());
  first.touch("f");
  EXPECT_EQ(second.stat("f"), failed(ENOENT));
}

TEST(Tmp, IsTakenDownWithoutRecursion) {
  const Tmp tmp(std::size_t{1} << 30);
  std::optional<Shell> root(*tmp.open_root());
  std::optional<Shell> deepest(root->enter("."));
  for (std::size_t depth = 0; depth + 1 < kMaxTmpEntries; ++depth) {
    ASSERT_EQ(deepest->mkdir("d"), 0);
    deepest = deepest->enter("d");
  }
  root.reset();
  EXPECT_EQ(deepest->mkdir("d"), 0) << "held by its descriptor, with its space";
}

}  // namespace
}  // namespace mayfly::sandbox::vfs
