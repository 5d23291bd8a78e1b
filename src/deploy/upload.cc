#include "deploy/upload.h"

#include "deploy/bundle.h"
#include "deploy/entry_file.h"
#include "deploy/function_file.h"
#include "deploy/options.h"
#include "deploy/pipeline_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace mayfly::deploy {
namespace {

constexpr std::string_view kFunctionFile = "function.toml";
constexpr std::string_view kMetadataFile = "metadata.json";

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadBundle, std::move(message)); }

Result<FunctionFile> read_function_file(const Bundle& bundle) {
  const auto found = bundle.files.find(kFunctionFile);
  if (found == bundle.files.end()) return FunctionFile();
  auto read = parse_function_file(found->second, kFunctionFile);
  if (!read) return bad(std::move(read.error().message));
  return read;
}

Status add_options(Upload& upload, const std::vector<http::Parameter>& options) {
  for (const auto& [name, value] : options) {
    if (name == "accept") {
      upload.accept = value;
    } else if (name == "compose") {
      upload.compose.push_back(value);
    } else if (auto applied = apply_option(upload.settings, name, value); !applied) {
      return applied;
    }
  }
  return {};
}

// What the options of function.toml are, as those of a URL.
std::vector<http::Parameter> parameters_of(FunctionFile described) {
  std::vector<http::Parameter> parameters;
  for (auto& [name, value] : described.options) parameters.push_back({std::move(name), std::move(value)});
  return parameters;
}

Status unpack(Upload& upload, const std::vector<http::Parameter>& options) {
  auto bundle = unzip(upload.bytes);
  if (!bundle) return fail(std::move(bundle.error()));
  auto described = read_function_file(*bundle);
  if (!described) return fail(std::move(described.error()));
  if (!described->stages.empty())
    return bad("function.toml has `stages`: upload it by itself, a pipeline needs no zip");
  const std::string module_name = described->module;
  if (auto applied = add_options(upload, parameters_of(std::move(*described))); !applied) return applied;
  if (auto applied = add_options(upload, options); !applied) return applied;
  const auto path = find_entry_file(*bundle, module_name, upload.settings);
  if (!path) return fail(path.error());
  std::string module = bundle->files.at(*path);
  auto files = visible_files(std::move(*bundle), module, upload.settings);
  if (files) upload.bundled = {std::move(upload.bytes), std::move(files)};
  upload.bytes = std::move(module);
  return {};
}

Status read_pipeline(Upload& upload) {
  auto described = parse_pipeline_file(upload.bytes);
  if (!described) return fail(std::move(described.error()));
  upload.stages = std::move(described->stages);
  return add_options(upload, parameters_of(std::move(*described)));
}

}  // namespace

Result<Upload> read_upload(std::string name, std::string bytes, const std::vector<http::Parameter>& options) {
  Upload upload{.name = std::move(name), .bytes = std::move(bytes)};
  if (is_zip(upload.bytes)) {
    if (auto unpacked = unpack(upload, options); !unpacked) return fail(std::move(unpacked.error()));
    return upload;
  }
  const bool is_pipeline = is_pipeline_file(upload.bytes);
  if (is_pipeline) {
    if (auto read = read_pipeline(upload); !read) return fail(std::move(read.error()));
  }
  if (auto applied = add_options(upload, options); !applied) return fail(std::move(applied.error()));
  if (!is_pipeline) {
    upload.language_is_guessed = recognise_source(upload.name, upload.bytes, upload.settings);
  }
  return upload;
}

Error explain_guess(const Upload& upload, Error error) {
  const bool is_of_source = error.code == ErrorCode::kBadSource || error.code == ErrorCode::kUnknownLanguage;
  if (!upload.language_is_guessed || !is_of_source) return error;
  error.message += fmt::format(
      "\nThe language `{0}` is a guess, by how the source looks. Another is named by `?language=NAME` "
      "(`--language NAME` of mayfly deploy), or by the ending of the name that it is uploaded under (`{1}.{2}`).",
      upload.settings.language, upload.name, upload.settings.language == "python" ? "js" : "py");
  return error;
}

// A module is known by its bytes, so that a stored zip shows the same files whatever named it. Source is there to be
// read, by itself too.
std::shared_ptr<const sandbox::vfs::Bundle> visible_files(Bundle bundle, std::string_view module,
                                                          const sandbox::Settings& settings) {
  std::erase_if(bundle.files, [&](const auto& file) {
    return file.first == kFunctionFile || file.first == kMetadataFile ||
           (settings.language.empty() && file.second == module);
  });
  if (bundle.files.empty()) return nullptr;
  return std::make_shared<const sandbox::vfs::Bundle>(std::move(bundle.files));
}

}  // namespace mayfly::deploy
