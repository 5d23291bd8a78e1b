#pragma once

#include "http/message.h"

#include <boost/json/value.hpp>

namespace mayfly::admin {

http::Response json_response(int status, const boost::json::value& value);

}  // namespace mayfly::admin
