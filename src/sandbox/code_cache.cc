#include "sandbox/code_cache.h"

#include "base/file.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <atomic>
#include <cstring>
#include <filesystem>

namespace mayfly::sandbox {
namespace {

struct Trailer {
  char magic[8];
  std::uint64_t length;    // bytes before the trailer
  std::uint64_t checksum;  // XXH3 of them
};
constexpr char kMagic[8] = {'m', 'a', 'y', 'f', 'l', 'y', 'c', '1'};

// Whether the file is whole: ours, of the length it says, with the checksum it says.
bool intact(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return false;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || size <= sizeof(Trailer)) return false;

  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapped == MAP_FAILED) return false;
  Trailer trailer;
  const std::size_t length = size - sizeof trailer;
  std::memcpy(&trailer, static_cast<const char*>(mapped) + length, sizeof trailer);
  const bool good = std::memcmp(trailer.magic, kMagic, sizeof kMagic) == 0 && trailer.length == length &&
                    trailer.checksum == XXH3_64bits(mapped, length);
  ::munmap(mapped, size);
  return good;
}

// Whether nobody else can write there; a folder of ours is made so.
bool is_ours_alone(const std::string& folder) {
  struct stat status{};
  return !folder.empty() && ::chmod(folder.c_str(), 0700) == 0 && ::stat(folder.c_str(), &status) == 0 &&
         status.st_uid == ::geteuid();
}

bool write_all(int fd, const void* bytes, std::size_t size) {
  const char* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = ::write(fd, next, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    next += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

// Names temporary files apart; their owner is this process.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> next = 0;
  return fmt::format("{}.{}.{}.tmp", path, ::getpid(), next++);
}

}  // namespace

CodeCache::CodeCache(std::string folder, std::string shared, std::string fingerprint)
    : folder_(std::move(folder)), shared_(std::move(shared)), fingerprint_(std::move(fingerprint)) {
  std::error_code error;
  if (!folder_.empty()) std::filesystem::create_directories(folder_, error);
  for (std::string* each : {&folder_, &shared_}) {
    if (!is_ours_alone(*each)) each->clear();
  }
}

std::string CodeCache::path(const std::string& folder, std::string_view artefact) const {
  return fmt::format("{}/{}.{}", folder, artefact, fingerprint_);
}

std::optional<std::string> CodeCache::find(std::string_view artefact) const {
  for (const std::string* folder : {&folder_, &shared_}) {
    if (folder->empty()) continue;
    std::string file = path(*folder, artefact);
    if (intact(file)) return file;
  }
  return std::nullopt;
}

std::optional<std::string> CodeCache::read(std::string_view artefact) const {
  const auto path = find(artefact);
  auto bytes = path ? read_file(*path) : fail(ErrorCode::kInternal, "");
  if (!bytes || bytes->size() < sizeof(Trailer)) return std::nullopt;
  bytes->resize(bytes->size() - sizeof(Trailer));
  return std::move(*bytes);
}

void CodeCache::keep(std::string_view artefact, std::string_view code) const {
  if (folder_.empty()) return;
  Trailer trailer{{}, code.size(), XXH3_64bits(code.data(), code.size())};
  std::memcpy(trailer.magic, kMagic, sizeof kMagic);

  const std::string file = path(folder_, artefact);
  const std::string aside = temporary_name(file);
  const UniqueFd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return;
  // Not synced: after a crash the checksum tells a torn file, and it is compiled again.
  const bool written = write_all(fd.get(), code.data(), code.size()) && write_all(fd.get(), &trailer, sizeof trailer);
  if (!written || ::rename(aside.c_str(), file.c_str()) != 0) ::unlink(aside.c_str());
}

}  // namespace mayfly::sandbox
