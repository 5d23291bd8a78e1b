#pragma once

#include <string>
#include <string_view>

namespace mayfly::server {

// What a CGI program is told of the server, as SERVER_NAME and SERVER_PORT.
struct ServerName {
  std::string host;
  std::string port;

  bool operator==(const ServerName&) const = default;
};

// Host and port each from the Host header, or else from `configured` (HOST or HOST:PORT, then 80), or else localhost
// and the port that the connection came to.
ServerName server_name(std::string_view host_header, std::string_view configured, std::string_view local_port);

}  // namespace mayfly::server
