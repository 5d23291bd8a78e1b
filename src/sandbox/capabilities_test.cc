#include "sandbox/capabilities.h"

#include <gtest/gtest.h>

namespace mayfly::sandbox {
namespace {

const std::vector<Import> kWasiImports = {{"wasi_snapshot_preview1", "fd_read", ExternKind::kFunction},
                                          {"wasi_snapshot_preview1", "fd_write", ExternKind::kFunction},
                                          {"wasi_snapshot_preview1", "environ_get", ExternKind::kFunction}};
const std::vector<Import> kTcpImports = {{"env", "tcp_connect", ExternKind::kFunction},
                                         {"env", "db_get", ExternKind::kFunction}};

TEST(Capabilities, AreWhatTheModuleAsksForAndTheSettingsGrant) {
  Settings settings;
  settings.environment = {{"KEY", "secret"}};
  ASSERT_TRUE(settings.egress.allow("tcp=10.0.0.5:25"));
  EXPECT_EQ(to_text(capabilities(abilities_of(kWasiImports), settings)),
            "read stdin, write stdout and stderr, read the variable KEY")
      << "it has no import to connect with";
  EXPECT_EQ(to_text(capabilities(abilities_of(kTcpImports), settings)),
            "connect with tcp=10.0.0.5:25, read the variable KEY");
  EXPECT_EQ(to_text(capabilities(abilities_of(kTcpImports), {})), "compute") << "nothing is granted";
}

TEST(Capabilities, AreThoseOfTheInterfacesThatAComponentImports) {
  Settings settings;
  settings.environment = {{"KEY", "secret"}};
  ASSERT_TRUE(settings.egress.allow("http=https://api.example.com"));
  const auto can = [&](std::string_view interfaces) {
    return to_text(capabilities(abilities_of_interfaces(interfaces), settings));
  };
  EXPECT_EQ(can("wasi:http/types@0.2.0\n"), "compute");
  EXPECT_EQ(can("wasi:http/outgoing-handler@0.2.0\n"), "connect with http=https://api.example.com");
  EXPECT_EQ(can("wasi:config/store@0.2.0-rc.1\nwasi:logging/logging\n"), "write the log, read the variable KEY");
  EXPECT_EQ(can("wasi:keyvalue/store@0.2.0-draft\n"), "keep values in memory for its other invocations");
}

TEST(Capabilities, NameVolumes) {
  Settings settings;
  settings.volumes = {{"/data", "uploads", true}, {"/site", "www", false}};
  const std::vector<Import> imports = {{"wasi_snapshot_preview1", "path_open", ExternKind::kFunction}};
  EXPECT_EQ(to_text(capabilities(abilities_of(imports), settings)),
            "use its own /tmp, read and write files of volume uploads under /data, read files of volume www under "
            "/site");
}

TEST(Capabilities, NameTheFilesOfABundleWhenTheModuleAsksForFiles) {
  const std::vector<Import> imports = {{"wasi_snapshot_preview1", "path_open", ExternKind::kFunction}};
  EXPECT_EQ(to_text(capabilities(abilities_of(imports), {}, Files::kBundled)), "use its own /tmp, read its own files");
  EXPECT_EQ(to_text(capabilities(abilities_of({}), {}, Files::kBundled)), "compute");
}

TEST(Capabilities, TellWhatANewVersionCanDoBeyondTheLast) {
  const Capabilities before{{"read stdin"}, {"connect to a:1"}};
  const Capabilities now{{"read stdin", "sleep"}, {"connect to a:1", "connect to b:2"}};
  EXPECT_EQ(beyond(now, before), std::vector<std::string>{"connect to b:2"});
  EXPECT_TRUE(beyond(before, now).empty());
}

}  // namespace
}  // namespace mayfly::sandbox
