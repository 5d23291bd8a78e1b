#pragma once

#include "base/result.h"
#include "http/query.h"
#include "sandbox/settings.h"
#include "sandbox/vfs/bundle.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::deploy {

struct Bundle;

inline constexpr std::string_view kAcceptAny = "any";

// Files that come with a module.
struct Bundled {
  std::string zip;                                         // as it was uploaded; "" for none
  std::shared_ptr<const sandbox::vfs::Bundle> files = {};  // that the function sees; null without a zip
};

struct Upload {
  std::string name;
  std::string bytes;  // a module, binary or text; source; or the function.toml of a pipeline
  sandbox::Settings settings = {};
  bool language_is_guessed = false;  // that of its settings: nothing names one, and the text looks like it
  std::string accept = {};           // what it may do beyond the version before: the digest of that, or kAcceptAny
  Bundled bundled = {};
  std::vector<std::string> stages = {};   // of a pipeline
  std::vector<std::string> compose = {};  // functions whose components it is composed with
};

// From what was sent - a module, a zip, or the function.toml of a pipeline - and the options of its URL, which win over
// those of a function.toml in the zip. Which of its files is the function says find_entry_file().
Result<Upload> read_upload(std::string name, std::string bytes, const std::vector<http::Parameter>& options);

// What is wrong with source; where its language was guessed, with how to name another.
Error explain_guess(const Upload& upload, Error error);

// All files of a zip but its module and what describes it; null when there are none.
std::shared_ptr<const sandbox::vfs::Bundle> visible_files(Bundle bundle, std::string_view module,
                                                          const sandbox::Settings& settings);

}  // namespace mayfly::deploy
