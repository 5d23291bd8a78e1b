#include "admin/files_api.h"

#include "admin/reply.h"
#include "http/query.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace mayfly::admin {
namespace {

namespace json = boost::json;
using server::Exchange;
using storage::ObjectVersion;
using Versions = std::vector<ObjectVersion>;

// The version before what the file is: a file that was rolled back is older than it looks, as what it is was put twice.
Versions::const_iterator before_active(const Versions& versions) {
  const auto active = std::ranges::find_if(versions, &ObjectVersion::is_active);
  if (active == versions.end()) return versions.begin();  // it was deleted
  const auto is_other = [&](const ObjectVersion& version) { return version.etag != active->etag; };
  auto original = active;
  for (auto each = active + 1; each != versions.end(); ++each) {
    if (each->etag == active->etag) original = each;
  }
  return std::find_if(original, versions.end(), is_other);
}

Result<std::string> choose(const Versions& versions, std::string_view wanted) {
  constexpr std::size_t kShortest = 8;  // characters of a prefix
  if (wanted.empty()) {
    const auto found = before_active(versions);
    if (found != versions.end()) return found->id;
    return fail(ErrorCode::kUnknownVersion, "there is no older version to go back to: is the bucket versioned?");
  }
  const auto found = std::ranges::find_if(versions, [&](const ObjectVersion& version) {
    return version.id == wanted || (wanted.size() >= kShortest && version.id.starts_with(wanted));
  });
  if (found != versions.end()) return found->id;
  return fail(ErrorCode::kUnknownVersion, fmt::format("there is no version `{}`", wanted.substr(0, 100)));
}

}  // namespace

void FilesApi::handle(Exchange& exchange, const std::string& name, std::string_view rest) {
  const auto slash = name.find('/');
  const File file{name.substr(0, slash), name.substr(slash + 1)};
  const std::string& method = exchange.request().method;
  if (rest.empty()) return method == "GET" ? show(exchange, file) : exchange.refuse_method("GET");
  if (rest != "/rollback") return exchange.fail({ErrorCode::kNotFound, "nothing answers at this path"});
  return method == "POST" ? rollback(exchange, file) : exchange.refuse_method("POST");
}

void FilesApi::show(Exchange& exchange, const File& file) {
  functions_.find(file.bucket, file.key, exchange.loop(),
                  [this, file, weak = exchange.weak_from_this()](const Result<registry::VersionPtr>& version) {
                    if (const auto self = weak.lock()) describe(*self, file, version);
                  });
}

void FilesApi::describe(Exchange& exchange, const File& file, const Result<registry::VersionPtr>& version) {
  if (!version) return exchange.fail(version.error());
  const registry::Version::Facts& facts = (*version)->facts();
  json::object answer{
      {"name", facts.function},
      {"kind", name_of(facts.entry.kind)},
      {"entry", facts.entry.name},
      {"url", fmt::format("http://{}/{}", exchange.request().fields.get("Host"), facts.function)},
      {"size", facts.size},
      {"artefact", "sha256:" + facts.artefact},
      {"can_only", to_text(facts.capabilities)},
  };
  functions_.on_worker(
      exchange.loop(), [this, file] { return functions_.store().versions(file.bucket, file.key); },
      [weak = exchange.weak_from_this(), answer = std::move(answer)](const Result<Versions>& versions) mutable {
        const auto self = weak.lock();
        if (!self) return;
        if (!versions) return self->fail(versions.error());
        json::array all;
        for (const ObjectVersion& each : *versions) {
          if (each.is_active) answer["version"] = each.id;
          all.emplace_back(json::object{
              {"version", each.id}, {"size", each.size}, {"created_ms", each.modified}, {"active", each.is_active}});
        }
        answer["versions"] = std::move(all);
        self->respond(json_response(200, answer));
      });
}

void FilesApi::rollback(Exchange& exchange, const File& file) {
  std::string wanted;
  for (const auto& [option, value] : http::parse_query(exchange.request().query())) {
    if (option != "version") return exchange.fail({ErrorCode::kBadOption, "rollback takes one option, version=ID"});
    wanted = value;
  }
  functions_.on_worker(
      exchange.loop(),
      [this, file, wanted]() -> Status {
        storage::ObjectStore& store = functions_.store();
        const auto versions = store.versions(file.bucket, file.key);
        if (!versions) return fail(versions.error());
        return choose(*versions, wanted).and_then([&](const std::string& version) {
          return store.restore(file.bucket, file.key, version);
        });
      },
      [this, file, weak = exchange.weak_from_this()](const Status& restored) {
        if (restored) functions_.changed(file.bucket, file.key);
        const auto self = weak.lock();
        if (!self) return;
        if (!restored) return self->fail(restored.error());
        show(*self, file);
      });
}

}  // namespace mayfly::admin
