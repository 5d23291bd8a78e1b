#include "storage/s3/cache_folder.h"

#include "base/text.h"

#include <fmt/format.h>

namespace mayfly::storage::s3 {

Result<std::string> cache_folder(FileSystem& files, const DataFolder& folder, const Settings& settings,
                                 const Location& location) {
  constexpr std::size_t kDigits = 16;
  const std::string all = folder.path() + "/s3";
  if (auto made = files.make_folder(all); !made) return fail(std::move(made.error()));
  const std::string store = fmt::format("{}\n{}\n{}", settings.endpoint, location.bucket, location.prefix);
  return all + "/" + sha256_hex(store).substr(0, kDigits);
}

}  // namespace mayfly::storage::s3
