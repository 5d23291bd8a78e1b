#include "registry/registry.h"

#include "registry/manifest.h"

#include <gtest/gtest.h>

namespace mayfly::registry {
namespace {

TEST(Name, TakesWhatFitsIntoAPathAndAHost) {
  for (const auto* good : {"a", "hello-world", "v1.2_x", "0"}) EXPECT_TRUE(check_name(good)) << good;
  EXPECT_TRUE(check_name(std::string(63, 'a')));
  for (const std::string& bad :
       {std::string(), std::string(64, 'a'), std::string("-a"), std::string(".."), std::string("a/b"),
        std::string("a b"), std::string("caf\xC3\xA9"), std::string("a\0b", 3)}) {
    EXPECT_EQ(check_name(bad).error().code, ErrorCode::kBadName) << bad;
  }
  EXPECT_EQ(check_name("exec").error().code, ErrorCode::kReservedName);
  EXPECT_EQ(check_name("_mayfly").error().code, ErrorCode::kReservedName);
}

TEST(NearNames, ShowsTheNearestFirst) {
  Snapshot snapshot;
  for (const auto* name : {"hello", "hello2", "sudoku", "help"}) snapshot.functions.emplace(name, nullptr);
  EXPECT_EQ(near_names(snapshot, "helo"), "; did you mean `hello`, `help`?");
  EXPECT_EQ(near_names(snapshot, "unlike"), "");
}

TEST(Registry, ShowsAnUpdateToTheNextLookAndKeepsOldSnapshotsAlive) {
  Registry registry;
  Registry::Reader reader(registry);
  const auto before = reader.snapshot();
  registry.update([](Snapshot& snapshot) { snapshot.functions.emplace("a", nullptr); });
  EXPECT_TRUE(before->functions.empty());
  EXPECT_EQ(reader.snapshot()->functions.size(), 1u);
}

TEST(Manifest, ReadsRecordsOfTheTimeWhenOnlyTcpWasAllowed) {
  const auto read = [](const std::string& addresses) {
    const auto manifest =
        parse_manifest(R"({"kind":"command","entry":"_start","cgi":false,"environment":{},"tcp_allow":)" + addresses +
                       R"(,"limits":{}})");
    EXPECT_TRUE(manifest) << manifest.error().message;
    return manifest->settings.egress.capabilities();
  };
  EXPECT_EQ(read("[]"), std::vector<std::string>());
  EXPECT_EQ(read(R"(["db:5432","*","no such:*"])"), (std::vector<std::string>{"tcp=db:5432", "tcp=*", "private"}));
}

TEST(Manifest, SurvivesItsJson) {
  const Manifest manifest{.entry = {sandbox::Kind::kCommand, "_start"},
                          .settings = {.entry = "_start",
                                       .cgi = true,
                                       .environment = {{"a", "1"}},
                                       .egress = egress::Rules::everything(),
                                       .limits = {.memory_bytes = 5, .wall = std::chrono::milliseconds(7)}}};
  EXPECT_EQ(parse_manifest(to_json(manifest)), manifest);

  Manifest bundled = manifest;
  bundled.bundle = std::string(64, 'a');
  EXPECT_EQ(parse_manifest(to_json(bundled)), bundled);
  EXPECT_NE(to_json(bundled), to_json(manifest)) << "other files are another version";

  Manifest pipeline = manifest;
  pipeline.entry = {sandbox::Kind::kPipeline, ""};
  pipeline.settings.entry = "";
  pipeline.stages = {"a", "b"};
  EXPECT_EQ(parse_manifest(to_json(pipeline)), pipeline);

  Manifest composed = manifest;
  composed.plugged = {{"app", "sha256:1"}};
  composed.component = std::string(64, 'b');
  EXPECT_EQ(parse_manifest(to_json(composed)), composed);

  Manifest broken = manifest;
  broken.settings.egress.set_broken();
  EXPECT_EQ(parse_manifest(to_json(broken)), broken);
  EXPECT_EQ(parse_manifest("{").error().code, ErrorCode::kStorage);
  EXPECT_EQ(parse_manifest("{\"kind\":\"wat\"}").error().code, ErrorCode::kStorage);
}

}  // namespace
}  // namespace mayfly::registry
