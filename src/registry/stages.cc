#include "registry/stages.h"

#include "registry/limits.h"

#include <fmt/format.h>

#include <utility>

namespace mayfly::registry {
namespace {

class Search {
 public:
  Search(const Snapshot& snapshot, const std::string& pipeline) : snapshot_(snapshot), pipeline_(pipeline) {}

  Status add_all(const std::vector<std::string>& stages, int depth) {
    if (depth > kMaxPipelineDepth) {
      return broken(fmt::format("pipelines are more than {} deep in each other", kMaxPipelineDepth));
    }
    for (const std::string& stage : stages) {
      if (auto added = add(stage, depth); !added) return added;
    }
    return {};
  }

  std::vector<VersionPtr> take() { return std::move(found_); }

 private:
  Status add(const std::string& stage, int depth) {
    if (stage == pipeline_) return broken("it is a stage of itself");
    auto version = find(stage);
    if (!version) return fail(std::move(version.error()));
    if ((*version)->is_pipeline()) return add_all((*version)->facts().stages, depth + 1);
    if ((*version)->facts().entry.kind == sandbox::Kind::kTyped) {
      return broken(fmt::format("`{}` is typed: it answers at paths below its name, and cannot be a stage", stage));
    }
    found_.push_back(std::move(*version));
    if (found_.size() > kMaxStages) return broken(fmt::format("it has more than {} stages", kMaxStages));
    return {};
  }

  Result<VersionPtr> find(const std::string& stage) const {
    if (const auto module = snapshot_.folder.find(stage); module != snapshot_.folder.end()) return module->second;
    if (const auto found = snapshot_.functions.find(stage); found != snapshot_.functions.end()) return found->second;
    return broken(fmt::format("there is no function `{}`{}", stage, near_names(snapshot_, stage)));
  }

  tl::unexpected<Error> broken(std::string_view why) const {
    return fail(ErrorCode::kBrokenPipeline, fmt::format("the pipeline `{}`: {}", pipeline_, why));
  }

  const Snapshot& snapshot_;
  const std::string& pipeline_;
  std::vector<VersionPtr> found_;
};

}  // namespace

Result<std::vector<VersionPtr>> find_stages(const Snapshot& snapshot, const std::string& name,
                                            const std::vector<std::string>& stages) {
  Search search(snapshot, name);
  if (auto added = search.add_all(stages, 1); !added) return fail(std::move(added.error()));
  return search.take();
}

}  // namespace mayfly::registry
