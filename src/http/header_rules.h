#pragma once

#include "base/result.h"
#include "http/message.h"

#include <string_view>

namespace mayfly::http {

// The rules of RFC 9110 and 9112 that Beast's parser leaves to its user.

// A whole request line, without its CRLF: refuses HTTP versions that we do not speak. What is no
// version at all is left to Beast.
Status check_version(std::string_view line);

// A whole header: brings the target into origin-form, and sets keep_alive.
Status check_header(Request& request);

}  // namespace mayfly::http
