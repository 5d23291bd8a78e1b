#pragma once

#include "invoke/body_source.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::invoke {

// Between two stages of a pipeline: the body of one's response, which is that of the next one's request while it is
// made. Belongs to the loop; outlives the invocation that reads from it.
//
// It has no failure: with a stage that fails the whole pipeline ends, so that nobody takes a part for the whole.
class Pipe final : public BodySource {
 public:
  // `length` is what the body was said to have. `reader_waits` says whether who is to read waits for its sandbox.
  Pipe(std::optional<std::uint64_t> length, std::function<bool()> reader_waits);

  // The stage before
  void write(std::string_view bytes);
  // After the last byte. kBadResponse when the body has not the length that it was said to have: then it has no end.
  Status finish(http::Fields trailers);
  // Whether there is room: kPipeBytes, or kWaitingPipeBytes while the reader waits. When there is none, the function
  // given to on_writable is called once there is.
  bool writable() const;
  void on_writable(std::function<void()> resume) { resume_ = std::move(resume); }
  // When the reader has begun to wait.
  void look_for_room();

  // BodySource
  std::string take() override;
  bool at_end() const override { return finished_ && held_.empty(); }
  const http::Fields& trailers() const override { return trailers_; }
  const std::optional<Error>& failure() const override;
  void on_news(std::function<void()> tell) override { tell_ = std::move(tell); }

 private:
  const std::optional<std::uint64_t> length_;
  const std::function<bool()> reader_waits_;
  std::string held_;
  std::uint64_t written_ = 0;  // bytes
  bool finished_ = false;
  http::Fields trailers_;
  std::function<void()> tell_, resume_;
};

}  // namespace mayfly::invoke
