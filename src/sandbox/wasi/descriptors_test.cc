#include "sandbox/wasi/descriptors.h"

#include "sandbox/vfs/tmp.h"

#include <gtest/gtest.h>

namespace mayfly::sandbox::wasi {
namespace {

const std::vector<vfs::Mount>& mounts() {
  static const std::vector<vfs::Mount> all = {{"/", std::make_shared<vfs::Tmp>(1 << 20)},
                                              {"/tmp", std::make_shared<vfs::Tmp>(1 << 20)}};
  return all;
}

TEST(Descriptors, AreTheStandardOnesAndTheMounts) {
  Descriptors open(mounts(), 64);
  EXPECT_NE(open.find_as<StandardInput>(0), nullptr);
  EXPECT_NE(open.find_as<StandardError>(2), nullptr);
  EXPECT_EQ(open.find_as<OpenDirectory>(3)->preopen->path, "/");
  EXPECT_EQ(open.find_as<OpenDirectory>(4)->preopen->path, "/tmp");
  EXPECT_EQ(open.find(5), nullptr);
  EXPECT_EQ(open.find(~0u), nullptr);
  EXPECT_TRUE(open.directory(3));
  EXPECT_EQ(open.directory(1).error(), Errno::kNotdir);
  EXPECT_EQ(open.directory(9).error(), Errno::kBadf);
  EXPECT_EQ(open.file(3, Errno::kSpipe).error(), Errno::kIsdir);
  EXPECT_EQ(open.file(1, Errno::kSpipe).error(), Errno::kSpipe);
}

TEST(Descriptors, OpenAMountOnce) {
  Descriptors open(mounts(), 64);
  EXPECT_EQ(open.find_as<OpenDirectory>(3)->directory, nullptr) << "not before it is used";
  const auto first = open.directory(3);
  EXPECT_EQ(*first, *open.directory(3));
}

TEST(Descriptors, TakeTheLowestNumberUpToTheirLimit) {
  Descriptors open(mounts(), 7);
  EXPECT_EQ(open.add(OpenFile()), 5u);
  EXPECT_EQ(open.add(OpenFile()), 6u);
  EXPECT_TRUE(open.full());
  EXPECT_TRUE(open.close(1));
  EXPECT_FALSE(open.close(1));
  EXPECT_FALSE(open.full());
  EXPECT_EQ(open.add(OpenFile()), 1u);
}

TEST(Descriptors, RenumberOntoWhatIsOpen) {
  Descriptors open(mounts(), 64);
  EXPECT_FALSE(open.renumber(0, 9));
  EXPECT_FALSE(open.renumber(9, 0));
  EXPECT_TRUE(open.renumber(2, 2));
  EXPECT_TRUE(open.renumber(1, 3));
  EXPECT_EQ(open.find(1), nullptr);
  EXPECT_NE(open.find_as<StandardOutput>(3), nullptr);
}

TEST(Errno, HasTheNumbersOfTheWitx) {
  EXPECT_EQ(errno_of(static_cast<std::errc>(ENOENT)), static_cast<Errno>(44));
  EXPECT_EQ(errno_of(static_cast<std::errc>(EPERM)), static_cast<Errno>(63));
  EXPECT_EQ(errno_of(static_cast<std::errc>(ENOSPC)), static_cast<Errno>(51));
  EXPECT_EQ(errno_of(static_cast<std::errc>(EISDIR)), Errno::kIsdir);
  EXPECT_EQ(errno_of(static_cast<std::errc>(ENOTNAM)), Errno::kIo) << "WASI has no name for it";
}

}  // namespace
}  // namespace mayfly::sandbox::wasi
