#include <array>
#include <charconv>
#include <curl/curl.h>
#include <exception>
#include <fmt/format.h>
#include <mutex>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/termination.hpp"
#include "http/client.hpp"
#include "http/trust.hpp"

namespace http {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t longest_error_body = 64UL * 1024;
// An error page that goes on beyond this is not waited for.
constexpr std::uint64_t longest_error_transfer = 1UL << 20U;

struct Deleter {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, Deleter>;
using List = std::unique_ptr<curl_slist, Deleter>;

void initialize_curl() {
  static const bool done = [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw Error(ErrorKind::internal, {"start", "libcurl", "its initialization failed", ""});
    }
    return true;
  }();
  static_cast<void>(done);
}

template <class T>
void set(CURL* handle, CURLoption option, T value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code != CURLE_OK) {
    throw Error(ErrorKind::internal, {"set up", "a connection", curl_easy_strerror(code), ""});
  }
}

// One request under way: what curl's callbacks write into. Exceptions do not cross C, so they are kept here.
struct Transfer {
  const Request& request;
  CURL* handle;
  Response response;
  std::exception_ptr failure;
  bool sink_started = false;
  std::string error_text;
  std::uint64_t error_bytes = 0;

  template <class F, class R>
  R guarded(F&& action, R failed) noexcept {
    try {
      return action();
    } catch (...) {
      failure = std::current_exception();
      return failed;
    }
  }

  void take_header(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
      // An interim response (100, 103) came before: only the last one counts.
      response.headers = {};
      const auto space = line.find(' ');
      if (space != std::string_view::npos) {
        std::from_chars(line.data() + space + 1, line.data() + line.size(), response.status);
      }
      return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    response.headers.add(std::string(line.substr(0, colon)), std::string(value));
  }

  [[nodiscard]] bool is_cut() const { return error_bytes > longest_error_transfer; }

  void take_body(std::string_view bytes) {
    if (!response.ok()) {
      error_bytes += bytes.size();
      const auto room = longest_error_body - std::min(longest_error_body, response.body.size());
      response.body += bytes.substr(0, room);
      return;
    }
    if (request.sink) {
      if (!sink_started) request.sink->begin(response);
      sink_started = true;
      request.sink->write(bytes);
      return;
    }
    if (response.body.size() + bytes.size() > request.body_limit) {
      throw Error(ErrorKind::protocol,
                  {"read", request.url.shown(),
                   fmt::format("the answer is larger than {}", base::human_bytes(request.body_limit)), ""});
    }
    response.body += bytes;
  }
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* pointer) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  return transfer.guarded(
      [&] {
        transfer.take_header({data, size * count});
        return size * count;
      },
      std::size_t{0});
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* pointer) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  return transfer.guarded(
      [&] {
        transfer.take_body({data, size * count});
        return transfer.is_cut() ? static_cast<std::size_t>(CURL_WRITEFUNC_ERROR) : size * count;
      },
      static_cast<std::size_t>(CURL_WRITEFUNC_ERROR));
}

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* pointer) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  return transfer.guarded([&] { return transfer.request.body->read(buffer, size * count); },
                          static_cast<std::size_t>(CURL_READFUNC_ABORT));
}

int on_seek(void* pointer, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  return transfer.guarded(
      [&] {
        transfer.request.body->rewind(static_cast<std::uint64_t>(offset));
        return CURL_SEEKFUNC_OK;
      },
      CURL_SEEKFUNC_FAIL);
}

int on_progress(void* /*pointer*/, curl_off_t /*a*/, curl_off_t /*b*/, curl_off_t /*c*/, curl_off_t /*d*/) {
  return base::termination_requested() ? 1 : 0;
}

std::string lower_or_upper(const base::Environment& environment, std::string_view lower, std::string_view upper) {
  return environment.get_or(lower, environment.get_or(upper, ""));
}

bool is_unreachable(CURLcode code) { return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST; }

// What the answer of curl means for a caller.
ErrorKind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return ErrorKind::usage;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return ErrorKind::internal;
    default:
      return ErrorKind::transient;
  }
}

class CurlClient final : public Client {
 public:
  CurlClient(const base::Environment& environment, ConnectionOptions options, base::Log& log)
      : options_(std::move(options)), log_(log), trust_(find_trust(environment)) {
    initialize_curl();
    const std::string all = lower_or_upper(environment, "all_proxy", "ALL_PROXY");
    // HTTP_PROXY in capitals can be forged by a request's "Proxy:" header in CGI programs: only the lower case counts.
    http_proxy_ = environment.get_or("http_proxy", all);
    const std::string https = lower_or_upper(environment, "https_proxy", "HTTPS_PROXY");
    https_proxy_ = https.empty() ? all : https;
    no_proxy_ = lower_or_upper(environment, "no_proxy", "NO_PROXY");
    for (const auto& url : {http_proxy_, https_proxy_}) {
      const auto parsed = Url::parse(url);
      if (parsed && parsed->credentials) log_.redact(parsed->credentials->password);
    }
  }

