#include "http/request_parser.h"

#include "base/check.h"
#include "http/header_rules.h"
#include "http/line_scanner.h"
#include "http/parse_error.h"

#include <fmt/format.h>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <limits>
#include <optional>

namespace mayfly::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;
using enum ErrorCode;

// What one chunk costs without extensions: CRLF behind the data before, 16 hex digits, CRLF.
constexpr std::size_t kChunkSizeBytes = 20;

}  // namespace

// Beast splits the request line, the fields and the chunks. LineScanner sees every line before
// Beast does, check_header what came of them: together they refuse what Beast alone would let pass.
class RequestParser::Impl final : public beast::basic_parser<true> {
 public:
  explicit Impl(const Limits& limits) : limits_(limits), body_limit_(limits.body_bytes) {
    basic_parser::header_limit(std::numeric_limits<std::uint32_t>::max());  // the limits are ours
    basic_parser::body_limit(boost::none);
  }

  Result<std::size_t> consume(std::string_view bytes);
  Status limit_body(std::size_t bytes);

  const Limits& limits() const { return limits_; }
  State state() const { return state_; }
  Request& request() { return request_; }

 private:
  enum class Awaits { kData, kChunkSize, kTrailers };

  Result<std::size_t> consume_header(std::string_view bytes);
  Status check_line(std::string_view line) const;
  Result<std::size_t> consume_body(std::string_view bytes);
  Result<std::size_t> consume_chunk_lines(std::string_view bytes);
  Result<std::size_t> feed(std::string_view bytes);
  void refuse(error_code& code, Error error);

  Error uri_too_long() const;
  Error header_too_large() const;
  Error trailers_too_large() const;
  Error body_too_large() const;

  // basic_parser
  void on_request_impl(beast::verb, string_view method, string_view target, int version, error_code& code) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(beast::field, string_view name, string_view value, error_code&) override;
  void on_header_impl(error_code& code) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override;
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code& code) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, string_view bytes, error_code&) override;
  void on_finish_impl(error_code&) override { state_ = State::kDone; }

  const Limits& limits_;
  State state_ = State::kStart;
  Request request_;
  std::optional<Error> failure_;  // once set, the answer to every consume()
  LineScanner lines_{"the header"};
  bool skipped_line_ = false;  // an empty one before the request line

  // In the body
  Awaits awaits_ = Awaits::kData;
  std::size_t body_limit_;
  std::size_t body_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
};

Result<std::size_t> RequestParser::Impl::consume(std::string_view bytes) {
  if (failure_) return fail(*failure_);
  if (bytes.empty() || state_ == State::kDone) return 0;
  auto used = state_ == State::kBody ? consume_body(bytes) : consume_header(bytes);
  if (!used) failure_ = used.error();
  return used;
}

Result<std::size_t> RequestParser::Impl::consume_header(std::string_view bytes) {
  state_ = State::kHeader;
  const auto allowed = bytes.substr(0, limits_.header_bytes);
  for (;;) {
    const auto found = lines_.next(allowed);
    if (!found) return fail(found.error());
    if (!*found) {
      if (bytes.size() == allowed.size()) return 0;
      return fail(lines_.count() == 0 ? uri_too_long() : header_too_large());
    }
    const std::string_view line = **found;
    if (line.empty() && lines_.count() == 1 && !skipped_line_) {  // RFC 9112 section 2.2
      skipped_line_ = true;
      lines_ = LineScanner("the header");
      state_ = State::kStart;
      return 2;
    }
    if (line.empty()) return feed(allowed.substr(0, lines_.end()));
    if (auto status = check_line(line); !status) return fail(status.error());
  }
}

Status RequestParser::Impl::check_line(std::string_view line) const {
  if (lines_.count() == 1) return check_version(line);
  if (lines_.count() - 1 <= limits_.header_fields) return {};
  return fail(kHeadersTooLarge, fmt::format("the header has more than {} fields", limits_.header_fields));
}

Result<std::size_t> RequestParser::Impl::consume_body(std::string_view bytes) {
  if (content_length().value_or(0) > body_limit_) return fail(body_too_large());
  std::size_t used = 0;
  while (state_ == State::kBody && used < bytes.size()) {
    const auto rest = bytes.substr(used);
    const auto more = awaits_ == Awaits::kData ? feed(rest) : consume_chunk_lines(rest);
    if (!more) return more;
    if (*more == 0) break;
    used += *more;
  }
  return used;
}

