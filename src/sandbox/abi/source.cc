// The request and the response of functions from source, as languages/README.md has them: numbers of 32 bits and
// strings behind their lengths.

#include "base/text.h"
#include "sandbox/abi/abi.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

namespace mayfly::sandbox::abi {
namespace {

static_assert(std::endian::native == std::endian::little);

void put_number(std::string& out, std::size_t number) {
  const auto value = static_cast<std::uint32_t>(number);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_string(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  bool at_end() const { return rest_.empty(); }
  std::optional<std::uint32_t> number() {
    std::uint32_t value = 0;
    if (rest_.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::optional<std::string_view> string() {
    const auto size = number();
    if (!size || *size > rest_.size()) return std::nullopt;
    const std::string_view text = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return text;
  }

 private:
  std::string_view rest_;
};

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadResponse, std::move(message)); }

}  // namespace

std::string source_input(const Call& call, std::string_view body) {
  const http::Request& request = call.request;
  const std::string_view host = request.fields.get("Host");
  std::string input(sizeof(std::uint32_t), '\0');
  input.reserve(512 + body.size());
  put_string(input, request.method);
  put_string(input, host.empty() ? fmt::format("http://{}:{}{}", call.server_name, call.server_port, request.target)
                                 : fmt::format("http://{}{}", host, request.target));
  put_string(input, call.remote_address);
  put_string(input, call.function);
  for (const http::Field& field : request.fields) {
    put_string(input, field.name);
    put_string(input, field.value);
  }
  const auto size = static_cast<std::uint32_t>(input.size() - sizeof(std::uint32_t));
  std::memcpy(input.data(), &size, sizeof size);
  input += body;
  return input;
}

bool has_source_head(std::string_view output) {
  const auto size = Reader(output).number();
  return size && *size <= output.size() - sizeof *size;
}

Result<Head> read_source_head(std::string_view output) {
  const auto size = Reader(output).number();
  if (!size) return fail(ErrorCode::kNoResponse, "the interpreter ended before it answered");
  if (*size > kMaxSourceHeadBytes) return bad(fmt::format("the headers have {} bytes", *size));
  if (output.size() - sizeof *size < *size) return fail(ErrorCode::kNoResponse, "the interpreter ended in its answer");
  Head head;
  head.consumed = sizeof *size + *size;
  Reader reader(output.substr(sizeof *size, *size));
  const auto status = reader.number();
  if (status == 0u) return fail(ErrorCode::kException, to_utf8(output.substr(head.consumed)));
  head.response.status = static_cast<int>(status.value_or(1));
  while (!reader.at_end()) {
    const auto name = reader.string();
    const auto value = reader.string();
    if (!name || !value) return bad("the interpreter has written a head that is cut off");
    head.response.fields.add(std::string(*name), std::string(*value));
  }
  if (auto checked = check_head(head.response); !checked) return fail(std::move(checked.error()));
  return head;
}

}  // namespace mayfly::sandbox::abi
