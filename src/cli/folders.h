#pragma once

#include <string>

namespace mayfly::cli {

// The interpreters of functions from source, beside the program's own folder: where building leaves them.
std::string default_languages_folder();
// What `mayfly languages` has compiled, in the user's cache folder; "" for a user who has none.
std::string shared_cache_folder();

}  // namespace mayfly::cli
