#include "sandbox/vfs/volumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace mayfly::sandbox::vfs {
namespace {

constexpr std::size_t kLongestName = 63;  // as a function's

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, fits);
}

}  // namespace

Status Volumes::add(std::string_view named) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::kBadOption, fmt::format("--volume {}: {}", named, why));
  };
  const auto equals = named.find('=');
  if (equals == std::string_view::npos) return bad("write it as NAME=DIR, or NAME=DIR:ro");
  const std::string name(named.substr(0, equals));
  std::string folder(named.substr(equals + 1));
  const bool read_only = folder.ends_with(":ro");
  if (read_only) folder.resize(folder.size() - 3);
  if (!is_name(name)) return bad("a name has 1 to 63 characters from a-z, A-Z, 0-9, '-', '_' and '.'");
  if (named_.contains(name)) return bad("there is another volume of this name");
  auto reading = Volume::open(folder, false, syncing_);
  if (!reading) return bad(reading.error().message);
  Named& added = named_[name];
  added.read_only = std::move(*reading);
  if (read_only) return {};
  auto writing = Volume::open(folder, true, syncing_);
  if (!writing) return bad(writing.error().message);
  added.writable = std::move(*writing);
  return {};
}

Volumes::Found Volumes::find(const VolumeMount& wanted) const {
  const auto found = named_.find(wanted.source);
  if (found == named_.end()) {
    const std::string others = named_.empty() ? fmt::format("none: start it with --volume {}=DIR", wanted.source)
                                              : fmt::format("{}", fmt::join(named_ | std::views::keys, ", "));
    return tl::unexpected(fmt::format("this server has no volume `{}`; it has {}", wanted.source, others));
  }
  if (!wanted.writable) return found->second.read_only;
  if (found->second.writable == nullptr) {
    return tl::unexpected(
        fmt::format("the volume `{}` is read-only on this server: mount it without `:rw`", wanted.source));
  }
  return found->second.writable;
}

Status Volumes::check(const std::vector<VolumeMount>& wanted) const {
  for (const VolumeMount& volume : wanted) {
    if (const auto found = find(volume); !found) {
      return fail(ErrorCode::kBadOption, "option `volume`: " + found.error());
    }
  }
  return {};
}

Result<std::shared_ptr<const Volume>> Volumes::open(const VolumeMount& wanted) const {
  if (wanted.source.starts_with('/')) return Volume::open(wanted.source, wanted.writable, syncing_);
  auto found = find(wanted);
  if (!found) return fail(ErrorCode::kVolume, std::move(found.error()));
  return std::move(*found);
}

}  // namespace mayfly::sandbox::vfs
