#pragma once

#include "base/unique_fd.h"
#include "storage/s3/client.h"
#include "storage/temporary_folder.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

extern char** environ;

namespace mayfly::storage::s3 {

// A real S3 server on loopback, over a folder of its own, which ends with the object. scripts/s3_setup.sh has built it.
class TestServer {
 public:
  TestServer() {
    std::filesystem::create_directories(folder() + "/buckets");
    std::filesystem::create_directories(folder() + "/versions");
    const std::string binary = binary_path();
    const std::string address = fmt::format("127.0.0.1:{}", port_), buckets = folder() + "/buckets",
                      versions = folder() + "/versions";
    const std::array<const char*, 13> arguments = {binary.c_str(), "--access", "test-key",         "--secret",
                                                   "test-secret",  "--port",   address.c_str(),    "--quiet",
                                                   "--keep-alive", "posix",    "--versioning-dir", versions.c_str(),
                                                   buckets.c_str()};
    std::array<char*, arguments.size() + 1> given{};
    std::ranges::transform(arguments, given.begin(), [](const char* text) { return const_cast<char*>(text); });
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const int spawned = ::posix_spawn(&pid_, binary.c_str(), &quiet, nullptr, given.data(), environ);
    posix_spawn_file_actions_destroy(&quiet);
    EXPECT_EQ(spawned, 0) << "scripts/s3_setup.sh builds the S3 server: " << binary;
    while (spawned == 0 && !answers()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ~TestServer() { stop(); }
  TestServer(const TestServer&) = delete;

  void stop() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

  Settings settings() const {
    return {.endpoint = fmt::format("http://127.0.0.1:{}", port_),
            .region = "us-east-1",
            .access_key = "test-key",
            .secret_key = "test-secret"};
  }
  // Where the bytes of an object are.
  std::string path(const std::string& object) const { return folder() + "/buckets/" + object; }
  const std::string& folder() const { return temporary_.path(); }

 private:
  static std::string binary_path() {
    std::string path(4096, '\0');
    FILE* script = ::popen(MAYFLY_SOURCE_DIR "/scripts/s3_setup.sh", "r");
    path.resize(std::fread(path.data(), 1, path.size(), script));
    ::pclose(script);
    while (path.ends_with('\n')) path.pop_back();
    return path;
  }

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  static std::uint16_t free_port() {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  bool answers() const {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
    const sockaddr_in address = loopback(port_);
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  TemporaryFolder temporary_;
  const std::uint16_t port_ = free_port();
  pid_t pid_ = 0;
};

}  // namespace mayfly::storage::s3
