#include "storage/s3/client.h"

#include "base/text.h"
#include "storage/limits.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <thread>

namespace mayfly::storage::s3 {

struct Client::Response {
  long status = 0;
  std::string body;
  std::string etag;
};

struct Client::Handle {
  CURL* easy = curl_easy_init();
  ~Handle() { curl_easy_cleanup(easy); }
};

// A handle of the pool, given back at the end: its connection is kept.
class Client::Lent {
 public:
  explicit Lent(const Client& client) : client_(client) {
    auto idle = client_.idle_.lock();
    if (idle->empty()) {
      handle_ = std::make_unique<Handle>();
    } else {
      handle_ = std::move(idle->back());
      idle->pop_back();
    }
    curl_easy_reset(handle_->easy);
  }
  ~Lent() {
    auto idle = client_.idle_.lock();
    if (idle->size() < kIdleStoreConnections) idle->push_back(std::move(handle_));
  }
  Lent(const Lent&) = delete;

  CURL* get() const { return handle_->easy; }

 private:
  const Client& client_;
  std::unique_ptr<Handle> handle_;
};

namespace {

struct SlistDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Slist = std::unique_ptr<curl_slist, SlistDelete>;

void append(Slist& list, const std::string& line) { list.reset(curl_slist_append(list.release(), line.c_str())); }

// The body as it comes; more than an object may have ends the transfer.
std::size_t take_body(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size > kMaxObjectBytes) return 0;
  body.append(data, size);
  return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* to) {
  constexpr std::string_view kEtag = "etag:";
  const std::string_view line(data, size);
  if (line.size() > kEtag.size() && ::strncasecmp(line.data(), kEtag.data(), kEtag.size()) == 0) {
    std::string_view value = line.substr(kEtag.size());
    while (value.ends_with('\n') || value.ends_with('\r')) value.remove_suffix(1);
    *static_cast<std::string*>(to) = trim(value);
  }
  return size;
}

bool is_trouble(long status) { return status == 500 || status == 502 || status == 503 || status == 504; }

struct Known {
  std::string_view code;
  ErrorCode error;
};
constexpr std::array kKnown = {
    Known{"NoSuchBucket", ErrorCode::kUnknownBucket},       Known{"NoSuchKey", ErrorCode::kUnknownFile},
    Known{"BucketAlreadyExists", ErrorCode::kBucketExists}, Known{"BucketAlreadyOwnedByYou", ErrorCode::kBucketExists},
    Known{"BucketNotEmpty", ErrorCode::kBucketNotEmpty},    Known{"InvalidBucketName", ErrorCode::kBadBucketName},
    Known{"NoSuchVersion", ErrorCode::kUnknownVersion},     Known{"KeyTooLongError", ErrorCode::kBadFileName},
};

std::string place_of(const Request& request) {
  return request.key.empty() ? fmt::format("s3://{}", request.bucket)
                             : fmt::format("s3://{}/{}", request.bucket, request.key);
}

tl::unexpected<Error> refused(const Request& request, long status, std::string_view body) {
  const Refusal refusal = read_refusal(body);
  const std::string said =
      refusal.code.empty() ? fmt::format("status {}", status) : fmt::format("{}: {}", refusal.code, refusal.message);
  for (const Known& known : kKnown) {
    if (known.code == refusal.code) return fail(known.error, fmt::format("{}: {}", place_of(request), said));
  }
  return fail(is_trouble(status) ? ErrorCode::kStoreAway : ErrorCode::kStoreRefused,
              fmt::format("{} {}: the store says {}", request.method, place_of(request), to_utf8(said)));
}

// A list that a server does not end is no list, either.
tl::unexpected<Error> too_long(std::string_view bucket) {
  return fail(ErrorCode::kStoreRefused, fmt::format("s3://{}: the list has more than {} pages", bucket, kMaxListPages));
}

}  // namespace

Client::Client(Settings settings) : settings_(std::move(settings)) { curl_global_init(CURL_GLOBAL_DEFAULT); }
Client::~Client() = default;

