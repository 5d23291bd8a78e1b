#include "compat/wagi/bindle.h"

#include "base/file.h"
#include "base/text.h"
#include "compat/wagi/invoice.h"
#include "compat/wagi/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace mayfly::compat::wagi {

namespace fs = std::filesystem;

namespace {

tl::unexpected<Error> bad(std::string why) { return fail(ErrorCode::kBadConfig, std::move(why)); }

// Names from outside become paths here: whole segments, none of them a way out.
bool is_safe_path(std::string_view name) {
  if (name.empty() || name.size() > 1024) return false;
  while (true) {
    const std::string_view segment = name.substr(0, name.find('/'));
    if (segment.empty() || segment == "." || segment == ".." || segment.size() > 255) return false;
    if (segment.size() == name.size()) return true;
    name.remove_prefix(segment.size() + 1);
  }
}

class BindleReader {
 public:
  explicit BindleReader(const BindleSource& source)
      : source_(source), folder_(fs::path(source.folder) / sha256_hex(source.id)) {}

  Result<std::vector<Module>> read() {
    const fs::path invoice = folder_ / "invoice.toml";
    std::error_code ignored;
    if (!fs::is_regular_file(invoice, ignored)) {
      return bad(fmt::format("there is no bindle {} in {}: its invoice would be {}", source_.id, source_.folder,
                             invoice.string()));
    }
    const auto text = read_file(invoice);
    if (!text) return fail(text.error());
    auto parcels = parse_invoice(*text, invoice.string());
    if (!parcels) return fail(std::move(parcels.error()));
    parcels_ = std::move(*parcels);
    return read_modules(invoice.string());
  }

 private:
  Result<std::vector<Module>> read_modules(const std::string& invoice) {
    std::vector<Module> modules;
    std::map<std::string, const Parcel*> files;  // by name, each once
    for (const Parcel& parcel : parcels_) {
      if (!parcel.is_handler()) continue;
      modules.push_back(module_of(parcel));
      for (const Parcel* file : files_required_by(parcel, parcels_)) {
        const auto [known, is_new] = files.emplace(file->name, file);
        if (!is_new && known->second->sha256 != file->sha256) {
          return bad(
              fmt::format("{}: another parcel is a file of the name `{}`, with other bytes", file->where, file->name));
        }
        modules.back().volumes = {{"/", source_.assets}};
      }
    }
    if (modules.empty()) {
      return bad(
          fmt::format("{}: no parcel of type application/wasm outside of groups has a feature.wagi.route", invoice));
    }
    if (auto laid_out = lay_out(files); !laid_out) return fail(std::move(laid_out.error()));
    return modules;
  }

  Module module_of(const Parcel& parcel) const {
    Module module;
    module.where = parcel.where;
    module.route = *parcel.route;
    module.name = parcel.name;
    module.path = file_of(parcel);
    module.sha256 = parcel.sha256;
    module.entrypoint = parcel.entrypoint.value_or("_start");
    module.argv = parcel.argv;
    module.volumes_writable = false;
    module.allowed_hosts = parcel.allowed_hosts;
    return module;
  }

  std::string file_of(const Parcel& parcel) const { return folder_ / "parcels" / (parcel.sha256 + ".dat"); }

  Status lay_out(const std::map<std::string, const Parcel*>& files) const {
    std::error_code error;
    fs::remove_all(source_.assets, error);
    if (error) return bad(fmt::format("cannot empty {}: {}", source_.assets, error.message()));
    for (const auto& [name, parcel] : files) {
      if (auto put = put_file(*parcel); !put) return put;
    }
    return {};
  }

  Status put_file(const Parcel& parcel) const {
    if (!is_safe_path(parcel.name)) {
      return bad(fmt::format("{}: `{}` is not the relative path of a file", parcel.where, parcel.name));
    }
    const auto bytes = read_file(file_of(parcel));
    if (!bytes) return fail(bytes.error().code, fmt::format("{}: {}", parcel.where, bytes.error().message));
    if (sha256_hex(*bytes) != parcel.sha256) {
      return bad(fmt::format("{}: {} does not have the SHA-256 of the invoice", parcel.where, file_of(parcel)));
    }
    const fs::path path = fs::path(source_.assets) / parcel.name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream file(path, std::ios::binary);
    file.write(bytes->data(), static_cast<std::streamsize>(bytes->size())).flush();
    if (!file) return bad(fmt::format("{}: cannot write {}", parcel.where, path.string()));
    return {};
  }

  const BindleSource& source_;
  fs::path folder_;
  std::vector<Parcel> parcels_;
};

}  // namespace

Result<std::vector<Module>> read_bindle(const BindleSource& source) {
  const auto slash = source.id.rfind('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == source.id.size()) {
    return fail(ErrorCode::kBadOption, fmt::format("--bindle {}: write it as NAME/VERSION", source.id));
  }
  return BindleReader(source).read();
}

}  // namespace mayfly::compat::wagi
