#pragma once

#include "base/error.h"
#include "http/message.h"

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::http {

// The RFC 9457 answer to an error: application/problem+json with type, title, status, detail and, when given, the
// request id as `instance`. `seed_error` adds the `error` member that clients of the seeds read.
struct ProblemOptions {
  std::string_view request_id;
  bool seed_error = false;
  std::string_view value = {};  // JSON, for a member of this name; "" for none
};
Response problem(const Error& error, const ProblemOptions& options);

// The page behind a problem type, `/_mayfly/errors/<slug>`; "" for the list of all of them. nullopt when unknown.
std::optional<std::string> problem_page(std::string_view slug);

}  // namespace mayfly::http
