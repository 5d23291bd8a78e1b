#pragma once

#include "metrics/receipt.h"

#include <string>

namespace mayfly::invoke {

// A receipt as the value of a Server-Timing header (W3C Server Timing): durations in milliseconds.
std::string server_timing(const metrics::Receipt& receipt);

}  // namespace mayfly::invoke
