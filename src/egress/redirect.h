#pragma once

#include "egress/http_message.h"
#include "egress/url.h"

#include <optional>

namespace mayfly::egress {

// The request that a 3xx response asks for, made as browsers make it (RFC 9110 section 15.4): 301, 302 and 303 become
// GET without the body, and another origin is not told credentials. None when the response is to be taken as it is.
std::optional<HttpRequest> redirected(const HttpRequest& request, const Url& url, const HttpResponse& response);

}  // namespace mayfly::egress
