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
  const Volumes volumes;
  Settings settings;
  EXPECT_EQ(paths(make_mounts(nullptr, settings, &volumes)), "/tmp ");
  settings.volumes = {{"/assets", folder.path()}};
  EXPECT_EQ(paths(make_mounts(bundle, settings, &volumes)), "/ /assets /tmp ");
  settings.volumes.push_back({"/tmp", folder.path(), true});
  EXPECT_EQ(paths(make_mounts(nullptr, settings, &volumes)), "/assets /tmp ") << "a volume in place of memory";
}

TEST(Mounts, AreOneAtAPath) {
  const TemporaryFolder folder;
  const Volumes volumes;
  Settings settings;
  settings.volumes = {{"/a", folder.path()}, {"/a", folder.path()}};
  EXPECT_EQ(make_mounts(nullptr, settings, &volumes).error().code, ErrorCode::kBadOption);
  settings.volumes = {{"a", folder.path()}};
  EXPECT_EQ(make_mounts(nullptr, settings, &volumes).error().code, ErrorCode::kBadOption);
  settings.volumes = {{"/a", folder.path() + "/missing"}};
  EXPECT_EQ(make_mounts(nullptr, settings, &volumes).error().code, ErrorCode::kVolume);
  EXPECT_EQ(make_mounts(nullptr, settings, nullptr).error().code, ErrorCode::kVolume);
}

}  // namespace
}  // namespace mayfly::sandbox::vfs
