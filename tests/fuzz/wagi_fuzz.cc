// Any bytes as each of the texts that a WAGI application is read from: what is accepted keeps its promises.
#include "base/check.h"
#include "compat/wagi/dynamic_routes.h"
#include "compat/wagi/invoice.h"
#include "compat/wagi/modules_toml.h"
#include "compat/wagi/variables.h"

#include <algorithm>

using namespace mayfly::compat::wagi;

namespace {

void read_modules(std::string_view text) {
  const auto modules = parse_modules(text, "f");
  if (!modules) return;
  CHECK(!modules->empty());
  for (const Module& module : *modules) {
    CHECK(module.where.starts_with("f:"));
    CHECK(!module.path.empty() && module.path.find('\0') == std::string::npos);
  }
}

void read_invoice(std::string_view text) {
  const auto parcels = parse_invoice(text, "f");
  if (!parcels) return;
  for (const Parcel& parcel : *parcels) {
    CHECK(parcel.sha256.find_first_not_of("0123456789abcdef") == std::string::npos && parcel.sha256.size() == 64);
    const auto files = files_required_by(parcel, *parcels);
    CHECK(files.size() <= parcels->size());
    CHECK(std::ranges::all_of(files, [](const Parcel* file) { return file->is_file; }));
  }
}

void read_subroutes(std::string_view text) {
  const auto routes = parse_subroutes(text);
  if (!routes) return;
  for (const Subroute& route : *routes) {
    CHECK(!route.entrypoint.empty());
    const std::string joined = join_routes("/base/...", route.path);
    const bool prefix = route.path == "..." || route.path.ends_with("/...");
    CHECK(joined.starts_with("/base/") && joined.ends_with("/...") == prefix);
  }
}

void read_variables(std::string_view text) {
  Variables variables;
  const auto ignored = add_variables_of_file(variables, text);
  CHECK(std::ranges::is_sorted(ignored));
  for (const auto& [name, value] : variables) {
    CHECK(!name.empty() && name.find('=') == std::string::npos);
    CHECK(value.find_first_of(std::string_view("\0\n\"", 3)) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_modules(text);
  read_invoice(text);
  read_subroutes(text);
  read_variables(text);
  return 0;
}
