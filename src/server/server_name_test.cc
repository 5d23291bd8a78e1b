#include "server/server_name.h"

#include <gtest/gtest.h>

namespace mayfly::server {
namespace {

TEST(ServerName, PrefersTheHostHeader) {
  EXPECT_EQ(server_name("wagi.net:31337", "example.com:1234", "8080"), (ServerName{"wagi.net", "31337"}));
  EXPECT_EQ(server_name("wagi.net", "example.com:1234", "8080"), (ServerName{"wagi.net", "1234"}));
  EXPECT_EQ(server_name("wagi.net", "example.com", "8080"), (ServerName{"wagi.net", "80"}));
  EXPECT_EQ(server_name(":81", "example.com", "8080"), (ServerName{"example.com", "81"}));
  EXPECT_EQ(server_name("[::1]:81", "", "8080"), (ServerName{"[::1]", "81"}));
  EXPECT_EQ(server_name("[::1]", "", "8080"), (ServerName{"[::1]", "8080"}));
}

TEST(ServerName, FallsBackToWhatIsConfiguredAndThenToTheConnection) {
  EXPECT_EQ(server_name("", "example.com:1234", "8080"), (ServerName{"example.com", "1234"}));
  EXPECT_EQ(server_name("", "example.com", "8080"), (ServerName{"example.com", "80"}));
  EXPECT_EQ(server_name("", "", "8080"), (ServerName{"localhost", "8080"}));
  EXPECT_EQ(server_name("wagi.net", "", "8080"), (ServerName{"wagi.net", "8080"}));
}

}  // namespace
}  // namespace mayfly::server
