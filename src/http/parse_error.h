#pragma once

#include "base/error.h"

#include <boost/beast/core/error.hpp>

#include <string_view>

namespace mayfly::http {

// What Beast's parser found wrong, in words for who wrote the client. `place` is where: `line 3 of
// the header`. Text of the client is never quoted.
Error parse_error(boost::beast::error_code code, std::string_view place);

}  // namespace mayfly::http
