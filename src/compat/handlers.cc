#include "compat/handlers.h"

#include "deploy/bundle.h"
#include "http/multipart.h"
#include "http/query.h"
#include "server/function_call.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::compat {
namespace {

using server::Exchange;

// The module of an upload: the zip in the first part with a file name, and in it the file that metadata.json names.
Result<deploy::Upload> read_upload(const std::string& name, std::string_view content_type, std::string_view body) {
  const auto parts = http::parse_multipart(content_type, body);
  if (!parts) return fail(parts.error());
  const auto file = std::ranges::find_if(*parts, [](const http::Part& part) { return part.filename.has_value(); });
  if (file == parts->end()) return fail(ErrorCode::kBadMultipart, "No file uploaded");
  if (!file->filename->ends_with(".zip")) return fail(ErrorCode::kBadBundle, "File is not a zip file");
  auto bundle = deploy::unzip(file->body);
  if (!bundle) return fail(std::move(bundle.error()));
  const auto metadata = deploy::read_metadata(*bundle);
  if (!metadata) return fail(metadata.error());
  deploy::Upload upload{.name = name, .bytes = bundle->files.at(metadata->entrypoint_file)};
  upload.settings.language = metadata->language;
  if (metadata->language.empty()) upload.settings.entry = "handler";  // whatever else there is
  else upload.settings.entrypoint = metadata->entrypoint_file;
  auto files = deploy::visible_files(std::move(*bundle), upload.bytes, upload.settings);
  if (files) upload.bundled = {std::string(file->body), std::move(files)};
  return upload;
}

}  // namespace

void Handlers::handle(server::LoopContext& context, Exchange& exchange) {
  const http::Request& request = exchange.request();
  const std::string_view segment = request.path().substr(std::min(request.path().size(), kPath.size() + 1));
  const auto decoded = http::percent_decode(segment);
  const std::string name = decoded.value_or(std::string(segment));
  if (auto named = registry::check_name(name); !named) return exchange.fail(named.error());
  if (request.method == "POST" && http::has_media_type(request.fields, "multipart/form-data"))
    return upload(exchange, name);
  if (request.method != "GET" && request.method != "POST") return exchange.refuse_method("GET, POST");
  if (request.method == "GET" && !http::has_media_type(request.fields, "application/json")) {
    return exchange.fail({ErrorCode::kUnsupportedMediaType, "send the JSON with Content-Type: application/json"});
  }
  const auto snapshot = context.registry.snapshot();
  const auto found = snapshot->functions.find(name);
  if (found == snapshot->functions.end()) {
    return exchange.fail({ErrorCode::kUnknownFunction, "Handler not found" + registry::near_names(*snapshot, name)});
  }
  const std::string path(request.path());
  call_function(context, exchange, {found->second, path, path});
}

void Handlers::upload(Exchange& exchange, const std::string& name) {
  if (!deployer_.has_room()) return exchange.fail({ErrorCode::kOverloaded, "too many uploads wait to be compiled"});
  deployer_.on_worker(
      deploy::Deployer::Work::kCompiles, exchange.loop(),
      [this, name, type = std::string(exchange.request().fields.get("Content-Type")),
       body = exchange.take_body()]() -> Result<deploy::Deployed> {
        auto upload = read_upload(name, type, body);
        if (!upload) return fail(std::move(upload.error()));
        return deployer_.deploy(std::move(*upload));
      },
      [weak = exchange.weak_from_this(), name](const Result<deploy::Deployed>& deployed) {
        const auto self = weak.lock();
        if (!self) return;
        if (!deployed) return self->fail(deployed.error());
        http::Response response;
        response.fields.add("Content-Type", "application/json");
        response.body = fmt::format("{{\"status\":\"ok\", \"message\":\"Handler {} uploaded\"}}", name);
        self->respond(std::move(response));
      });
}

}  // namespace mayfly::compat
