#include "deploy/pipeline_file.h"

#include "registry/limits.h"
#include "registry/registry.h"
#include "sandbox/module.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mayfly::deploy {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view skip_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadPipeline, std::move(message)); }

}  // namespace

bool is_pipeline_file(std::string_view bytes) {
  if (bytes.size() > kPipelineFileBytes || sandbox::sniff(bytes) != sandbox::UploadKind::kUnknown) return false;
  while (!bytes.empty()) {
    const std::string_view line = skip_blanks(bytes.substr(0, bytes.find('\n')));
    constexpr std::string_view kKey = "stages";
    if (line.starts_with(kKey) && skip_blanks(line.substr(kKey.size())).starts_with('=')) return true;
    const auto end = bytes.find('\n');
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return false;
}

Result<FunctionFile> parse_pipeline_file(std::string_view toml) {
  auto read = parse_function_file(toml, "pipeline");
  if (!read) return bad(std::move(read.error().message));
  if (!read->module.empty()) return bad("it has both `module` and `stages`: a pipeline has no module of its own");
  if (!read->files.empty()) return bad("it has both `files` and `stages`: a pipeline has no files of its own");
  if (read->stages.empty()) return bad("`stages` is empty");
  if (read->stages.size() > registry::kMaxStages) {
    return bad(fmt::format("it has {} stages; {} are the most", read->stages.size(), registry::kMaxStages));
  }
  return read;
}

std::string pipeline_file(const std::vector<std::string>& stages) {
  std::string text = "stages = [";
  for (const std::string& stage : stages) {
    text += text.ends_with('[') ? "\"" : ", \"";
    for (const char c : stage) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "]\n";
}

}  // namespace mayfly::deploy
