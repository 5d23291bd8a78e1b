#include "cli/toolchain/machine.h"

#include "base/file.h"
#include "base/unique_fd.h"
#include "cli/toolchain/limits.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// The environment of this process with a command's variables in the place of those of the same name.
std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto is_named = [&](const auto& added) { return added.first == text.substr(0, text.find('=')); };
    if (std::ranges::none_of(command.environment, is_named)) all.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Standard output goes to `output` unless that is -1.
Result<pid_t> start(const Command& command, const fs::path& folder, int output) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = environment_of(command);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  if (output >= 0) ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t process = 0;
  const int failed = ::posix_spawnp(&process, arguments.front().c_str(), &actions, nullptr, pointers(arguments).data(),
                                    pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("cannot start {}: {}", command.arguments.front(), std::strerror(failed)));
  }
  return process;
}

// As a shell has it: the exit status, or 128 and the number of a signal.
int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return 1;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// All that is written to a pipe until it closes; what is beyond `kToolAnswerBytes` is read and left out.
std::string drain(int pipe) {
  std::string text;
  std::array<char, 64 << 10> part;
  while (true) {
    const ssize_t count = ::read(pipe, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(part.data(), std::min(static_cast<std::size_t>(count), kToolAnswerBytes - text.size()));
  }
}

}  // namespace

std::string LocalMachine::find_program(const std::string& name) const {
  std::string path = variable("PATH");
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    const fs::path program = fs::path(path.substr(0, end)) / name;
    path.erase(0, end + 1);
    std::error_code unknown;
    if (fs::is_regular_file(program, unknown) && ::access(program.c_str(), X_OK) == 0) {
      return fs::absolute(program, unknown).string();
    }
  }
  return "";
}

std::string LocalMachine::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

bool LocalMachine::exists(const fs::path& path) const {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

Result<std::vector<std::string>> LocalMachine::list(const fs::path& folder) const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (names.size() == kFolderEntries) {
      return fail(ErrorCode::kBadConfig, fmt::format("{} has more than {} entries", folder.string(), kFolderEntries));
    }
    std::error_code unknown;
    names.push_back(entry->path().filename().string() + (entry->is_directory(unknown) ? "/" : ""));
  }
  if (error) return fail(ErrorCode::kBadConfig, fmt::format("cannot read {}: {}", folder.string(), error.message()));
  std::ranges::sort(names);
  return names;
}

Result<std::string> LocalMachine::read(const fs::path& file) const {
  std::error_code unknown;
  const auto size = fs::file_size(file, unknown);
  if (!unknown && size > kSourceBytes) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("{} has {} bytes; source has at most {} MiB", file.string(), size, kSourceBytes >> 20));
  }
  return read_file(file);
}

Result<std::string> LocalMachine::ask(const Command& command, const fs::path& folder) const {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::kBadConfig, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  const UniqueFd output(pipe[0]);
  UniqueFd input(pipe[1]);
  const auto process = start(command, folder, input.get());
  input = UniqueFd();
  if (!process) return fail(process.error());
  std::string answer = drain(output.get());
  if (const int status = wait_for(*process); status != 0) {
    return fail(ErrorCode::kBadConfig, fmt::format("`{}` failed with status {}", to_text(command), status));
  }
  if (answer.size() == kToolAnswerBytes) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("`{}` wrote more than {} MiB", to_text(command), kToolAnswerBytes >> 20));
  }
  return answer;
}

Result<int> run_command(const Command& command, const fs::path& folder) {
  return start(command, folder, -1).map(wait_for);
}

std::string to_text(const Command& command) {
  std::string text;
  for (const auto& [name, value] : command.environment) text += fmt::format("{}={} ", name, value);
  for (const std::string& argument : command.arguments) {
    const bool plain = argument.find_first_of(" \t\n\"'\\$`*?[]{}()<>|&;#~") == std::string::npos && !argument.empty();
    if (plain) {
      text += argument;
    } else {
      text += '\'';
      for (const char c : argument) text += c == '\'' ? "'\\''" : std::string(1, c);
      text += '\'';
    }
    text += ' ';
  }
  text.pop_back();
  return text;
}

}  // namespace mayfly::cli
