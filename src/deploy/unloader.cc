#include "deploy/unloader.h"

#include "deploy/limits.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mayfly::deploy {

using registry::Version;

// What is unloaded at once: more than what is needed, so that looking for them is rare.
std::uint32_t Unloader::share() const { return kModulesOfOne + engine_.info().modules / kUnloadedShare; }

void Unloader::make_room() {
  const std::uint32_t most = engine_.info().modules;
  if (engine_.modules() + kModulesOfOne <= most) return;
  unload_until(most - std::min(most, share()));
}

void Unloader::make_more_room() {
  const std::uint32_t now = engine_.modules();
  unload_until(now - std::min(now, share()));
}

void Unloader::unload_until(std::uint32_t left) {
  const auto snapshot = registry_.current();
  std::vector<std::pair<Version::Clock::time_point, const Version*>> loaded;
  for (const auto& [name, version] : snapshot->functions) {
    if (version->loaded() != nullptr) loaded.emplace_back(version->last_call(), version.get());
  }
  std::ranges::sort(loaded);
  for (const auto& [called, version] : loaded) {
    if (engine_.modules() <= left) return;
    if (version->unload_idle()) unloaded_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace mayfly::deploy
