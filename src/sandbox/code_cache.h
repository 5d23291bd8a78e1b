#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::sandbox {

// Compiled code on disk, one file for each artefact: what the engine wrote, then a trailer with its length and
// checksum. A file is native code, so the folder is ours alone (0700) and a file that is damaged, of another owner or
// of another engine is not found; the artefact is compiled again.
//
// Files are written aside, renamed into place and only ever unlinked: they may be mapped. Any thread.
class CodeCache {
 public:
  // An empty folder name means none. What is not in `folder` may be in `shared`, which is only read. `fingerprint`
  // differs whenever code of the engine could differ.
  CodeCache(std::string folder, std::string shared, std::string fingerprint);

  // The file with the compiled code of an artefact, for the engine to map, if there is one that is whole.
  std::optional<std::string> find(std::string_view artefact) const;
  // The same, its bytes.
  std::optional<std::string> read(std::string_view artefact) const;
  // Best effort: a cache that cannot be written only costs time.
  void keep(std::string_view artefact, std::string_view code) const;

 private:
  std::string path(const std::string& folder, std::string_view artefact) const;

  std::string folder_;
  std::string shared_;
  std::string fingerprint_;
};

}  // namespace mayfly::sandbox
