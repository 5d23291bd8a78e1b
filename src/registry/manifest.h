#pragma once

#include "base/result.h"
#include "registry/version.h"
#include "sandbox/capabilities.h"
#include "sandbox/kind.h"
#include "sandbox/settings.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace mayfly::registry {

// What is recorded beside an artefact: how it is called and what it may use.
struct Manifest {
  sandbox::EntryPoint entry;
  sandbox::Settings settings;
  sandbox::Capabilities capabilities;
  std::string bundle = {};               // 64 hex digits: the blob with the zip of its files; "" for none
  std::vector<std::string> stages = {};  // of a pipeline: the functions it calls
  std::vector<Plugged> plugged = {};     // what it was composed with
  std::string component = {};            // then: 64 hex digits of what was uploaded

  bool operator==(const Manifest&) const = default;
};

// JSON with members in a fixed order: the same manifest is always the same text.
std::string to_json(const Manifest& manifest);
Result<Manifest> parse_manifest(std::string_view json);
// Parts of it, as they stand in it.
boost::json::object capabilities_json(const sandbox::Capabilities& capabilities);
boost::json::array plugged_json(const std::vector<Plugged>& plugged);
boost::json::object limits_json(const sandbox::Limits& limits);

// The identity of a version: "sha256:" and the hash of artefact digest and manifest together.
std::string version_digest(std::string_view artefact, std::string_view manifest_json);

}  // namespace mayfly::registry
