#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace mayfly {
namespace {

TEST(ErrorCatalogue, HasOneEntryPerCodeInOrderWithItsOwnSlug) {
  std::set<std::string_view> slugs;
  for (const ErrorEntry& entry : error_catalogue()) {
    EXPECT_EQ(&describe(entry.code), &entry);
    EXPECT_TRUE(slugs.insert(entry.slug).second) << entry.slug;
    EXPECT_FALSE(entry.advice.empty());
  }
  EXPECT_EQ(error_catalogue().back().code, ErrorCode::kDataTooNew);
}

}  // namespace
}  // namespace mayfly