  Response send(const Request& request) override {
    base::throw_if_terminated();
    Easy handle = take_handle();
    const auto start = log_.clock().steady_now();
    Transfer transfer{request, handle.get(), {}, nullptr, false, "", 0};
    const CURLcode code = perform(transfer);
    if (code != CURLE_OK && !transfer.is_cut()) fail(transfer, code);
    transfer.response.url = request.url;
    if (request.sink && transfer.response.ok() && !transfer.sink_started) request.sink->begin(transfer.response);
    if (log_.verbosity() == base::Verbosity::debug) describe(transfer, start);
    give_back(std::move(handle));
    return std::move(transfer.response);
  }

 private:
  CURLcode perform(Transfer& transfer) {
    std::array<char, CURL_ERROR_SIZE> text{};
    set(transfer.handle, CURLOPT_ERRORBUFFER, text.data());
    const List headers = set_request(transfer);
    set_connection(transfer.handle, transfer.request.url);
    CURLcode code = curl_easy_perform(transfer.handle);
    // The hashed directory did not know the authority: the bundle may (see Trust).
    if (code == CURLE_PEER_FAILED_VERIFICATION && !trust_.directory.empty() && !trust_.bundle.empty() &&
        options_.ca_certificates.empty()) {
      set(transfer.handle, CURLOPT_CAINFO, trust_.bundle.c_str());
      if (transfer.request.body) transfer.request.body->rewind(0);
      code = curl_easy_perform(transfer.handle);
    }
    transfer.error_text = text[0] != '\0' ? text.data() : curl_easy_strerror(code);
    set(transfer.handle, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
    set(transfer.handle, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    return code;
  }

  List set_request(Transfer& transfer) const {
    CURL* handle = transfer.handle;
    const Request& request = transfer.request;
    set(handle, CURLOPT_URL, request.url.text().c_str());
    set(handle, CURLOPT_HEADERFUNCTION, on_header);
    set(handle, CURLOPT_HEADERDATA, &transfer);
    set(handle, CURLOPT_WRITEFUNCTION, on_body);
    set(handle, CURLOPT_WRITEDATA, &transfer);
    set(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());
    if (request.compression == Compression::accepted) set(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
    set_method(transfer);
    curl_slist* list = nullptr;
    // Registries and git servers answer an expected 100-continue late or never.
    list = curl_slist_append(list, "Expect:");
    for (const auto& [name, value] : request.headers.fields()) {
      if (value.find_first_of("\r\n") != std::string::npos || name.find_first_of("\r\n:") != std::string::npos) {
        curl_slist_free_all(list);
        throw Error(ErrorKind::usage, {"send", "header " + name, "it holds a line break", ""});
      }
      list = curl_slist_append(list, (value.empty() ? name + ";" : name + ": " + value).c_str());
    }
    List headers(list);
    set(handle, CURLOPT_HTTPHEADER, headers.get());
    return headers;
  }

  static void set_method(Transfer& transfer) {
    CURL* handle = transfer.handle;
    const Request& request = transfer.request;
    const bool sends =
        request.method == Method::post || request.method == Method::put || request.method == Method::patch;
    if (request.method == Method::head) set(handle, CURLOPT_NOBODY, 1L);
    if (request.method == Method::delete_) set(handle, CURLOPT_CUSTOMREQUEST, "DELETE");
    if (!sends) return;
    set(handle, CURLOPT_POST, 1L);
    if (request.method != Method::post) set(handle, CURLOPT_CUSTOMREQUEST, name_of(request.method).data());
    const std::uint64_t size = request.body ? request.body->size() : 0;
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
    if (size == 0) {
      set(handle, CURLOPT_POSTFIELDS, "");
      return;
    }
    request.body->rewind(0);
    set(handle, CURLOPT_READFUNCTION, on_read);
    set(handle, CURLOPT_READDATA, &transfer);
    set(handle, CURLOPT_SEEKFUNCTION, on_seek);
    set(handle, CURLOPT_SEEKDATA, &transfer);
  }

  void set_connection(CURL* handle, const Url& url) {
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_NOPROGRESS, 0L);
    set(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(handle, CURLOPT_BUFFERSIZE, 256L * 1024);
    set(handle, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
    set(handle, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.connect_timeout.count()));
    set(handle, CURLOPT_LOW_SPEED_LIMIT, options_.slowest_bytes_per_second);
    set(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout.count()));
    set(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_proxy(handle, url);
    set_trust(handle);
  }

  void set_proxy(CURL* handle, const Url& url) const {
    if (options_.tunnel) {
      const auto& tunnel = *options_.tunnel;
      set(handle, CURLOPT_PROXY, fmt::format("http://{}:{}", tunnel.host, tunnel.port).c_str());
      set(handle, CURLOPT_HTTPPROXYTUNNEL, 1L);
      set(handle, CURLOPT_NOPROXY, "");
      if (tunnel.credentials) {
        set(handle, CURLOPT_PROXYUSERNAME, tunnel.credentials->username.c_str());
        set(handle, CURLOPT_PROXYPASSWORD, std::string(tunnel.credentials->password.reveal()).c_str());
      }
      return;
    }
    // Given always: an empty text keeps curl from reading the environment behind our back.
    set(handle, CURLOPT_PROXY, (url.origin.scheme == "https" ? https_proxy_ : http_proxy_).c_str());
    set(handle, CURLOPT_NOPROXY, no_proxy_.c_str());
  }

  void set_trust(CURL* handle) {
    const bool verified = options_.verification == Verification::on;
    set(handle, CURLOPT_SSL_VERIFYPEER, verified ? 1L : 0L);
    set(handle, CURLOPT_SSL_VERIFYHOST, verified ? 2L : 0L);
    if (!verified) return;
    if (options_.ca_certificates.empty()) {
      const bool lazily = !trust_.directory.empty();
      set(handle, CURLOPT_CAPATH, lazily ? trust_.directory.c_str() : nullptr);
      set(handle, CURLOPT_CAINFO, lazily || trust_.bundle.empty() ? nullptr : trust_.bundle.c_str());
      return;
    }
    const std::lock_guard lock(mutex_);
    if (all_authorities_.empty()) {
      // A blob replaces the bundle, so the system's authorities go into it, too.
      if (!trust_.bundle.empty()) all_authorities_ = base::read_file_if_exists(trust_.bundle).value_or("") + "\n";
      for (const auto& certificate : options_.ca_certificates) all_authorities_ += certificate + "\n";
    }
    curl_blob blob{all_authorities_.data(), all_authorities_.size(), CURL_BLOB_NOCOPY};
    set(handle, CURLOPT_CAINFO_BLOB, &blob);
  }

  [[noreturn]] void fail(Transfer& transfer, CURLcode code) const {
    if (transfer.failure) std::rethrow_exception(transfer.failure);
    base::throw_if_terminated();
    const ErrorKind kind = kind_of(code);
    const bool certificate = code == CURLE_PEER_FAILED_VERIFICATION;
    std::string cause = code == CURLE_OPERATION_TIMEDOUT ? "the server did not answer in time" : transfer.error_text;
    base::Report report{fmt::format("{} {}", name_of(transfer.request.method) == "GET" ? "read" : "reach",
                                    transfer.request.url.shown()),
                        "", std::move(cause), certificate ? options_.certificate_remedy : ""};
    if (is_unreachable(code)) throw Unreachable(std::move(report));
    throw Error(kind, std::move(report));
  }

  void describe(Transfer& transfer, base::SteadyTime start) const {
    curl_off_t down = 0;
    curl_off_t up = 0;
    long connections = 0;
    curl_easy_getinfo(transfer.handle, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(transfer.handle, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(transfer.handle, CURLINFO_NUM_CONNECTS, &connections);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(log_.clock().steady_now() - start);
    log_.debug(fmt::format("{} {} {} down {} B up {} B {}{}", name_of(transfer.request.method),
                           transfer.request.url.shown(), transfer.response.status, down, up, base::human_duration(took),
                           connections > 0 ? ", new connection" : ""));
  }

  // A handle keeps its connections, so one is used again whenever there is one; each thread has one at a time.
  Easy take_handle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      Easy handle(curl_easy_init());
      if (handle == nullptr) throw Error(ErrorKind::internal, {"open", "a connection", "out of memory", ""});
      return handle;
    }
    Easy handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void give_back(Easy handle) {
    curl_easy_reset(handle.get());  // options only: connections and sessions stay
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
  }

  ConnectionOptions options_;
  base::Log& log_;
  Trust trust_;
  std::string http_proxy_;
  std::string https_proxy_;
  std::string no_proxy_;
  std::mutex mutex_;
  std::vector<Easy> idle_;
  std::string all_authorities_;
};

}  // namespace

std::unique_ptr<Client> make_curl_client(const base::Environment& environment, ConnectionOptions options,
                                         base::Log& log) {
  return std::make_unique<CurlClient>(environment, std::move(options), log);
}

}  // namespace http
