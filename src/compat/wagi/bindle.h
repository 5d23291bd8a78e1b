#pragma once

#include "base/result.h"
#include "compat/wagi/module.h"

#include <string>
#include <string_view>
#include <vector>

namespace mayfly::compat::wagi {

// A bindle in a folder: FOLDER/<SHA-256 of NAME/VERSION>/invoice.toml, and its parcels beside it.
struct BindleSource {
  std::string id;      // NAME/VERSION
  std::string folder;  // with one folder for each bindle
  std::string assets;  // folder that the files of its modules are put into; what was there is gone
};

// The modules of a bindle, each with the files that it requires at `/`, read-only. kBadConfig when the bindle is not
// there, or its invoice is wrong, or a parcel is not what its digest says.
Result<std::vector<Module>> read_bindle(const BindleSource& source);

}  // namespace mayfly::compat::wagi
