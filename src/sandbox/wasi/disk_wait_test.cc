#include "sandbox/wasi/disk_wait.h"

#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace mayfly::sandbox::wasi {
namespace {

using vfs::Sync;

TEST(DiskWait, WakesOnTheLoopOnceItIsDone) {
  const storage::TemporaryFolder folder;
  net::Loop loop;
  net::Workers workers("sync", 1);
  bool woken = false;
  const UniqueFd file(::open((folder.path() + "/f").c_str(), O_RDWR | O_CREAT, 0600));
  const DiskWait wait({*vfs::duplicate(file.get()), Sync::kData, workers}, loop, [&] { woken = true; });
  EXPECT_FALSE(wait.result());
  const auto guard = boost::asio::make_work_guard(loop.io());
  loop.io().run_one();
  EXPECT_TRUE(woken);
  ASSERT_TRUE(wait.result());
  EXPECT_TRUE(*wait.result());
}

TEST(DiskWait, GivesTheErrorOfTheDisk) {
  net::Loop loop;
  net::Workers workers("sync", 1);
  const DiskWait wait({UniqueFd(), Sync::kAll, workers}, loop, [] {});
  const auto guard = boost::asio::make_work_guard(loop.io());
  loop.io().run_one();
  EXPECT_EQ(wait.result(), vfs::failed(EBADF));
}

TEST(DiskWait, TellsNobodyWhenItIsGone) {
  net::Loop loop;
  net::Workers workers("sync", 1);
  bool woken = false;
  std::optional<DiskWait> wait(std::in_place, vfs::Syncing{UniqueFd(), Sync::kAll, workers}, loop,
                               [&] { woken = true; });
  wait.reset();
  const auto guard = boost::asio::make_work_guard(loop.io());
  loop.io().run_one();
  EXPECT_FALSE(woken);
}

}  // namespace
}  // namespace mayfly::sandbox::wasi
