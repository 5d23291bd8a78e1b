#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace mayfly::sandbox {

// For tests: a file of tests/guests.
inline std::string guest_file(const std::string& name) {
  std::ifstream file(std::string(MAYFLY_SOURCE_DIR "/tests/guests/") + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::stringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

// The text of a guest.
inline std::string guest_text(const std::string& name) { return guest_file(name + ".wat"); }

}  // namespace mayfly::sandbox
