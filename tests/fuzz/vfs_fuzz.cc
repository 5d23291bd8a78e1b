// The input is a series of operations on paths, done in a /tmp in memory and in a volume: both give the same answers,
// as the kernel is the judge of what the tree in memory does. And any bytes as a path lead to no crash.
#include "base/check.h"
#include "sandbox/vfs/test_trees.h"

#include <array>
#include <cstdio>
#include <filesystem>

using namespace mayfly::sandbox::vfs;

namespace {

class Reader {
 public:
  Reader(const unsigned char* data, std::size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return left_.empty(); }
  unsigned byte() {
    if (left_.empty()) return 0;
    const auto first = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return first;
  }
  // Of few names, so that operations meet.
  std::string path() {
    constexpr std::array kNames = {"a", "b", "c", "d", "..", ".", "", "a/b"};
    const unsigned shape = byte();
    std::string text = kNames[shape & 7];
    for (unsigned i = 0; i < ((shape >> 3) & 3); ++i) (text += '/') += kNames[byte() & 7];
    if ((shape >> 5) == 7) text += '/';
    return text;
  }
  std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

// A tree's answer: the error, or 0, and what there is to see.
struct Answer {
  int error = 0;
  std::string seen;
};

Answer seen(const Try<Stat>& stat) {
  if (!stat) return {static_cast<int>(stat.error()), ""};
  const bool sized = stat->type != FileType::kDirectory;
  return {0, std::to_string(static_cast<int>(stat->type)) + (sized ? ":" + std::to_string(stat->size) : "")};
}

Answer perform(Shell& shell, unsigned operation, const std::string& one, const std::string& two, unsigned flags) {
  const OpenOptions options{.read = true,
                            .write = (flags & 1) != 0,
                            .create = (flags & 2) != 0,
                            .exclusive = (flags & 6) == 6,
                            .truncate = (flags & 9) == 9,
                            .directory = (flags & 18) == 16 && (flags & 9) != 9,
                            .follow = (flags & 32) != 0};
  switch (operation) {
    case 0: return {shell.mkdir(one), ""};
    case 1: return {shell.rmdir(one), ""};
    case 2: return {shell.unlink(one), ""};
    case 3: return {shell.symlink(two, one), ""};
    case 4: return {shell.rename(one, two), ""};
    case 5: return {shell.link(one, two), ""};
    case 6: return {shell.open(one, options), ""};
    case 7: return seen(shell.stat(one, options.follow ? Follow::kYes : Follow::kNo));
    case 8: return {shell.write(one, two), ""};
    default: return {0, shell.read_link(one)};
  }
}

void compare(Reader reader) {
  const auto folder = std::filesystem::temp_directory_path() / ("mayfly-fuzz-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  mayfly::net::Workers syncing("sync", 0);
  const auto volume = *Volume::open(folder, true, syncing);
  const Tmp tmp(1 << 20);
  Shell memory(*tmp.open_root()), kernel(*volume->open_root());
  for (int i = 0; i < 64 && !reader.empty(); ++i) {
    const unsigned operation = reader.byte() % 10, flags = reader.byte();
    const std::string one = reader.path(), two = reader.path();
    const Answer got = perform(memory, operation, one, two, flags);
    const Answer wanted = perform(kernel, operation, one, two, flags);
    if (got.error == wanted.error && got.seen == wanted.seen) continue;
    std::fprintf(stderr, "operation %u of `%s`, `%s`, flags %x: %d %s in memory, %d %s in a volume\n", operation,
                 one.c_str(), two.c_str(), flags, got.error, got.seen.c_str(), wanted.error, wanted.seen.c_str());
    CHECK(false);
  }
  std::filesystem::remove_all(folder);
}

void parse(std::string_view text) {
  const auto path = Path::parse(text);
  if (!path) return;
  CHECK(path->text() == text && path->name().find('/') == std::string_view::npos && !path->name().empty());
  CHECK(path->parent().empty() || path->parent().back() == '/');
  Shell shell(*Tmp(1 << 20).open_root());
  shell.mkdir("a");
  shell.symlink(text, "l");
  for (const std::string& name : {std::string(text), "l/" + std::string(text), "a/../" + std::string(text)}) {
    shell.write(name, "x");
    CHECK(shell.stat(name, Follow::kYes).has_value() == shell.stat(name + "/.", Follow::kYes).has_value() ||
          shell.stat(name, Follow::kYes)->type == FileType::kRegular);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Reader reader(data, size);
  if (reader.byte() % 8 == 0) parse(reader.rest());
  else compare(reader);
  return 0;
}
