#include "sandbox/vfs/volumes.h"

#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

namespace mayfly::sandbox::vfs {
namespace {

using storage::TemporaryFolder;

TEST(Volumes, AreFoundByTheirNames) {
  const TemporaryFolder folder;
  Volumes volumes;
  ASSERT_TRUE(volumes.add("site=" + folder.path() + ":ro"));
  ASSERT_TRUE(volumes.add("uploads=" + folder.path()));
  EXPECT_FALSE((*volumes.open({"/", "site", false}))->writable());
  EXPECT_FALSE((*volumes.open({"/", "uploads", false}))->writable());
  EXPECT_TRUE((*volumes.open({"/", "uploads", true}))->writable());
  EXPECT_TRUE(volumes.open({"/", folder.path(), true})) << "of the operator's own files";
}

TEST(Volumes, SayWhatThereIs) {
  const TemporaryFolder folder;
  Volumes volumes;
  EXPECT_EQ(volumes.check({{"/", "x"}}).error().message,
            "option `volume`: this server has no volume `x`; it has none: start it with --volume x=DIR");
  ASSERT_TRUE(volumes.add("site=" + folder.path() + ":ro"));
  EXPECT_EQ(volumes.check({{"/", "x"}}).error().message, "option `volume`: this server has no volume `x`; it has site");
  EXPECT_EQ(volumes.check({{"/", "site", true}}).error().code, ErrorCode::kBadOption);
  EXPECT_EQ(volumes.open({"/", "site", true}).error().code, ErrorCode::kVolume);
  EXPECT_EQ(volumes.check({{"/", folder.path()}}).error().code, ErrorCode::kBadOption) << "only names are deployed";
  EXPECT_TRUE(volumes.check({{"/", "site"}}));
}

TEST(Volumes, HaveOneFolderEach) {
  const TemporaryFolder folder;
  Volumes volumes;
  ASSERT_TRUE(volumes.add("a=" + folder.path()));
  for (const std::string& bad : {"a=" + folder.path(), "b=" + folder.path() + "/missing", std::string("b"),
                                 "=" + folder.path(), "b c=" + folder.path()}) {
    const Status added = volumes.add(bad);
    ASSERT_FALSE(added) << bad;
    EXPECT_EQ(added.error().code, ErrorCode::kBadOption);
    EXPECT_TRUE(added.error().message.starts_with("--volume " + bad + ": ")) << added.error().message;
  }
}

}  // namespace
}  // namespace mayfly::sandbox::vfs
