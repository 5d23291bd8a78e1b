#include "sandbox/vfs/mounts.h"

#include "sandbox/vfs/test_trees.h"

namespace mayfly::sandbox::vfs {
namespace {

std::string paths(const Result<std::vector<Mount>>& mounts) {
  if (!mounts) return "[" + mounts.error().message + "]";
  std::string text;
  for (const Mount& mount : *mounts) text += mount.path + " ";
  return text;
}

TEST(Mounts, AreTheBundleTheVolumesAndTmp) {
  const TemporaryFolder folder;
  const auto bundle = std::make_shared<const Bundle>(std::map<std::string, std::string, std::less<>>());
  Settings settings;
  EXPECT_EQ(paths(make_mounts(nullptr, settings)), "/tmp ");
  settings.volumes = {{"/assets", folder.path()}};
  EXPECT_EQ(paths(make_mounts(bundle, settings)), "/ /assets /tmp ");
  settings.volumes.push_back({"/tmp", folder.path(), true});
  EXPECT_EQ(paths(make_mounts(nullptr, settings)), "/assets /tmp ") << "a volume in place of memory";
}

TEST(Mounts, AreOneAtAPath) {
  const TemporaryFolder folder;
  Settings settings;
  settings.volumes = {{"/a", folder.path()}, {"/a", folder.path()}};
  EXPECT_EQ(make_mounts(nullptr, settings).error().code, ErrorCode::kBadOption);
  settings.volumes = {{"a", folder.path()}};
  EXPECT_EQ(make_mounts(nullptr, settings).error().code, ErrorCode::kBadOption);
  settings.volumes = {{"/a", folder.path() + "/missing"}};
  EXPECT_EQ(make_mounts(nullptr, settings).error().code, ErrorCode::kVolume);
}

}  // namespace
}  // namespace mayfly::sandbox::vfs
