#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace mayfly::sandbox {

// For tests: the text of a guest of tests/guests.
inline std::string guest_text(const std::string& name) {
  std::ifstream file(std::string(MAYFLY_SOURCE_DIR "/tests/guests/") + name + ".wat");
  EXPECT_TRUE(file) << name;
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace mayfly::sandbox
