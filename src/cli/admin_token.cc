#include "cli/admin_token.h"

#include "base/text.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cstdlib>

namespace mayfly::cli {
namespace {

constexpr std::size_t kTokenBytes = 24;  // 192 bits: not to be guessed

std::string make_token() {
  std::array<char, kTokenBytes> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return "";
  return hex({bytes.data(), bytes.size()});
}

}  // namespace

Result<AdminToken> admin_token(storage::FileSystem& files, const storage::DataFolder& folder,
                               const net::HostPort& listen) {
  if (const char* given = std::getenv("MAYFLY_TOKEN"); given != nullptr && *given != '\0') return AdminToken{given, ""};
  const std::string path = folder.path() + "/admin-token";
  auto kept = files.read_file(path);
  if (!kept) return fail(std::move(kept.error()));
  if (*kept) {
    std::string token((*kept)->substr(0, (*kept)->find('\n')));
    if (!token.empty()) return AdminToken{std::move(token), ""};
    return fail(ErrorCode::kStorage, fmt::format("{} is empty: remove it to have a new token made", path));
  }
  if (net::is_loopback_host(listen.host)) return AdminToken{};

  std::string token = make_token();
  if (token.empty()) return fail(ErrorCode::kInternal, "the kernel gives no random bytes for an admin token");
  const Status written = storage::write_durably(files, path + ".tmp", folder.path(), "admin-token", token + '\n');
  if (!written) return fail(written.error());
  return AdminToken{std::move(token), path};
}

}  // namespace mayfly::cli
