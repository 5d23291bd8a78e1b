#include "compat/wagi/settings.h"

#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace mayfly::compat::wagi {
namespace {

TEST(Settings, AreThoseOfACgiProgram) {
  Module module;
  module.argv = "a ${ARGS}";
  std::vector<std::string> warnings;
  const auto settings = settings_of(module, {{"A", "1"}}, warnings);
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->cgi);
  EXPECT_EQ(settings->argv, "a ${ARGS}");
  EXPECT_EQ(settings->environment.at("A"), "1");
  EXPECT_TRUE(settings->volumes.empty());
}

TEST(Settings, HaveTheVolumesWhoseFoldersAreThere) {
  const storage::TemporaryFolder folder;
  Module module;
  module.where = "m.toml:1:1";
  module.volumes = {{"/a/", folder.path()},
                    {"./b", folder.path() + "/../" + std::filesystem::path(folder.path()).filename().string()},
                    {".", "/proc/self"},
                    {"/gone", folder.path() + "/gone"}};
  std::vector<std::string> warnings;
  const auto settings = settings_of(module, {}, warnings);
  ASSERT_TRUE(settings);
  using Mounts = std::vector<sandbox::VolumeMount>;
  EXPECT_EQ(settings->volumes,
            (Mounts{{"/", "/proc/self", true}, {"/b", folder.path(), true}, {"/a", folder.path(), true}}));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("m.toml:1:1: the volume /gone is left out"), std::string::npos) << warnings[0];

  module.volumes_writable = false;
  EXPECT_FALSE(settings_of(module, {}, warnings)->volumes[0].writable);
}

TEST(Settings, BoundTheVolumes) {
  Module module;
  for (std::size_t i = 0; i <= sandbox::kMaxVolumes; ++i) module.volumes.emplace("/" + std::to_string(i), "/");
  std::vector<std::string> warnings;
  EXPECT_EQ(settings_of(module, {}, warnings).error().code, ErrorCode::kBadConfig);
}

}  // namespace
}  // namespace mayfly::compat::wagi
