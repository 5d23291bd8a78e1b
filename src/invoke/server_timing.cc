#include "invoke/server_timing.h"

#include "http/message.h"

#include <fmt/format.h>

#include <iterator>

namespace mayfly::invoke {
namespace {

double milliseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

}  // namespace

std::string server_timing(const metrics::Receipt& receipt) {
  return fmt::format(
      "queue;dur={:.3f}, load;dur={:.3f}, instantiate;dur={:.3f}, guest;dur={:.3f}, host;dur={:.3f}, "
      "memory;desc=\"{} KiB\"",
      milliseconds(receipt.queue), milliseconds(receipt.load), milliseconds(receipt.instantiate),
      milliseconds(receipt.guest), milliseconds(receipt.host), receipt.memory_peak >> 10);
}

std::string server_timing(std::span<const metrics::StageReceipt> stages) {
  std::string entries;
  for (const metrics::StageReceipt& stage : stages) {
    const std::string_view name = http::is_token(stage.function) ? std::string_view(stage.function) : "stage";
    fmt::format_to(std::back_inserter(entries), "{}{};dur={:.3f}", entries.empty() ? "" : ", ", name,
                   milliseconds(stage.taken));
  }
  return entries;
}

}  // namespace mayfly::invoke
