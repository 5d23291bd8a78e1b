#pragma once

#include "sandbox/inspect.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <string>

namespace mayfly::deploy {

// What a file would be as an upload.
struct FileInspection {
  sandbox::Inspection module;
  std::size_t size = 0;          // of the module, bytes
  bool is_bundle = false;        // it came in a zip
  std::size_t bundle_files = 0;  // of so many files
  bool cgi = false;              // by its function.toml
};

// As read_upload and sandbox::inspect; `bytes` is a module or a zip.
Result<FileInspection> inspect(std::string bytes);

boost::json::object to_json(const FileInspection& inspection);
// Lines for a person.
std::string to_text(const FileInspection& inspection);

}  // namespace mayfly::deploy
