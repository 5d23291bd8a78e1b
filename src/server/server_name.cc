#include "server/server_name.h"

namespace mayfly::server {
namespace {

void override(ServerName& name, std::string_view text) {
  const auto colon = text.find_last_of(":]");  // a colon inside the brackets of an IPv6 address is not a port's
  const bool has_port = colon != std::string_view::npos && text[colon] == ':';
  const std::string_view host = has_port ? text.substr(0, colon) : text;
  if (!host.empty()) name.host = host;
  if (has_port && colon + 1 < text.size()) name.port = text.substr(colon + 1);
}

}  // namespace

ServerName server_name(std::string_view host_header, std::string_view configured, std::string_view local_port) {
  ServerName name{"localhost", std::string(configured.empty() ? local_port : "80")};
  override(name, configured);
  override(name, host_header);
  return name;
}

}  // namespace mayfly::server
