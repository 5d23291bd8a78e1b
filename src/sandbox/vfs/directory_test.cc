// What /tmp and a volume have in common: the kernel's semantics, which the tree in memory follows.
#include "sandbox/vfs/test_trees.h"

#include "sandbox/limits.h"

#include <sys/stat.h>

#include <set>

namespace mayfly::sandbox::vfs {
namespace {

class Trees : public ::testing::TestWithParam<std::string_view> {
 protected:
  Trees() {
    if (GetParam() == "tmp") tree_ = std::make_shared<Tmp>(1 << 20);
    else tree_ = *Volume::open(folder_.path(), true, syncing_);
    root.emplace(*tree_->open_root());
  }

  TemporaryFolder folder_;
  net::Workers syncing_{"sync", 1};
  std::shared_ptr<const Tree> tree_;
  std::optional<Shell> root;
};

INSTANTIATE_TEST_SUITE_P(All, Trees, ::testing::Values("tmp", "volume"),
                         [](const auto& tree) { return std::string(tree.param); });

TEST_P(Trees, KeepWhatIsWritten) {
  EXPECT_EQ(root->write("a", "hello"), 0);
  EXPECT_EQ(root->read("a"), "hello");
  EXPECT_EQ(root->stat("a")->size, 5u);
  EXPECT_EQ(root->stat("a")->type, FileType::kRegular);
  EXPECT_EQ(root->write("a", "x"), 0);
  EXPECT_EQ(root->read("a"), "x");
  EXPECT_EQ(root->read("b"), "[No such file or directory]");
}

TEST_P(Trees, LeadNowhereAboveTheirRoot) {
  root->mkdir("d");
  for (const char* path : {"..", "../", "../x", "d/../..", "d/../../x", "d/.././../etc/passwd"}) {
    EXPECT_EQ(root->open(path, {.read = true, .follow = true}), EPERM) << path;
    EXPECT_EQ(root->stat(path), failed(EPERM)) << path;
  }
  EXPECT_EQ(root->mkdir("../x"), EPERM);
  EXPECT_EQ(root->unlink("../x"), EPERM);
  EXPECT_EQ(root->rename("d", "../x"), EPERM);
  EXPECT_EQ(root->stat("d/.././d/../d")->type, FileType::kDirectory);
}

TEST_P(Trees, LeadNowhereAboveADirectoryThatIsOpen) {
  root->mkdir("d");
  root->write("secret", "1");
  Shell d = root->enter("d");
  EXPECT_EQ(d.read("../secret"), "[Operation not permitted]");
  EXPECT_EQ(d.symlink("../secret", "up"), 0);
  EXPECT_EQ(d.read("up"), "[Operation not permitted]");
  EXPECT_EQ(root->read("d/up"), "1") << "from the root it stays inside";
}

TEST_P(Trees, FollowSymbolicLinksInside) {
  root->mkdir("d");
  root->write("d/f", "x");
  EXPECT_EQ(root->symlink("d", "to-d"), 0);
  EXPECT_EQ(root->symlink("../d/f", "d/to-f"), 0);
  EXPECT_EQ(root->read("to-d/f"), "x");
  EXPECT_EQ(root->read("to-d/to-f"), "x");
  EXPECT_EQ(root->read_link("d/to-f"), "../d/f");
  EXPECT_EQ(root->stat("to-d")->type, FileType::kSymbolicLink);
  EXPECT_EQ(root->stat("to-d/")->type, FileType::kDirectory) << "a slash asks for what it leads to";
  EXPECT_EQ(root->stat("to-d", Follow::kYes)->type, FileType::kDirectory);
  EXPECT_EQ(root->open("to-d", {.read = true}), ELOOP);
  EXPECT_EQ(root->symlink("missing", "dangling"), 0);
  EXPECT_EQ(root->open("dangling", {.read = true, .follow = true}), ENOENT);
  EXPECT_EQ(root->open("dangling", {.write = true, .create = true, .follow = true}), 0);
  EXPECT_EQ(root->stat("missing")->type, FileType::kRegular) << "made through the link";
}

TEST_P(Trees, RefuseSymbolicLinksThatLeadOut) {
  EXPECT_EQ(root->symlink("/etc/passwd", "absolute"), EPERM);
  EXPECT_EQ(root->symlink("", "empty"), ENOENT);
  EXPECT_EQ(root->symlink("../../etc", "up"), 0) << "as any text may";
  EXPECT_EQ(root->open("up", {.read = true, .follow = true}), EPERM);
  EXPECT_EQ(root->open("up/passwd", {.read = true}), EPERM);
  EXPECT_EQ(root->stat("up/"), failed(EPERM));
  EXPECT_EQ(root->mkdir("up/x"), EPERM);
  EXPECT_EQ(root->unlink("up/x"), EPERM);
  EXPECT_EQ(root->rename("up/passwd", "mine"), EPERM);
  EXPECT_EQ(root->link("up/passwd", "mine"), EPERM);
}

TEST_P(Trees, EndLoopsOfSymbolicLinks) {
  EXPECT_EQ(root->symlink("b", "a"), 0);
  EXPECT_EQ(root->symlink("a", "b"), 0);
  EXPECT_EQ(root->symlink("self/self", "self"), 0);
  EXPECT_EQ(root->open("a", {.read = true, .follow = true}), ELOOP);
  EXPECT_EQ(root->stat("self/x"), failed(ELOOP));
  EXPECT_EQ(root->mkdir("self/x"), ELOOP);
  for (int i = 0; i < kMaxSymbolicLinks; ++i) {
    ASSERT_EQ(root->symlink(i == 0 ? "end" : "l" + std::to_string(i - 1), "l" + std::to_string(i)), 0);
  }
  root->write("end", "x");
  EXPECT_EQ(root->read("l" + std::to_string(kMaxSymbolicLinks - 1)), "x");
  root->symlink("l" + std::to_string(kMaxSymbolicLinks - 1), "one-more");
  EXPECT_EQ(root->open("one-more", {.read = true, .follow = true}), ELOOP);
}

TEST_P(Trees, RenameAsPosixDoes) {
  root->mkdir("d");
  root->mkdir("full");
  root->touch("full/x");
  root->touch("f");
  EXPECT_EQ(root->rename("f", "d"), EISDIR);
  EXPECT_EQ(root->rename("d", "f"), ENOTDIR);
  EXPECT_EQ(root->rename("d", "full"), ENOTEMPTY);
  EXPECT_EQ(root->rename("d", "d/inside"), EINVAL);
  EXPECT_EQ(root->rename("full", "full/x/y"), ENOTDIR);
  EXPECT_EQ(root->rename("missing", "g"), ENOENT);
  EXPECT_EQ(root->rename("f/", "g"), ENOTDIR);
  EXPECT_EQ(root->rename("f", "g/"), ENOTDIR);
  EXPECT_EQ(root->rename(".", "g"), EBUSY);
  EXPECT_EQ(root->rename("d/..", "g"), EBUSY);
  EXPECT_EQ(root->rename("f", "f"), 0);
  EXPECT_EQ(root->rename("full", "d"), 0) << "an empty directory is replaced";
  EXPECT_EQ(root->stat("d/x")->type, FileType::kRegular);
  EXPECT_EQ(root->rename("d/", "e/"), 0);
  EXPECT_EQ(root->rename("f", "e/x"), 0);
  EXPECT_EQ(root->stat("f"), failed(ENOENT));
}

TEST_P(Trees, RenameOntoALinkOfTheSameFileChangesNothing) {
  root->write("a", "x");
  EXPECT_EQ(root->link("a", "b"), 0);
  EXPECT_EQ(root->rename("a", "b"), 0);
  EXPECT_EQ(root->read("a"), "x");
  EXPECT_EQ(root->stat("a")->links, 2u);
}

TEST_P(Trees, LinkFilesOnly) {
  root->mkdir("d");
  root->write("f", "x");
  EXPECT_EQ(root->link("f", "g"), 0);
  EXPECT_EQ(root->stat("f")->inode, root->stat("g")->inode);
  EXPECT_EQ(root->link("f", "g"), EEXIST);
  EXPECT_EQ(root->link("f", "h/"), ENOENT);
  EXPECT_EQ(root->link("d", "e"), EPERM);
  EXPECT_EQ(root->unlink("f"), 0);
  EXPECT_EQ(root->read("g"), "x");
  EXPECT_EQ(root->stat("g")->links, 1u);
}

TEST_P(Trees, RemoveWhatIsThere) {
  root->mkdir("d");
  root->touch("d/f");
  EXPECT_EQ(root->rmdir("d"), ENOTEMPTY);
  EXPECT_EQ(root->rmdir("d/f"), ENOTDIR);
  EXPECT_EQ(root->unlink("d"), EISDIR);
  EXPECT_EQ(root->unlink("d/f/"), ENOTDIR);
  EXPECT_EQ(root->unlink("missing"), ENOENT);
  EXPECT_EQ(root->rmdir("."), EINVAL);
  EXPECT_EQ(root->unlink("d/f"), 0);
  Shell d = root->enter("d");
  EXPECT_EQ(root->rmdir("d/"), 0);
  EXPECT_EQ(d.touch("late"), ENOENT) << "the directory itself is gone";
  EXPECT_EQ(d.mkdir("late"), ENOENT);
}

TEST_P(Trees, NamesHaveLimits) {
  EXPECT_EQ(root->touch(std::string(255, 'n')), 0);
  EXPECT_EQ(root->touch(std::string(256, 'n')), ENAMETOOLONG);
  EXPECT_EQ(root->mkdir(std::string(256, 'n')), ENAMETOOLONG);
  EXPECT_EQ(root->mkdir(""), ENOENT);
  EXPECT_EQ(root->touch("a/b"), ENOENT);
  root->touch("f");
  EXPECT_EQ(root->touch("f/b"), ENOTDIR);
  EXPECT_EQ(root->stat("f/"), failed(ENOTDIR));
}

TEST_P(Trees, OpenAsAsked) {
  root->mkdir("d");
  root->write("f", "123");
  EXPECT_EQ(root->open("f", {.write = true, .create = true, .exclusive = true}), EEXIST);
  EXPECT_EQ(root->open("f", {.read = true, .directory = true}), ENOTDIR);
  EXPECT_EQ(root->open("d", {.write = true}), EISDIR);
  EXPECT_EQ(root->open("d", {.read = true}), 0);
  EXPECT_EQ(root->open("g/", {.write = true, .create = true}), EISDIR);
  EXPECT_EQ(root->open("f", {.write = true, .truncate = true}), 0);
  EXPECT_EQ(root->stat("f")->size, 0u);
}

TEST_P(Trees, AnOpenFileOutlivesItsName) {
  root->write("f", "kept");
  auto file = root->file("f", {.read = true});
  EXPECT_EQ(root->unlink("f"), 0);
  root.reset();
  std::string bytes(10, '\0');
  const iovec buffer{bytes.data(), bytes.size()};
  EXPECT_EQ(file->read({&buffer, 1}, 0), 4u);
  EXPECT_EQ(file->stat()->links, 0u);
}

TEST_P(Trees, FilesHaveHoles) {
  auto file = root->file("f", {.read = true, .write = true, .create = true});
  std::string text = "end";
  const iovec from{text.data(), text.size()};
  EXPECT_EQ(file->write({&from, 1}, 100'000), 3u);
  EXPECT_EQ(file->stat()->size, 100'003u);
  std::string bytes(100'010, 'x');
  const iovec into{bytes.data(), bytes.size()};
  EXPECT_EQ(file->read({&into, 1}, 0), 100'003u);
  EXPECT_EQ(bytes.substr(0, 100'003), std::string(100'000, '\0') + "end");
  EXPECT_TRUE(file->resize(4'097));
  EXPECT_TRUE(file->resize(100'003));
  EXPECT_EQ(file->read({&into, 1}, 99'999), 4u);
  EXPECT_EQ(bytes.substr(0, 4), std::string(4, '\0')) << "what was cut off does not come back";
  EXPECT_EQ(file->write({&from, 1}, std::nullopt), 3u);
  EXPECT_EQ(file->stat()->size, 100'006u);
}

TEST_P(Trees, ReadAndWriteManyBuffers) {
  auto file = root->file("f", {.read = true, .write = true, .create = true});
  std::string a = "ab", b = "cde";
  const std::array<iovec, 2> from = {iovec{a.data(), a.size()}, iovec{b.data(), b.size()}};
  EXPECT_EQ(file->write(from, 0), 5u);
  std::string c(1, ' '), d(10, ' ');
  const std::array<iovec, 2> into = {iovec{c.data(), c.size()}, iovec{d.data(), d.size()}};
  EXPECT_EQ(file->read(into, 1), 4u);
  EXPECT_EQ(c + d.substr(0, 3), "bcde");
}

TEST_P(Trees, SetTimes) {
  root->touch("f");
  root->symlink("f", "l");
  const auto set = [&](const char* path, Follow follow, timespec modified) {
    return root->directory().set_times(*Path::parse(path), follow, {timespec{0, UTIME_OMIT}, modified}).has_value();
  };
  EXPECT_TRUE(set("l", Follow::kYes, {7, 8}));
  EXPECT_EQ(root->stat("f")->modified, 7'000'000'008u);
  EXPECT_TRUE(set("l", Follow::kNo, {9, 0}));
  EXPECT_EQ(root->stat("l")->modified, 9'000'000'000u);
  EXPECT_EQ(root->stat("f")->modified, 7'000'000'008u);
  EXPECT_TRUE(set("f", Follow::kNo, {0, UTIME_NOW}));
  EXPECT_GT(root->stat("f")->modified, 1'000'000'000'000'000'000u);
}

TEST_P(Trees, ListGoesOnWhereItWasWhileEntriesGo) {
  constexpr int kFiles = 300;
  for (int i = 0; i < kFiles; ++i) root->touch("f" + std::to_string(i));
  std::set<std::string> seen;
  std::uint64_t cookie = 0;
  for (bool more = true; more;) {  // seven at a time, each removed once it was seen
    std::vector<std::string> names;
    more = false;
    const auto listed = root->directory().list(cookie, [&](const Entry& entry) {
      if (names.size() == 7) return !(more = true);
      names.emplace_back(entry.name);
      cookie = entry.next;
      return true;
    });
    ASSERT_TRUE(listed);
    for (const std::string& name : names) {
      EXPECT_TRUE(seen.insert(name).second) << name << " twice";
      if (name[0] == 'f') {
        EXPECT_EQ(root->unlink(name), 0);
      }
    }
  }
  EXPECT_EQ(seen.size(), kFiles + 2u) << "with . and ..";
  EXPECT_TRUE(seen.contains(".") && seen.contains(".."));
}

TEST_P(Trees, ListTellsTypesAndNumbersAsStatDoes) {
  root->mkdir("d");
  root->touch("f");
  root->symlink("f", "l");
  int checked = 0;
  const auto listed = root->directory().list(0, [&](const Entry& entry) {
    if (entry.name == "..") {
      EXPECT_EQ(entry.inode, root->stat(".")->inode) << "what is above the root is nobody's business";
      return true;
    }
    const Stat stat = *root->stat(entry.name);
    EXPECT_EQ(stat.inode, entry.inode) << entry.name;
    EXPECT_EQ(stat.type, entry.type) << entry.name;
    ++checked;
    return true;
  });
  EXPECT_TRUE(listed);
  EXPECT_EQ(checked, 4);
}

TEST_P(Trees, AreApartFromOneAnother) {
  const Tmp elsewhere(1 << 20);
  Shell other(*elsewhere.open_root());
  root->touch("f");
  EXPECT_EQ(root->rename("f", other, "f"), EXDEV);
  EXPECT_EQ(other.rename("f", *root, "f"), EXDEV);
  EXPECT_EQ(root->stat("f")->type, FileType::kRegular);
}

}  // namespace
}  // namespace mayfly::sandbox::vfs
