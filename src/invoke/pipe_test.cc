#include "invoke/pipe.h"

#include "invoke/limits.h"

#include <gtest/gtest.h>

namespace mayfly::invoke {
namespace {

http::Fields trailers_of(std::string_view name) {
  http::Fields trailers;
  trailers.add(name, "1");
  return trailers;
}

bool runs() { return false; }
bool waits() { return true; }

TEST(Pipe, GivesWhatWasWrittenAndThenTheTrailers) {
  Pipe pipe(std::nullopt, runs);
  pipe.write("ab");
  pipe.write("c");
  EXPECT_FALSE(pipe.at_end());
  EXPECT_EQ(pipe.take(), "abc");
  EXPECT_EQ(pipe.take(), "");
  pipe.write("d");
  ASSERT_TRUE(pipe.finish(trailers_of("X-Sum")));
  EXPECT_FALSE(pipe.at_end()) << "there is something left to take";
  EXPECT_EQ(pipe.take(), "d");
  EXPECT_TRUE(pipe.at_end());
  EXPECT_EQ(pipe.trailers().get("X-Sum"), "1");
  EXPECT_FALSE(pipe.failure());
}

TEST(Pipe, TellsWhatIsNew) {
  Pipe pipe(std::nullopt, runs);
  pipe.write("before anybody listens");
  int news = 0;
  pipe.on_news([&news] { ++news; });
  pipe.write("a");
  pipe.write("");
  EXPECT_EQ(news, 1);
  ASSERT_TRUE(pipe.finish({}));
  EXPECT_EQ(news, 2);
}

TEST(Pipe, HasABoundAndSaysWhenThereIsRoomAgain) {
  Pipe pipe(std::nullopt, runs);
  pipe.write(std::string(kPipeBytes - 1, 'x'));
  EXPECT_TRUE(pipe.writable());
  pipe.write("x");
  EXPECT_FALSE(pipe.writable());
  int resumed = 0;
  pipe.on_writable([&resumed] { ++resumed; });
  pipe.write("taken, whatever it says");
  EXPECT_EQ(resumed, 0);
  EXPECT_GT(pipe.take().size(), kPipeBytes);
  EXPECT_TRUE(pipe.writable());
  pipe.take();
  EXPECT_EQ(resumed, 1);
}

TEST(Pipe, TakesMoreWhileItsReaderWaitsForASandbox) {
  bool is_waiting = false, resumed = false;
  Pipe pipe(std::nullopt, [&is_waiting] { return is_waiting; });
  pipe.write(std::string(kPipeBytes, 'x'));
  pipe.on_writable([&resumed] { resumed = true; });
  pipe.look_for_room();
  EXPECT_FALSE(resumed);
  is_waiting = true;
  pipe.look_for_room();
  EXPECT_TRUE(resumed);
  EXPECT_TRUE(pipe.writable());
  is_waiting = false;
  EXPECT_FALSE(pipe.writable());
  Pipe full(std::nullopt, waits);
  full.write(std::string(kWaitingPipeBytes - 1, 'x'));
  EXPECT_TRUE(full.writable());
  full.write("x");
  EXPECT_FALSE(full.writable());
}

TEST(Pipe, HasNoEndWhenTheBodyIsNotAsLongAsItWasSaidToBe) {
  for (const std::uint64_t said : {2u, 4u}) {
    Pipe pipe(said, runs);
    pipe.write("abc");
    pipe.take();
    const auto finished = pipe.finish({});
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ErrorCode::kBadResponse);
    EXPECT_FALSE(pipe.at_end());
  }
  Pipe pipe(3, runs);
  pipe.write("abc");
  EXPECT_TRUE(pipe.finish({}));
}

}  // namespace
}  // namespace mayfly::invoke
