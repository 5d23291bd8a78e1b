#pragma once

#include "base/result.h"
#include "sandbox/settings.h"

#include <string>
#include <string_view>

namespace mayfly::deploy {

struct Bundle;

// The file of a bundle that is the function: the module, or the source that begins. It is the one that the option
// `entrypoint`, `module` of its function.toml or metadata.json names, else the only module at the root, else the only
// source there or the one called `main`, `index`, `handler` or `app`. Sets the language of settings that have none.
// kBadBundle, kBadMetadata.
Result<std::string> find_entry_file(const Bundle& bundle, std::string_view module, sandbox::Settings& settings);

// For a file without a bundle, called `name`: sets the language of what is source, by the ending of the name, which
// then goes, or by how the text looks; whether it is by that. What is nothing of that stays as it is.
bool recognise_source(std::string& name, std::string_view bytes, sandbox::Settings& settings);

}  // namespace mayfly::deploy
