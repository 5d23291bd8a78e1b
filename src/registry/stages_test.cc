#include "registry/stages.h"

#include "registry/limits.h"

#include <gtest/gtest.h>

namespace mayfly::registry {
namespace {

using sandbox::Kind;

void add(Snapshot& snapshot, const std::string& name, Kind kind, std::vector<std::string> stages = {}) {
  Version::Facts facts{.function = name, .entry = {kind, ""}, .stages = std::move(stages)};
  snapshot.functions[name] =
      std::make_shared<const Version>(std::move(facts), std::make_shared<metrics::Invocations>());
}

// The names that are found, or why none are.
std::string found(const Snapshot& snapshot, const std::vector<std::string>& stages) {
  const auto versions = find_stages(snapshot, "chain", stages);
  if (!versions) {
    EXPECT_EQ(versions.error().code, ErrorCode::kBrokenPipeline);
    return versions.error().message;
  }
  std::string names;
  for (const VersionPtr& version : *versions) names += version->function();
  return names;
}

TEST(Stages, AreInOrderWithThoseOfPipelinesInTheirPlace) {
  Snapshot snapshot;
  add(snapshot, "a", Kind::kExec);
  add(snapshot, "b", Kind::kHttp);
  add(snapshot, "p", Kind::kPipeline, {"b", "a"});
  EXPECT_EQ(found(snapshot, {"a", "p", "b"}), "abab");
}

TEST(Stages, AreWhatAnswersUnderTheirName) {
  Snapshot snapshot;
  add(snapshot, "a", Kind::kExec);
  snapshot.folder.emplace("bad", fail(ErrorCode::kBrokenPipeline, "it is no module"));
  EXPECT_EQ(found(snapshot, {"bad"}), "it is no module");
  EXPECT_EQ(found(snapshot, {"aa"}), "the pipeline `chain`: there is no function `aa`; did you mean `a`?");
}

TEST(Stages, AreNotTypedAndNoCircle) {
  Snapshot snapshot;
  add(snapshot, "typed", Kind::kTyped);
  add(snapshot, "p", Kind::kPipeline, {"chain"});
  add(snapshot, "q", Kind::kPipeline, {"q"});
  EXPECT_NE(found(snapshot, {"typed"}).find("`typed` is typed"), std::string::npos);
  EXPECT_NE(found(snapshot, {"p"}).find("a stage of itself"), std::string::npos);
  EXPECT_NE(found(snapshot, {"q"}).find("deep"), std::string::npos);
}

TEST(Stages, HaveABound) {
  Snapshot snapshot;
  add(snapshot, "a", Kind::kExec);
  EXPECT_EQ(found(snapshot, std::vector<std::string>(kMaxStages, "a")), std::string(kMaxStages, 'a'));
  EXPECT_NE(found(snapshot, std::vector<std::string>(kMaxStages + 1, "a")).find("more than 16"), std::string::npos);
  std::string last = "a";
  for (int depth = 1; depth <= kMaxPipelineDepth; ++depth) {
    EXPECT_EQ(found(snapshot, {last}), "a") << depth;
    std::string next = "p" + std::to_string(depth);
    add(snapshot, next, Kind::kPipeline, {last});
    last = std::move(next);
  }
  EXPECT_NE(found(snapshot, {last}).find("4 deep"), std::string::npos);
}

}  // namespace
}  // namespace mayfly::registry
