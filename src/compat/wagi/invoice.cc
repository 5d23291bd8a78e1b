#include "compat/wagi/invoice.h"

#include "base/text.h"
#include "compat/wagi/limits.h"
#include "compat/wagi/toml_table.h"

#include <algorithm>
#include <set>

namespace mayfly::compat::wagi {
namespace {

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (!trim(part).empty()) parts.emplace_back(trim(part));
  }
  return parts;
}

class ParcelReader {
 public:
  ParcelReader(std::string_view file, const toml::table& table) : file_(file), table_(table) {}

  Result<Parcel> read() {
    parcel_.where = TomlTable(file_, "[[parcel]]", table_).where();
    Status read = with_table(table_, "label", [&](const toml::table& label) { return read_label(label); });
    if (read && parcel_.name.empty()) read = TomlTable(file_, "[[parcel]]", table_).bad("label", "has no `name`");
    if (read) read = with_table(table_, "conditions", [&](const toml::table& found) { return read_conditions(found); });
    if (!read) return fail(std::move(read.error()));
    return std::move(parcel_);
  }

 private:
  template <typename Read>
  Status with_table(const toml::table& parent, std::string_view key, Read read) {
    const auto table = TomlTable(file_, "[[parcel]]", parent).table(key);
    if (!table) return fail(table.error());
    return *table == nullptr ? Status() : read(**table);
  }

  Status read_label(const toml::table& table) {
    const TomlTable label(file_, "[parcel.label]", table);
    for (const auto& [key, into] : {std::pair{"name", &parcel_.name}, std::pair{"mediaType", &parcel_.media_type},
                                    std::pair{"sha256", &parcel_.sha256}}) {
      auto text = label.text(key);
      if (!text) return fail(std::move(text.error()));
      *into = std::move(*text);
    }
    if (!is_sha256(parcel_.sha256)) return label.bad("sha256", "is not 64 lower-case hex digits");
    return with_table(table, "feature", [&](const toml::table& features) {
      return with_table(features, "wagi", [&](const toml::table& wagi) { return read_feature(wagi); });
    });
  }

  Status read_feature(const toml::table& table) {
    const TomlTable feature(file_, "[parcel.label.feature.wagi]", table);
    std::optional<std::string> hosts, is_file;
    for (const auto& [key, into] :
         {std::pair{"route", &parcel_.route}, std::pair{"entrypoint", &parcel_.entrypoint},
          std::pair{"argv", &parcel_.argv}, std::pair{"allowed_hosts", &hosts}, std::pair{"file", &is_file}}) {
      auto text = feature.optional_text(key);
      if (!text) return fail(std::move(text.error()));
      *into = std::move(*text);
    }
    if (hosts) parcel_.allowed_hosts = split_at_commas(*hosts);
    parcel_.is_file = is_file == "true";
    return {};
  }

  Status read_conditions(const toml::table& table) {
    const TomlTable conditions(file_, "[parcel.conditions]", table);
    for (const auto& [key, into] :
         {std::pair{"memberOf", &parcel_.member_of}, std::pair{"requires", &parcel_.requires_groups}}) {
      auto groups = conditions.texts(key);
      if (!groups) return fail(std::move(groups.error()));
      *into = std::move(*groups);
    }
    return {};
  }

  std::string_view file_;
  const toml::table& table_;
  Parcel parcel_;
};

bool is_member(const Parcel& parcel, const std::string& group) {
  return std::ranges::find(parcel.member_of, group) != parcel.member_of.end();
}

}  // namespace

Result<std::vector<Parcel>> parse_invoice(std::string_view text, std::string_view file) {
  const auto root = parse_toml(text, file);
  if (!root) return fail(root.error());
  const auto tables = tables_of(*root, "parcel", file, kMaxModules);
  if (!tables) return fail(tables.error());
  std::vector<Parcel> parcels;
  for (const toml::table* table : *tables) {
    auto parcel = ParcelReader(file, *table).read();
    if (!parcel) return fail(std::move(parcel.error()));
    parcels.push_back(std::move(*parcel));
  }
  return parcels;
}

std::vector<const Parcel*> files_required_by(const Parcel& parcel, const std::vector<Parcel>& all) {
  std::set<std::string> known(parcel.requires_groups.begin(), parcel.requires_groups.end());
  std::vector<std::string> waiting(known.begin(), known.end());
  std::set<const Parcel*> members;
  while (!waiting.empty()) {
    const std::string group = std::move(waiting.back());
    waiting.pop_back();
    for (const Parcel& candidate : all) {
      if (!is_member(candidate, group) || !members.insert(&candidate).second) continue;
      for (const std::string& next : candidate.requires_groups) {
        if (known.insert(next).second) waiting.push_back(next);
      }
    }
  }
  std::vector<const Parcel*> files(members.begin(), members.end());
  std::erase_if(files, [](const Parcel* member) { return !member->is_file; });
  return files;
}

}  // namespace mayfly::compat::wagi