Result<Client::Response> Client::send_once(const Request& request) const {
  const Lent lent(*this);
  CURL* easy = lent.get();
  Response response;
  const std::string url = settings_.endpoint + target_of(request);
  const std::string signature = fmt::format("aws:amz:{}:s3", settings_.region);
  Slist headers;
  // With the hash given, libcurl signs it as that of the body, and S3 checks the body against it.
  append(headers, "x-amz-content-sha256: " + sha256_hex(request.body));
  if (!settings_.session_token.empty()) append(headers, "x-amz-security-token: " + settings_.session_token);
  for (const std::string& header : request.headers) append(headers, header);

  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, std::string(request.method).c_str());
  if (request.method == "PUT") {
    append(headers, "Content-Type: application/octet-stream");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, signature.c_str());
  curl_easy_setopt(easy, CURLOPT_USERNAME, settings_.access_key.c_str());
  curl_easy_setopt(easy, CURLOPT_PASSWORD, settings_.secret_key.c_str());
  if (!settings_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kStoreConnectTime.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(kStoreTime.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(kStoreSilence.count()));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &response.body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &response.etag);

  const CURLcode done = curl_easy_perform(easy);
  if (done == CURLE_WRITE_ERROR) {
    return fail(ErrorCode::kBodyTooLarge, fmt::format("{} has more than the {} bytes that this server handles",
                                                      place_of(request), kMaxObjectBytes));
  }
  // Without the address, which clients of ours need not see.
  if (done != CURLE_OK) {
    return fail(ErrorCode::kStoreAway, fmt::format("the store does not answer: {}", curl_easy_strerror(done)));
  }
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &response.status);
  return response;
}

// Every request may be sent again: a put with a condition that was done unheard fails its condition, and its caller
// looks what is there. After a silence it is not: whoever waits has waited long enough.
Result<Client::Response> Client::send(const Request& request) const {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  for (auto pause = kStoreRetryPause;; pause *= 4) {
    auto response = send_once(request);
    const bool away = response ? is_trouble(response->status) : response.error().code == ErrorCode::kStoreAway;
    const bool is_late = Clock::now() - begun > kStoreRetryTime;
    if (!away || is_late || pause > kStoreRetryPause * 4) return response;
    std::this_thread::sleep_for(pause);
  }
}

Result<Client::Response> Client::succeed(const Request& request) const {
  auto response = send(request);
  if (!response || response->status / 100 == 2) return response;
  return refused(request, response->status, response->body);
}

Status Client::check_key_pair() const {
  const Request request{.method = "GET", .bucket = ""};
  const auto response = send(request);
  if (!response) return fail(response.error());
  if (response->status / 100 == 2 || read_refusal(response->body).code == "AccessDenied") return {};
  return refused(request, response->status, response->body);
}

Status Client::create_bucket(std::string_view bucket) const {
  // AWS wants to be told where, except in the region that was there first.
  const bool elsewhere = settings_.region != "us-east-1" && settings_.endpoint.ends_with(".amazonaws.com");
  const std::string body = elsewhere
                               ? fmt::format(
                                     "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                                     "<LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
                                     settings_.region)
                               : "";
  return succeed({.method = "PUT", .bucket = bucket, .body = body}).map([](const Response&) {});
}

Status Client::remove_bucket(std::string_view bucket) const {
  return succeed({.method = "DELETE", .bucket = bucket}).map([](const Response&) {});
}

Result<Client::Found> Client::get(std::string_view bucket, std::string_view key, std::string_view known,
                                  std::string_view version) const {
  Request request{.method = "GET", .bucket = bucket, .key = key};
  if (!known.empty()) request.headers.push_back(fmt::format("If-None-Match: {}", known));
  if (!version.empty()) request.query.emplace_back("versionId", version);
  auto response = send(request);
  if (!response) return fail(std::move(response.error()));
  if (response->status == 304) return Found{.is_known = true};
  if (response->status / 100 != 2) return refused(request, response->status, response->body);
  return Found{.bytes = std::move(response->body), .etag = std::move(response->etag)};
}

