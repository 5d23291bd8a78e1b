#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::http {

struct Field {
  std::string name;  // as sent: case is kept
  std::string value;
};

// Header fields in the order they were given; names compare without case (RFC 9110 section 5.1).
class Fields {
 public:
  void add(std::string_view name, std::string_view value) {
    fields_.push_back({std::string(name), std::string(value)});
  }
  void reserve(std::size_t count) { fields_.reserve(count); }
  // Replaces every field of this name by one at the end.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);

  // The first value of this name, or nullptr.
  const std::string* find(std::string_view name) const;
  std::string_view get(std::string_view name) const;  // "" when absent
  std::size_t count(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

// One whole request: framing is gone, the body is in memory.
struct Request {
  std::string method;
  std::string target;  // as sent, origin-form or `*`
  int minor_version = 1;
  Fields fields;
  std::string body;
  Fields trailers = {};    // behind a chunked body
  bool keep_alive = true;  // may the connection go on after this request

  std::string_view path() const;   // target up to `?`
  std::string_view query() const;  // target after `?`, "" when none
};

// One whole response. Content-Length, Connection and Date are the connection's to write.
struct Response {
  int status = 200;
  std::string reason;  // "" for the standard phrase
  Fields fields;
  std::string body;
};

// Case-insensitive equality of ASCII text.
bool equals_ignoring_case(std::string_view a, std::string_view b);

// What Content-Length says; none when it is absent or no number.
std::optional<std::uint64_t> content_length(const Fields& fields);

// Whether Content-Type names this media type, whatever its parameters (RFC 9110 section 8.3.1).
bool has_media_type(const Fields& fields, std::string_view type);

// RFC 9110 section 5.6.2 and 5.5: what may stand in a field without changing the framing.
bool is_token(std::string_view text);
bool is_field_value(std::string_view text);

// The standard reason phrase of a status, "" for unknown ones.
std::string_view reason_phrase(int status);

}  // namespace mayfly::http
