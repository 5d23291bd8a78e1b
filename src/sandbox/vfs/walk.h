#pragma once

#include "sandbox/vfs/node.h"
#include "sandbox/vfs/path.h"

namespace mayfly::sandbox::vfs {

// What becomes of a symbolic link at the end of a path.
enum class Last {
  kEntry,    // it is what the path names: to remove, rename or replace
  kLookup,   // as above, unless a slash follows it
  kFollow,   // it is followed
  kMake,     // it is followed, unless a slash follows it: a file is made there if there is none
  kMakeNew,  // it is what the path names: there is to be none
};

// Where a path ends.
struct Place {
  Node* folder;      // the directory that has the entry, or would have it
  std::string name;  // of the entry; "" when the path ends in `.` or `..`, which kEntry leaves unresolved
  Node* found;       // null: there is no such entry
  bool slash;        // the path ends in one
};

// Follows a path through a tree in memory, from `start` and never above it. ENOENT and ENOTDIR are about what
// comes before the last name.
Try<Place> walk(Node& start, const Path& path, Last last);

}  // namespace mayfly::sandbox::vfs
