// The header block that a CGI program writes (RFC 3875 section 6), read as leniently as WAGI 0.8.1 does, its bugs
// mended: a header may come several times, and of Status and Location the later wins.

#include "base/text.h"
#include "sandbox/abi/abi.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace mayfly::sandbox::abi {
namespace {

constexpr std::size_t kMaxHeaderBlock = 64 * 1024;  // bytes; as much as is buffered before a response is committed

// What comes before the first empty line, without carriage returns. Line ends at the very start are no empty line.
struct Block {
  std::string text;
  std::size_t consumed;  // with the empty line
};
std::optional<Block> find_block(std::string_view output) {
  std::string text;
  for (std::size_t at = 0; at < std::min(output.size(), kMaxHeaderBlock); ++at) {
    if (output[at] == '\r') continue;
    if (output[at] == '\n' && text.ends_with('\n')) return Block{std::move(text), at + 1};
    text += output[at];
  }
  return std::nullopt;
}

Status read_status(std::string_view value, http::Response& response) {
  const auto space = value.find(' ');
  const std::string_view code = value.substr(0, space);
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), response.status);
  const bool number = error == std::errc() && end == code.data() + code.size();
  if (!number || response.status < 200 || response.status > 599) {
    return fail(ErrorCode::kBadCgi, fmt::format("`{}` is not a status: write `Status: 404 Not Found`", value));
  }
  response.reason = space == std::string_view::npos ? "" : trim(value.substr(space + 1));
  return {};
}

class HeadReader {
 public:
  Status read_line(std::string_view line) {
    const auto colon = line.find(':');
    const std::string_view name = trim(line.substr(0, colon));
    if (colon == std::string_view::npos || !http::is_token(name)) {
      if (head_.ignored.empty()) head_.ignored = line.substr(0, 100);
      return {};
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (!http::is_field_value(value)) {
      return fail(ErrorCode::kBadCgi, fmt::format("the value of {} has control characters", name));
    }
    return read_field(name, value);
  }

  Result<Head> finish(std::size_t consumed) && {
    head_.consumed = consumed;
    if (content_type_) head_.response.fields.add("Content-Type", *content_type_);
    if (location_) head_.response.fields.add("Location", *location_);
    if (sufficient_) return std::move(head_);
    return fail(ErrorCode::kNoCgiHeaders,
                fmt::format("the headers have none of Content-Type, Status and Location{}",
                            head_.ignored.empty() ? "" : fmt::format("; `{}` is not a header line", head_.ignored)));
  }

 private:
  Status read_field(std::string_view name, std::string_view value) {
    http::Response& response = head_.response;
    if (http::equals_ignoring_case(name, "status")) {
      sufficient_ = true;
      return read_status(value, response);
    }
    if (http::equals_ignoring_case(name, "content-type")) {
      sufficient_ = true;
      content_type_ = value;
    } else if (http::equals_ignoring_case(name, "location")) {  // RFC 3875 section 6.2.3
      sufficient_ = true;
      location_ = value;
      response.status = 302;
      response.reason.clear();
    } else {
      response.fields.add(name, value);
    }
    return {};
  }

  Head head_;
  std::optional<std::string> content_type_, location_;  // the last of each
  bool sufficient_ = false;
};

}  // namespace

Result<Head> read_cgi_head(std::string_view output) {
  const auto block = find_block(output);
  if (!block) return fail(ErrorCode::kNoCgiHeaders, "the output has no empty line that ends the headers");
  HeadReader reader;
  for (std::string_view rest = block->text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);  // every line of a block has its end
    if (line.empty()) continue;
    if (auto read = reader.read_line(line); !read) return fail(std::move(read.error()));
  }
  return std::move(reader).finish(block->consumed);
}

}  // namespace mayfly::sandbox::abi
