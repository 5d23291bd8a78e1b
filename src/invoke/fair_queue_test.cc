#include "invoke/fair_queue.h"

#include <gtest/gtest.h>

namespace mayfly::invoke {
namespace {

std::string drain(FairQueue<std::string>& queue) {
  std::string order;
  while (!queue.empty()) order += queue.pop() + ' ';
  return order;
}

TEST(FairQueue, TakesTenantsInTurnAndTheirFunctionsInTurn) {
  FairQueue<std::string> queue;
  for (const auto* item : {"a1", "a2", "a3", "a4"}) queue.push({"one", "a"}, item);
  for (const auto* item : {"b1", "b2"}) queue.push({"one", "b"}, item);
  for (const auto* item : {"c1", "c2", "c3"}) queue.push({"two", "c"}, item);
  EXPECT_EQ(queue.size(), 9u);
  EXPECT_EQ(drain(queue), "a1 c1 b1 c2 a2 c3 b2 a3 a4 ");
}

TEST(FairQueue, TellsFunctionsOfOneNameButTwoTenantsApart) {
  FairQueue<std::string> queue;
  queue.push({"one", "f"}, "x1");
  queue.push({"one", "f"}, "x2");
  queue.push({"two", "f"}, "y1");
  EXPECT_EQ(drain(queue), "x1 y1 x2 ");
}

TEST(FairQueue, ForgetsWhoHasNothingWaiting) {
  FairQueue<std::string> queue;
  queue.push({"one", "a"}, "a1");
  queue.push({"two", "b"}, "b1");
  EXPECT_EQ(queue.pop(), "a1");
  queue.push({"one", "a"}, "a2");  // behind the others again
  EXPECT_EQ(drain(queue), "b1 a2 ");
}

TEST(FairQueue, LosesWhatIsErased) {
  FairQueue<std::string> queue;
  for (const auto* item : {"a1", "a2"}) queue.push({"one", "a"}, item);
  queue.push({"two", "b"}, "b1");
  queue.erase({"two", "b"}, "b1");
  queue.erase({"one", "a"}, "a1");
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(drain(queue), "a2 ");
}

}  // namespace
}  // namespace mayfly::invoke
