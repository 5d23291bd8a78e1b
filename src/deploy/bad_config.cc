#include "deploy/bad_config.h"

#include <fmt/format.h>

namespace mayfly::deploy {

tl::unexpected<Error> bad_config(std::string_view file, const toml::source_region& where, std::string_view why) {
  return fail(ErrorCode::kBadConfig, fmt::format("{}:{}:{}: {}", file, where.begin.line, where.begin.column, why));
}

}  // namespace mayfly::deploy
