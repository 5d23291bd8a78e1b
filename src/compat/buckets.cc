#include "compat/buckets.h"

#include "compat/exec_call.h"
#include "http/multipart.h"
#include "http/query.h"
#include "server/function_call.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <vector>

namespace mayfly::compat {
namespace {

using server::Exchange;
using storage::ObjectStore;

http::Response json_answer(std::string text) {
  http::Response response;
  response.fields.add("Content-Type", "application/json");
  response.body = std::move(text);
  return response;
}

// The seed answers with a JSON string.
http::Response said(const std::string& text) { return json_answer(boost::json::serialize(boost::json::string(text))); }

// The segments behind the first of a path, percent-decoded, when there are `count` of them and none is empty.
std::optional<std::vector<std::string>> segments(std::string_view path, std::size_t count) {
  std::vector<std::string> found;
  path.remove_prefix(std::min(path.size(), path.find('/', 1)));
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    auto decoded = http::percent_decode(segment);
    if (!decoded || decoded->empty()) return std::nullopt;
    found.push_back(std::move(*decoded));
  }
  if (found.size() != count) return std::nullopt;
  return found;
}

void refuse_path(Exchange& exchange, std::string_view shape) {
  exchange.fail({ErrorCode::kNotFound, fmt::format("a path of this kind is {}", shape)});
}

// A name as a quoted string (RFC 9110 section 5.6.4), and once more in UTF-8 when it is not ASCII (RFC 6266).
std::string disposition(std::string_view name) {
  std::string quoted, encoded;
  bool ascii = true;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    ascii = ascii && byte < 0x80;
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += byte < 0x80 ? c : '_';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || std::string_view("-._~").find(c) != std::string_view::npos) encoded += c;
    else fmt::format_to(std::back_inserter(encoded), "%{:02X}", byte);
  }
  return fmt::format("attachment; filename=\"{}\"{}", quoted, ascii ? "" : "; filename*=UTF-8''" + encoded);
}

http::Response download(std::string bytes, std::string_view key) {
  http::Response response;
  response.fields.add("Content-Type", "application/octet-stream");
  response.fields.add("Content-Disposition", disposition(key));
  response.body = std::move(bytes);
  return response;
}

// The bytes of the first part that is named `file`, as a view into the body.
Result<std::string_view> file_of(std::string_view content_type, std::string_view body) {
  const auto parts = http::parse_multipart(content_type, body);
  if (!parts) return fail(parts.error());
  const auto file = std::ranges::find(*parts, "file", &http::Part::name);
  if (file == parts->end()) {
    return fail(ErrorCode::kBadMultipart, "Missing file in multipart: no part is named `file`");
  }
  return file->body;
}

}  // namespace

struct Buckets::Name {
  std::string bucket;
  std::string key;
};

// Asks the store on a worker and answers with what `work` makes of it.
void Buckets::with_store(Exchange& exchange, std::function<Result<http::Response>(ObjectStore&)> work) {
  if (!functions_.has_room()) {
    return exchange.fail({ErrorCode::kOverloaded, "too many requests wait for the store"});
  }
  functions_.on_worker(
      exchange.loop(), [this, work = std::move(work)] { return work(functions_.store()); },
      [weak = exchange.weak_from_this()](Result<http::Response> response) {
        const auto self = weak.lock();
        if (!self) return;
        if (!response) return self->fail(response.error());
        self->respond(std::move(*response));
      });
}

void Buckets::bucket(Exchange& exchange) {
  const http::Request& request = exchange.request();
  const auto named = segments(request.path(), 1);
  if (!named) return refuse_path(exchange, "/bucket/BUCKET");
  const std::string bucket = named->front();
  if (request.method == "PUT") {
    return with_store(exchange, [bucket](ObjectStore& store) {
      return store.create_bucket(bucket).map([&] { return said(fmt::format("Bucket {} created", bucket)); });
    });
  }
  if (request.method == "DELETE") {
    return with_store(exchange, [bucket](ObjectStore& store) {
      return store.remove_bucket(bucket).map([&] { return said(fmt::format("Bucket {} deleted", bucket)); });
    });
  }
  if (request.method != "GET" && request.method != "HEAD") return exchange.refuse_method("GET, HEAD, PUT, DELETE");
  with_store(exchange, [bucket](ObjectStore& store) {
    return store.list(bucket).map([](const std::vector<std::string>& keys) {
      boost::json::array files(keys.begin(), keys.end());
      return json_answer(boost::json::serialize(boost::json::object{{"files", std::move(files)}}));
    });
  });
}

void Buckets::file(Exchange& exchange) {
  const http::Request& request = exchange.request();
  const auto named = segments(request.path(), 2);
  if (!named) return refuse_path(exchange, "/file/BUCKET/FILE");
  const Name name{named->front(), named->back()};
  if (request.method == "POST") return upload(exchange, name);
  if (request.method == "DELETE") {
    return with_store(exchange, [this, name](ObjectStore& store) {
      return store.remove(name.bucket, name.key).map([&] {
        functions_.removed(name.bucket, name.key);
        return said(fmt::format("File {} deleted from {}", name.key, name.bucket));
      });
    });
  }
  if (request.method != "GET" && request.method != "HEAD") return exchange.refuse_method("GET, HEAD, POST, DELETE");
  with_store(exchange, [name](ObjectStore& store) {
    return store.get(name.bucket, name.key, "").map([&](storage::Fetched fetched) {
      return download(std::move(fetched.object.bytes), name.key);
    });
  });
}

void Buckets::upload(Exchange& exchange, const Name& name) {
  const http::Fields& fields = exchange.request().fields;
  if (!http::has_media_type(fields, "multipart/form-data")) {
    return exchange.fail({ErrorCode::kUnsupportedMediaType,
                          "send the file in a form, multipart/form-data with a part named `file`: curl -F file=@FILE"});
  }
  with_store(exchange, [this, name, type = std::string(fields.get("Content-Type")),
                        body = exchange.take_body()](ObjectStore& store) {
    return file_of(type, body)
        .and_then([&](std::string_view bytes) { return store.put(name.bucket, name.key, bytes); })
        .map([&] {
          functions_.changed(name.bucket, name.key);
          return said(fmt::format("File {} uploaded to {}", name.key, name.bucket));
        });
  });
}

void Buckets::exec(server::LoopContext& context, Exchange& exchange) {
  const http::Request& request = exchange.request();
  auto named = segments(request.path(), 2);
  if (!named) return refuse_path(exchange, "/exec/BUCKET/FILE");
  if (request.method != "POST") return exchange.refuse_method("POST");
  if (!http::has_media_type(request.fields, "application/json")) {
    return exchange.fail({ErrorCode::kUnsupportedMediaType, "send the JSON with Content-Type: application/json"});
  }
  call_exec(context, exchange, functions_, std::move(named->front()), std::move(named->back()));
}

void Buckets::function(server::LoopContext& context, Exchange& exchange) {
  const auto named = segments(exchange.request().path(), 1);
  if (!named) return refuse_path(exchange, "/functions/FILE");
  functions_.find(std::string(kFunctions), named->front(), exchange.loop(),
                  [&context, weak = exchange.weak_from_this()](const Result<registry::VersionPtr>& version) {
                    const auto self = weak.lock();
                    if (!self) return;
                    if (!version) return self->fail(version.error());
                    const std::string path(self->request().path());
                    server::call_function(context, *self, {*version, path, path});
                  });
}

}  // namespace mayfly::compat