Result<std::optional<std::string>> Client::put(std::string_view bucket, std::string_view key, std::string_view bytes,
                                               const Condition& condition) const {
  constexpr long kPreconditionFailed = 412, kConflict = 409, kNotImplemented = 501;
  Request request{.method = "PUT", .bucket = bucket, .key = key, .body = bytes};
  if (condition.kind == Condition::Kind::kIsMissing) request.headers.push_back("If-None-Match: *");
  if (condition.kind == Condition::Kind::kHasEtag) request.headers.push_back("If-Match: " + condition.etag);
  auto response = send(request);
  if (response && response->status == kNotImplemented && !request.headers.empty()) {
    request.headers.clear();
    response = send(request);
  }
  if (!response) return fail(std::move(response.error()));
  if (response->status == kPreconditionFailed) return std::nullopt;
  if (response->status == kConflict && !request.headers.empty()) return std::nullopt;  // another put at this instant
  if (response->status / 100 != 2) return refused(request, response->status, response->body);
  return std::move(response->etag);
}

Status Client::put(std::string_view bucket, std::string_view key, std::string_view bytes) const {
  return put(bucket, key, bytes, {}).map([](const std::optional<std::string>&) {});
}

Status Client::remove(std::string_view bucket, std::string_view key) const {
  const auto removed = succeed({.method = "DELETE", .bucket = bucket, .key = key});
  if (removed || removed.error().code == ErrorCode::kUnknownFile) return {};
  return fail(removed.error());
}

Result<Client::List> Client::list(std::string_view bucket, std::string_view prefix, std::string_view delimiter,
                                  std::size_t page) const {
  List list;
  std::string token;
  for (int pages = 0; pages == 0 || !token.empty(); ++pages) {
    if (pages == kMaxListPages) return too_long(bucket);
    Request request{
        .method = "GET", .bucket = bucket, .query = {{"list-type", "2"}, {"max-keys", std::to_string(page)}}};
    if (!prefix.empty()) request.query.emplace_back("prefix", prefix);
    if (!delimiter.empty()) request.query.emplace_back("delimiter", delimiter);
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    auto read = succeed(request).and_then([](const Response& response) { return read_list(response.body); });
    if (!read) return fail(std::move(read.error()));
    std::ranges::move(read->objects, std::back_inserter(list.objects));
    std::ranges::move(read->prefixes, std::back_inserter(list.prefixes));
    token = std::move(read->next);
  }
  return list;
}

Result<std::vector<ListedVersion>> Client::versions(std::string_view bucket, std::string_view key) const {
  std::vector<ListedVersion> versions;
  std::string next_key, next_version;
  for (int pages = 0; pages == 0 || !next_key.empty(); ++pages) {
    if (pages == kMaxListPages) return too_long(bucket);
    Request request{.method = "GET", .bucket = bucket, .query = {{"versions", ""}, {"prefix", std::string(key)}}};
    if (!next_key.empty()) request.query.emplace_back("key-marker", next_key);
    if (!next_version.empty()) request.query.emplace_back("version-id-marker", next_version);
    auto page = succeed(request).and_then([](const Response& response) { return read_versions(response.body); });
    if (!page) return fail(std::move(page.error()));
    for (ListedVersion& version : page->versions) {
      if (version.key == key) versions.push_back(std::move(version));
    }
    next_key = page->next_key == key ? std::move(page->next_key) : "";  // other keys begin with this one
    next_version = std::move(page->next_version);
  }
  // Versions and delete markers come in the order of their age, but a server may list them apart.
  std::ranges::stable_sort(versions, [](const ListedVersion& a, const ListedVersion& b) {
    return a.is_latest != b.is_latest ? a.is_latest : a.modified > b.modified;
  });
  return versions;
}

}  // namespace mayfly::storage::s3
