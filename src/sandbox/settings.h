#pragma once

#include "egress/rules.h"
#include "sandbox/limits.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mayfly::sandbox {

// A host folder that a function sees as one of its own.
struct VolumeMount {
  std::string guest;   // absolute path in the function
  std::string source;  // name of a volume of the server; or an absolute host path, in the operator's own files
  bool writable = false;

  bool operator==(const VolumeMount&) const = default;
};

// What an operator says about a function beside its code.
struct Settings {
  std::string entry;                // export to call; "" to choose
  std::string language;             // of its source, by the name of docs/languages; "" for WebAssembly
  std::string entrypoint;           // then: the file of its bundle to begin with; "" when there is no bundle
  bool snapshot = false;            // a module is initialised once, at its deploy
  bool cgi = false;                 // stdout starts with CGI headers, CGI variables in the environment
  std::optional<std::string> argv;  // template of the arguments of a command; abi/argv.cc
  std::string failure;  // how a line of stderr begins that says why a command failed; alternatives with | between
  std::map<std::string, std::string, std::less<>> environment;  // and the table that db_get reads
  egress::Rules egress;                                         // what it may connect to
  std::vector<VolumeMount> volumes;
  std::string tenant = "default";  // whose it is: tenants share a full machine evenly, and their functions their part
  bool server_timing = false;      // its responses carry a Server-Timing header
  Limits limits;

  bool operator==(const Settings&) const = default;
};

}  // namespace mayfly::sandbox
