#pragma once

#include "base/result.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace mayfly::deploy {

// Limits of a bundle once unpacked.
inline constexpr std::size_t kBundleFiles = 1000;
inline constexpr std::size_t kBundleBytes = 64 << 20;  // all files together
inline constexpr std::size_t kBundleRatio = 200;       // unpacked to packed; deflate of text reaches 20, bombs 1000
inline constexpr std::size_t kBundlePathBytes = 255;

// A zip file in memory: plain files by relative path. Nothing of it ever touches the disk under its own name.
struct Bundle {
  std::map<std::string, std::string, std::less<>> files;
};

// Whether bytes that may be a module are a zip instead.
inline bool is_zip(std::string_view bytes) { return bytes.starts_with("PK"); }

// kBadBundle, naming the entry, for: not a zip, encrypted entries, absolute paths, `..`, backslashes, symbolic links,
// duplicate names, and anything over the limits - checked before and while unpacking, as headers lie.
Result<Bundle> unzip(std::string_view bytes);

// What seed 000's metadata.json says: {"language": "wasm", "entrypointFile": "function.wasm"}; other members are
// ignored.
struct Metadata {
  std::string language;         // its canonical name; "" for `wasm`
  std::string entrypoint_file;  // a file of the bundle
};
// kBadMetadata, saying what is wrong, when it is missing, malformed or names a file that is not there.
Result<Metadata> read_metadata(const Bundle& bundle);

}  // namespace mayfly::deploy