// Beast takes a chunk size together with the CRLF behind the data before, and the last one together
// with the trailers; at the lines in between there is no use in asking it.
Result<std::size_t> RequestParser::Impl::consume_chunk_lines(std::string_view bytes) {
  const auto allowed = bytes.substr(0, limits_.header_bytes - extension_bytes_);
  for (;;) {
    const auto line = lines_.next(allowed);
    if (!line) return fail(line.error());
    if (!*line) {
      if (bytes.size() == allowed.size()) return 0;
      return fail(trailers_too_large());
    }
    const bool has_size = awaits_ == Awaits::kChunkSize && !(*line)->empty();
    const bool ends = awaits_ == Awaits::kTrailers && (*line)->empty();
    if (!has_size && !ends) continue;
    const auto used = feed(allowed.substr(0, lines_.end()));
    if (!used) return used;
    if (*used > 0) {
      lines_.drop_lines();
      extension_bytes_ += *used - std::min(*used, kChunkSizeBytes);
      return used;
    }
    if (ends) return fail(kBadRequest, "a chunk extension has no closing quote");
    awaits_ = Awaits::kTrailers;
  }
}

// Gives Beast the bytes, and returns how many it took.
Result<std::size_t> RequestParser::Impl::feed(std::string_view bytes) {
  error_code code;
  const std::size_t used = put({bytes.data(), bytes.size()}, code);
  const bool in_header = state_ == State::kHeader;
  if (!code || (code == beast::error::need_more && !in_header)) return used;
  if (failure_) return fail(*failure_);
  const auto line = 1 + std::ranges::count(bytes.substr(0, used), '\n');
  return fail(parse_error(code, in_header ? fmt::format("line {} of the header", line) : "a trailer"));
}

Status RequestParser::Impl::limit_body(std::size_t bytes) {
  body_limit_ = bytes;
  if (content_length().value_or(0) <= body_limit_) return {};
  failure_ = body_too_large();
  return fail(*failure_);
}

// Tells Beast to stop; feed() returns `error`.
void RequestParser::Impl::refuse(error_code& code, Error error) {
  failure_ = std::move(error);
  code = beast::error::bad_value;
}

Error RequestParser::Impl::uri_too_long() const {
  return {kUriTooLong, fmt::format("the request target is longer than {} bytes", limits_.target_bytes)};
}

Error RequestParser::Impl::header_too_large() const {
  return {kHeadersTooLarge, fmt::format("the header is larger than {} bytes", limits_.header_bytes)};
}

Error RequestParser::Impl::trailers_too_large() const {
  return {kHeadersTooLarge,
          fmt::format("chunk extensions and trailers are larger than {} bytes", limits_.header_bytes)};
}

Error RequestParser::Impl::body_too_large() const {
  return {kBodyTooLarge, fmt::format("the body is larger than {} bytes", body_limit_)};
}

void RequestParser::Impl::on_request_impl(beast::verb, string_view method, string_view target, int version,
                                          error_code& code) {
  if (target.size() > limits_.target_bytes) return refuse(code, uri_too_long());
  request_.method = method;
  request_.target = target;
  request_.minor_version = version - 10;
  request_.fields.reserve(lines_.count() - 2);
}

void RequestParser::Impl::on_field_impl(beast::field, string_view name, string_view value, error_code&) {
  Fields& fields = state_ == State::kBody ? request_.trailers : request_.fields;
  fields.add(name, value);
}

void RequestParser::Impl::on_header_impl(error_code& code) {
  if (auto status = check_header(request_); !status) return refuse(code, std::move(status).error());
  state_ = State::kBody;
  if (!chunked()) return;
  awaits_ = Awaits::kChunkSize;
  lines_ = LineScanner("the chunk framing");
}

std::size_t RequestParser::Impl::on_body_impl(string_view bytes, error_code&) {
  request_.body += std::string_view(bytes);
  return bytes.size();
}

void RequestParser::Impl::on_chunk_header_impl(std::uint64_t size, string_view, error_code& code) {
  awaits_ = Awaits::kData;
  const bool fits = size <= body_limit_ && body_bytes_ <= body_limit_ - size;
  if (!fits) return refuse(code, body_too_large());
  body_bytes_ += size;
}

std::size_t RequestParser::Impl::on_chunk_body_impl(std::uint64_t remain, string_view bytes, error_code&) {
  request_.body += std::string_view(bytes);
  if (remain == bytes.size()) awaits_ = Awaits::kChunkSize;
  return bytes.size();
}

RequestParser::RequestParser(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

Result<std::size_t> RequestParser::consume(std::string_view bytes) { return impl_->consume(bytes); }

RequestParser::State RequestParser::state() const { return impl_->state(); }

const Request& RequestParser::request() const { return impl_->request(); }

Request RequestParser::take_head() { return std::exchange(impl_->request(), Request()); }

std::string RequestParser::take_body() { return std::exchange(impl_->request().body, {}); }

Request RequestParser::take() {
  CHECK(state() == State::kDone);
  Request request = std::move(impl_->request());
  impl_ = std::make_unique<Impl>(impl_->limits());
  return request;
}

bool RequestParser::expects_continue() const {
  return state() == State::kBody && request().minor_version >= 1 && request().fields.count("Expect") > 0;
}

Status RequestParser::limit_body(std::size_t bytes) {
  CHECK(state() == State::kBody);
  return impl_->limit_body(bytes);
}

}  // namespace mayfly::http
