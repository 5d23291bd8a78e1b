#include "base/text.h"
#include "storage/embedded_objects.h"
#include "storage/embedded_storage.h"
#include "storage/faulty_file_system.h"
#include "storage/temporary_folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

// A server deploys two functions on a disk that fails or stops at its Nth operation, for every N,
// and then dies without a farewell. Its successor has all that was answered with success, and
// nothing by halves.
namespace mayfly::storage {
namespace {

constexpr std::array<std::string_view, 2> kModules = {"the first module", "the second module"};

VersionRecord version(std::size_t i) {
  return {.function = fmt::format("function-{}", i),
          .digest = fmt::format("sha256:{}", i),
          .artefact = sha256_hex(kModules[i]),
          .manifest = "{}",
          .size = kModules[i].size(),
          .created = 0};
}

Status deploy(Storage& storage, std::size_t i) {
  return storage.put_blob(kModules[i])
      .and_then([&](const std::string&) { return storage.publish(version(i)); })
      .map([](const auto&) {});
}

// As a client does after an error: the second attempt must not trust what the first left half-done.
template <typename Attempt>
auto twice(Attempt attempt) {
  auto result = attempt();
  return result ? std::move(result) : attempt();
}

[[noreturn]] void live_and_die(const std::string& root, Fault fault, Loss loss) {
  FaultyFileSystem files(root, fault);
  const auto folder = twice([&] { return DataFolder::open(files, root + "/data"); });
  const auto open = [&](const DataFolder& opened) { return EmbeddedStorage::open(files, opened); };
  const auto storage = twice([&] { return folder.and_then(open); });
  unsigned answered = 0;
  while (storage && answered < kModules.size() && twice([&] { return deploy(**storage, answered); })) {
    ++answered;
  }
  files.lose(loss);  // with SQLite open: it has no chance to tidy up
  ::_exit(static_cast<int>(answered << 1 | (files.faulted() ? 1U : 0U)));
}

struct Fate {
  std::size_t answered;  // deployments, from the first on
  bool faulted;          // it lived long enough to meet its fault
};

Fate fate(void (*live)(const std::string&, Fault, Loss), const std::string& root, Fault fault, Loss loss) {
  const pid_t server = ::fork();
  if (server == 0) live(root, fault, loss);
  int status = 0;
  EXPECT_EQ(::waitpid(server, &status, 0), server);
  EXPECT_TRUE(WIFEXITED(status));
  const auto code = static_cast<unsigned>(WEXITSTATUS(status));
  return {.answered = code >> 1, .faulted = (code & 1) != 0};
}

class Durability : public ::testing::TestWithParam<std::tuple<Fault::Kind, Loss>> {};

TEST_P(Durability, OfEverythingThatWasAnsweredWithSuccess) {
  const auto [kind, loss] = GetParam();
  bool faulted = true;
  for (std::size_t at = 1; faulted; ++at) {
    SCOPED_TRACE(fmt::format("at operation {}", at));
    const TemporaryFolder temporary;
    const Fate server = fate(live_and_die, temporary.path(), Fault{.kind = kind, .at = at}, loss);
    faulted = server.faulted;
    const bool lived_on = kind == Fault::Kind::kFailsOnce || !faulted;
    EXPECT_GE(server.answered, lived_on ? kModules.size() : 0);

    PosixFileSystem files;
    const auto folder = DataFolder::open(files, temporary.path() + "/data");
    ASSERT_TRUE(folder) << folder.error().message;
    const auto opened = EmbeddedStorage::open(files, *folder);
    ASSERT_TRUE(opened) << opened.error().message;
    Storage& storage = **opened;

    const auto functions = storage.functions().value();
    EXPECT_GE(functions.size(), server.answered);
    for (std::size_t i = 0; i < kModules.size(); ++i) {
      const auto blob = storage.read_blob(version(i).artefact);
      if (i < functions.size()) {
        EXPECT_EQ(functions[i].name, version(i).function);
        EXPECT_EQ(storage.versions(functions[i].name)->size(), 1U);
        EXPECT_TRUE(blob) << blob.error().message;
      }
      const bool whole_or_missing = blob ? *blob == kModules[i] : blob.error().message.ends_with("missing");
      EXPECT_TRUE(whole_or_missing);
      EXPECT_TRUE(deploy(storage, i));
    }
    EXPECT_TRUE(files.list_folder(folder->path() + "/blobs/incoming")->empty());
  }
}

// The same of files in buckets: a file that is replaced is the old one or the new one, and whole.
[[noreturn]] void put_and_die(const std::string& root, Fault fault, Loss loss) {
  FaultyFileSystem files(root, fault);
  const auto folder = twice([&] { return DataFolder::open(files, root + "/data"); });
  const auto open = [&](const DataFolder& opened) { return EmbeddedObjects::open(files, opened); };
  const auto store = twice([&] { return folder.and_then(open); });
  unsigned answered = 0;
  if (store && twice([&] { return (*store)->create_bucket("bucket"); })) {
    while (answered < kModules.size() && twice([&] { return (*store)->put("bucket", "file", kModules[answered]); })) {
      ++answered;
    }
  }
  files.lose(loss);
  ::_exit(static_cast<int>(answered << 1 | (files.faulted() ? 1U : 0U)));
}

TEST_P(Durability, OfFilesThatAreReplaced) {
  const auto [kind, loss] = GetParam();
  bool faulted = true;
  for (std::size_t at = 1; faulted; ++at) {
    SCOPED_TRACE(fmt::format("at operation {}", at));
    const TemporaryFolder temporary;
    const Fate server = fate(put_and_die, temporary.path(), Fault{.kind = kind, .at = at}, loss);
    faulted = server.faulted;
    const bool lived_on = kind == Fault::Kind::kFailsOnce || !faulted;
    EXPECT_GE(server.answered, lived_on ? kModules.size() : 0);

    PosixFileSystem files;
    const auto folder = DataFolder::open(files, temporary.path() + "/data");
    ASSERT_TRUE(folder) << folder.error().message;
    const auto store = EmbeddedObjects::open(files, *folder);
    ASSERT_TRUE(store) << store.error().message;
    const auto found = (*store)->get("bucket", "file", "");
    EXPECT_TRUE(found || server.answered == 0) << found.error().message;
    if (!found) continue;
    const auto which = std::ranges::find(kModules, found->object.bytes);
    ASSERT_NE(which, kModules.end());
    EXPECT_GE(static_cast<std::size_t>(which - kModules.begin()) + 1, server.answered);
  }
}

using enum Fault::Kind;
INSTANTIATE_TEST_SUITE_P(Faults, Durability,
                         ::testing::Combine(::testing::Values(kFailsOnce, kDies),
                                            ::testing::Values(Loss::kNothing, Loss::kContents, Loss::kNames)));

}  // namespace
}  // namespace mayfly::storage
