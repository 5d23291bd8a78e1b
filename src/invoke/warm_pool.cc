#include "invoke/warm_pool.h"

#include "base/coarse_clock.h"
#include "sandbox/engine.h"
#include "sandbox/warm_component.h"
#include "sandbox/warm_module.h"

#include <algorithm>
#include <chrono>

namespace mayfly::invoke {

using std::chrono::steady_clock;

// A sandbox, and what outlives it.
struct WarmPool::Kept : std::enable_shared_from_this<Kept> {
  Kept(registry::VersionPtr of, std::shared_ptr<const registry::Version::Loaded> loaded, const sandbox::Inputs& given)
      : version(std::move(of)), code(std::move(loaded)), inputs(given) {
    inputs.request = nullptr;
    inputs.standard_input = {};
  }
  ~Kept() { set_idle(false); }

  // False when there is no slot for one more that is idle.
  bool set_idle(bool idle) {
    sandbox::Engine& engine = code->program->engine();
    if (is_idle && !idle) engine.return_idle_slot();
    is_idle = idle && (is_idle || engine.take_idle_slot());
    if (idle) idle_since = coarse_now();
    return is_idle == idle;
  }

  const registry::VersionPtr version;
  const std::shared_ptr<const registry::Version::Loaded> code;
  sandbox::Inputs inputs;
  bool is_open = false;  // in the pool
  bool is_idle = false;
  steady_clock::time_point idle_since;
  std::unique_ptr<sandbox::WarmSandbox> sandbox;
};

namespace {

std::unique_ptr<sandbox::WarmSandbox> make_sandbox(const std::shared_ptr<const sandbox::Program>& program,
                                                   const sandbox::Inputs& inputs, const sandbox::Limits& limits,
                                                   sandbox::WarmSandbox::Surroundings surroundings) {
  if (program->component() == nullptr) {
    return std::make_unique<sandbox::WarmModule>(program, inputs, limits, std::move(surroundings));
  }
  return std::make_unique<sandbox::WarmComponent>(program, inputs, limits, std::move(surroundings));
}

}  // namespace

WarmPool::~WarmPool() = default;

// One that runs older code, from before the optimised one was there, is given up.
std::shared_ptr<WarmPool::Kept> WarmPool::find(const registry::VersionPtr& version,
                                               const registry::Version::Loaded& code) {
  const auto found = open_.find(version.get());
  if (found == open_.end()) return nullptr;
  std::erase_if(found->second, [&](const auto& kept) { return kept->code.get() != &code; });
  const auto usable = std::ranges::find_if(found->second.rbegin(), found->second.rend(),
                                           [](const auto& kept) { return kept->sandbox->has_room(); });
  return usable == found->second.rend() ? nullptr : *usable;
}

std::unique_ptr<sandbox::Instance> WarmPool::make_seat(const registry::VersionPtr& version,
                                                       const std::shared_ptr<const registry::Version::Loaded>& code,
                                                       const sandbox::Inputs& inputs, sandbox::GuestHost& host) {
  auto kept = find(version, *code);
  if (kept == nullptr) {
    kept = std::make_shared<Kept>(version, code, inputs);
    const auto left = [alive = std::weak_ptr(alive_), of = kept.get()] {
      if (const auto pool = alive.lock()) (*pool)->take_back(of->shared_from_this());
    };
    kept->sandbox = make_sandbox(code->program, kept->inputs, version->settings().limits, {loop_, egress_, left});
  }
  kept->set_idle(false);
  auto seat = kept->sandbox->enter(std::shared_ptr<sandbox::WarmSandbox>(kept, kept->sandbox.get()), inputs, host);
  if (kept->sandbox->has_room() == kept->is_open) return seat;
  if (kept->is_open) std::erase(open_[version.get()], kept);
  else open_[version.get()].push_back(kept);
  kept->is_open = !kept->is_open;
  return seat;
}

// From a seat that is given up; it holds the sandbox until then.
void WarmPool::take_back(const std::shared_ptr<Kept>& kept) {
  const bool keeps = !kept->sandbox->is_done() && (!kept->sandbox->is_empty() || kept->set_idle(true));
  if (keeps != kept->is_open) {
    Open& open = open_[kept->version.get()];
    if (keeps) open.push_back(kept);
    else std::erase(open, kept);
    if (open.empty()) open_.erase(kept->version.get());
    kept->is_open = keeps;
  }
  if (kept->is_idle) give_up_idle_later();
}

void WarmPool::give_up_idle_later() {
  if (std::exchange(timer_runs_, true)) return;
  timer_.expires_after(sandbox::kIdleTime / 4);
  timer_.async_wait([alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    const auto pool = alive.lock();
    if (error || !pool) return;
    (*pool)->timer_runs_ = false;
    (*pool)->give_up_idle();
  });
}

void WarmPool::give_up_idle() {
  const auto before = coarse_now() - sandbox::kIdleTime;
  bool any_left = false;
  for (auto at = open_.begin(); at != open_.end();) {
    std::erase_if(at->second, [&](const auto& kept) { return kept->is_idle && kept->idle_since < before; });
    any_left |= std::ranges::any_of(at->second, &Kept::is_idle);
    at = at->second.empty() ? open_.erase(at) : std::next(at);
  }
  if (any_left) give_up_idle_later();
}

}  // namespace mayfly::invoke
