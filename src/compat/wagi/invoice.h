#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::compat::wagi {

// A file of a bundle that a bindle names, with what WAGI asks of it.
struct Parcel {
  std::string where;  // FILE:LINE:COLUMN
  std::string name;
  std::string media_type;
  std::string sha256;  // 64 lower-case hex digits
  std::vector<std::string> member_of;
  std::vector<std::string> requires_groups;
  // feature.wagi
  std::optional<std::string> route, entrypoint, argv;
  std::vector<std::string> allowed_hosts;
  bool is_file = false;

  bool is_handler() const { return media_type == "application/wasm" && member_of.empty() && route; }
};

// The parcels of an invoice.toml. kBadConfig with line and column.
Result<std::vector<Parcel>> parse_invoice(std::string_view toml, std::string_view file_name);

// The files that a parcel requires: of the groups it requires, those that their members require, and so on.
std::vector<const Parcel*> files_required_by(const Parcel& parcel, const std::vector<Parcel>& all);

}  // namespace mayfly::compat::wagi
