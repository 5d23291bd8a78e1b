#pragma once

#include "base/result.h"

#include <boost/json/value.hpp>
#include <CLI/App.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::cli {

// Talks to a server's API for the client verbs.
class Client {
 public:
  // Adds `--server`; the token comes from the environment variable MAYFLY_TOKEN.
  void add_options(CLI::App& command);

  struct Request {
    std::string method;
    std::string path;  // below /_mayfly/v1
    std::vector<std::pair<std::string, std::string>> query;
    std::string body;
  };
  // The JSON of a 2xx answer; otherwise the detail of its problem document, or why the server could not be reached.
  Result<boost::json::value> call(const Request& request) const;

 private:
  std::string server_ = "http://127.0.0.1:8080";
};

// Calls and prints the answer: as JSON, or as `print` shows it. Returns the exit code of the verb.
int call_and_print(const Client& client, const Client::Request& request, bool as_json,
                   const std::function<void(const boost::json::value&)>& print);

// Prints an error as every verb does, and returns the exit code 1.
int complain(const Error& error);

// A path segment or query value, percent-encoded.
std::string encode(std::string_view text);

}  // namespace mayfly::cli
