#pragma once

#include "metrics/receipt.h"

#include <span>
#include <string>

namespace mayfly::invoke {

// A receipt as the value of a Server-Timing header (W3C Server Timing): durations in milliseconds.
std::string server_timing(const metrics::Receipt& receipt);
// The same of a pipeline: an entry for each stage.
std::string server_timing(std::span<const metrics::StageReceipt> stages);

}  // namespace mayfly::invoke
