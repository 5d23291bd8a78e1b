#include "sandbox/host/handle.h"

#include "sandbox/host/sockets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mayfly::sandbox::host {
namespace {

// The ABI has no error codes for a pointer that leads nowhere: it ends the guest.
tl::unexpected<Pause> out_of_bounds(Guest& guest, std::string_view function, std::uint64_t address,
                                    std::uint64_t length) {
  guest.stop({ErrorCode::kTrap, fmt::format("{}: {} bytes at address {} are not inside the memory of the function",
                                            function, length, address)});
  return stopped();
}

// Headers are held by the host until the guest ends: they have bounds of their own.
Hosted<void> charge_header(Guest& guest, std::uint64_t bytes) {
  HandleResponse& response = guest.response();
  response.header_bytes += bytes;
  if (response.header_bytes <= kMaxHeaderBytes && response.fields.size() < kMaxHeaders) return {};
  guest.stop({ErrorCode::kBadResponse,
              fmt::format("the function set more than {} headers or {} bytes of them", kMaxHeaders, kMaxHeaderBytes)});
  return stopped();
}

Hosted<void> log(Guest& guest, std::uint32_t text, std::uint64_t length) {
  const auto message = guest.memory().text(text, length);
  if (!message) return out_of_bounds(guest, "log", text, length);
  guest.host().write_log(*message);
  if (!message->ends_with('\n')) guest.host().write_log("\n");
  return {};
}

Hosted<void> response_set_status_line(Guest& guest, std::uint32_t status, std::uint32_t text, std::uint64_t length) {
  const auto reason = guest.memory().text(text, length);
  if (!reason) return out_of_bounds(guest, "response_set_status_line", text, length);
  if (auto charged = charge_header(guest, length); !charged) return charged;
  guest.response().status = static_cast<int>(status & 0xFFFF);
  guest.response().reason = *reason;
  return {};
}

Hosted<void> response_set_header(Guest& guest, std::uint32_t name, std::uint64_t name_length, std::uint32_t value,
                                 std::uint64_t value_length) {
  const auto name_text = guest.memory().text(name, name_length);
  if (!name_text) return out_of_bounds(guest, "response_set_header", name, name_length);
  const auto value_text = guest.memory().text(value, value_length);
  if (!value_text) return out_of_bounds(guest, "response_set_header", value, value_length);
  if (auto charged = charge_header(guest, name_length + value_length); !charged) return charged;
  guest.response().fields.add(*name_text, *value_text);
  return {};
}

Hosted<void> response_set_body(Guest& guest, std::uint32_t bytes, std::uint64_t length) {
  const auto body = guest.memory().text(bytes, length);
  if (!body) return out_of_bounds(guest, "response_set_body", bytes, length);
  if (length > guest.limits().response_bytes) {
    guest.stop({ErrorCode::kResponseTooLarge,
                fmt::format("a body of {} bytes passes the limit of {}", length, guest.limits().response_bytes)});
    return stopped();
  }
  guest.response().body = *body;
  return {};
}

Hosted<std::int32_t> tcp_connect(Guest& guest, std::uint32_t text, std::uint64_t length) {
  const auto address = guest.memory().text(text, length);
  if (!address) return out_of_bounds(guest, "tcp_connect", text, length);
  return guest.sockets().connect(*address);
}

Hosted<std::int64_t> tcp_read(Guest& guest, std::uint32_t socket, std::uint32_t into, std::uint64_t length) {
  const auto buffer = guest.memory().slice(into, length);
  if (!buffer) return out_of_bounds(guest, "tcp_read", into, length);
  return guest.sockets().read(socket, *buffer);
}

Hosted<std::int64_t> tcp_write(Guest& guest, std::uint32_t socket, std::uint32_t bytes, std::uint64_t length) {
  const auto text = guest.memory().text(bytes, length);
  if (!text) return out_of_bounds(guest, "tcp_write", bytes, length);
  return guest.sockets().write(socket, *text);
}

// Copies as much of the value as fits and returns its whole length: called with 0 first, a guest knows what to make.
Hosted<std::int64_t> db_get(Guest& guest, std::uint32_t key, std::uint64_t key_length, std::uint32_t into,
                            std::uint64_t room) {
  const auto name = guest.memory().text(key, key_length);
  if (!name) return out_of_bounds(guest, "db_get", key, key_length);
  const auto* table = guest.inputs().table;
  const auto found = table == nullptr ? decltype(table->end()){} : table->find(*name);
  if (table == nullptr || found == table->end()) return -1;
  const std::string& value = found->second;
  const std::uint64_t copied = std::min<std::uint64_t>(value.size(), room);
  const auto buffer = guest.memory().slice(into, copied);
  if (!buffer) return out_of_bounds(guest, "db_get", into, copied);
  std::copy_n(value.begin(), copied, buffer->begin());
  return static_cast<std::int64_t>(value.size());
}

constexpr std::array kFunctions = {
    host_function<log>("env", "log"),
    host_function<response_set_status_line>("env", "response_set_status_line"),
    host_function<response_set_header>("env", "response_set_header"),
    host_function<response_set_body>("env", "response_set_body"),
    waiting_host_function<tcp_connect>("env", "tcp_connect"),
    waiting_host_function<tcp_read>("env", "tcp_read"),
    waiting_host_function<tcp_write>("env", "tcp_write"),
    host_function<db_get>("env", "db_get"),
};

}  // namespace

std::span<const HostFunction> handle_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::host
