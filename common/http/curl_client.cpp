#include "http/curl_client.hpp"

#include <array>
#include <curl/curl.h>
#include <fmt/format.h>
#include <mutex>
#include <openssl/x509_vfy.h>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "http/transfer.hpp"
#include "http/trust_store.hpp"

namespace http {
namespace {

using base::Error;
using base::ErrorKind;

struct Curl {
  Curl() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) throw Error(ErrorKind::internal, {"start", "libcurl", "its initialization failed", ""});
  }
};

std::string lower_or_upper(const base::Environment& environment, std::string_view lower, std::string_view upper) {
  return environment.get_or(lower, environment.get_or(upper, ""));
}

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

long verification_result(CURL* handle) {
  long result = X509_V_OK;
  curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &result);
  return result;
}

bool is_unknown_authority(CURL* handle) {
  switch (verification_result(handle)) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return true;
    default:
      return false;
  }
}

// What connections of one client share, though each handle is one thread's at a time: names that were resolved, and TLS
// sessions, with which a connection is made anew without the expensive half of the handshake. (Connections themselves
// libcurl does not share between threads.)
class Share {
 public:
  Share() : handle_(curl_share_init()) {
    if (handle_ == nullptr) throw Error(ErrorKind::internal, {"open", "connections", "out of memory", ""});
    curl_share_setopt(handle_, CURLSHOPT_LOCKFUNC, &Share::lock);
    curl_share_setopt(handle_, CURLSHOPT_UNLOCKFUNC, &Share::unlock);
    curl_share_setopt(handle_, CURLSHOPT_USERDATA, this);
    curl_share_setopt(handle_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(handle_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  ~Share() { curl_share_cleanup(handle_); }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  [[nodiscard]] CURLSH* handle() const { return handle_; }

 private:
  static std::mutex& mutex(void* share, curl_lock_data data) {
    return static_cast<Share*>(share)->mutexes_.at(static_cast<std::size_t>(data));
  }
  static void lock(CURL* /*handle*/, curl_lock_data data, curl_lock_access /*access*/, void* share) {
    mutex(share, data).lock();
  }
  static void unlock(CURL* /*handle*/, curl_lock_data data, void* share) { mutex(share, data).unlock(); }

  std::array<std::mutex, CURL_LOCK_DATA_LAST> mutexes_;
  CURLSH* handle_;
};

class CurlClient final : public Client {
 public:
  CurlClient(const base::Environment& environment, ConnectionOptions options, base::Log& log)
      : options_(std::move(options)),
        log_(log),
        trust_(find_trust(environment), options_.ca_certificates, options_.certificates_named_by) {
    const std::string all = lower_or_upper(environment, "all_proxy", "ALL_PROXY");
    // HTTP_PROXY in capitals can be forged by a request's "Proxy:" header in CGI programs: only the lower case counts.
    http_proxy_ = environment.get_or("http_proxy", all);
    const std::string https = lower_or_upper(environment, "https_proxy", "HTTPS_PROXY");
    https_proxy_ = https.empty() ? all : https;
    no_proxy_ = lower_or_upper(environment, "no_proxy", "NO_PROXY");
    for (const auto& url : {http_proxy_, https_proxy_}) {
      const auto parsed = Proxy::parse(url);
      if (parsed && parsed->credentials) log_.redact(parsed->credentials->password);
    }
  }

  Response send(const Request& request) override {
    base::throw_if_terminated();
    if (request.cancellation) request.cancellation->throw_if_requested();
    Easy handle = take_handle();
    const auto start = log_.clock().steady_now();
    Transfer transfer(request, handle.get(), bounds(request), log_.clock());
    std::string error_text;
    const CURLcode code = perform(transfer, error_text);
    if (code != CURLE_OK && !transfer.is_cut()) fail(transfer, code, error_text);
    if (log_.verbosity() == base::Verbosity::debug) describe(transfer, start);
    Response response = transfer.finish();
    give_back(std::move(handle));
    return response;
  }

 private:
  [[nodiscard]] StallBounds bounds(const Request& request) const {
    if (request.silence) return {*request.silence, 0};
    return {options_.stall_timeout, options_.slowest_bytes_per_second};
  }

  CURLcode perform(Transfer& transfer, std::string& error_text) {
    std::array<char, CURL_ERROR_SIZE> text{};
    CURL* handle = transfer.handle();
    set(handle, CURLOPT_ERRORBUFFER, text.data());
    transfer.prepare();
    const List headers = set_headers(handle, transfer.request());
    set_connection(handle, transfer.request());
    const List route = set_address(handle, transfer.request().url);
    CURLcode code = curl_easy_perform(handle);
    if (code == CURLE_PEER_FAILED_VERIFICATION && is_unknown_authority(handle) && trust_.widen()) {
      transfer.rewind();
      code = curl_easy_perform(handle);
    }
    error_text = text[0] != '\0' ? text.data() : curl_easy_strerror(code);
    set(handle, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
    set(handle, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    set(handle, CURLOPT_CONNECT_TO, static_cast<curl_slist*>(nullptr));
    return code;
  }

  [[nodiscard]] bool is_renamed(const Url& url) const {
    return !options_.tls_server_name.empty() && url.origin.scheme == "https";
  }

  // curl takes the name of TLS from the URL; so the URL gets that name, and the connection goes to the host.
  List set_address(CURL* handle, const Url& url) const {
    if (!is_renamed(url)) {
      set(handle, CURLOPT_URL, url.text().c_str());
      return nullptr;
    }
    Url renamed = url;
    renamed.origin.host = options_.tls_server_name;
    set(handle, CURLOPT_URL, renamed.text().c_str());
    const auto& [scheme, host, port] = url.origin;
    const bool ipv6 = host.find(':') != std::string::npos;
    List route(curl_slist_append(nullptr, fmt::format("{}:{}:{}{}{}:{}", options_.tls_server_name, port,
                                                      ipv6 ? "[" : "", host, ipv6 ? "]" : "", port)
                                              .c_str()));
    set(handle, CURLOPT_CONNECT_TO, route.get());
    return route;
  }

  List set_headers(CURL* handle, const Request& request) const {
    set(handle, CURLOPT_USERAGENT, options_.user_agent.c_str());
    if (request.compression == Compression::accepted) set(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
    List list;
    const auto append = [&](const std::string& line) {
      curl_slist* longer = curl_slist_append(list.get(), line.c_str());
      if (longer == nullptr) throw Error(ErrorKind::internal, {"send", "a request", "out of memory", ""});
      static_cast<void>(list.release());
      list.reset(longer);
    };
    // Registries and git servers answer an expected 100-continue late or never.
    append("Expect:");
    if (is_renamed(request.url)) append("Host: " + request.url.authority());
    for (const auto& [name, value] : request.headers.fields()) {
      if (value.find_first_of("\r\n") != std::string::npos || name.find_first_of("\r\n:") != std::string::npos) {
        throw Error(ErrorKind::usage, {"send", "header " + name, "it holds a line break", ""});
      }
      append(value.empty() ? name + ";" : name + ": " + value);
    }
    set(handle, CURLOPT_HTTPHEADER, list.get());
    return list;
  }

  void set_connection(CURL* handle, const Request& request) {
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(handle, CURLOPT_BUFFERSIZE, 256L * 1024);
    set(handle, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
    set(handle, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.connect_timeout.count()));
    set(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (request.limit) set(handle, CURLOPT_TIMEOUT, static_cast<long>(request.limit->count()));
    set_proxy(handle, request.url);
    set_trust(handle);
    set_client_certificate(handle);
  }

  void set_credentials(CURL* handle, const std::optional<Credentials>& credentials) const {
    if (!credentials) return;
    set(handle, CURLOPT_PROXYUSERNAME, credentials->username.c_str());
    set(handle, CURLOPT_PROXYPASSWORD, std::string(credentials->password.reveal()).c_str());
  }

  void set_proxy(CURL* handle, const Url& url) const {
    if (options_.tunnel) {
      const auto& tunnel = *options_.tunnel;
      set(handle, CURLOPT_PROXY, fmt::format("http://{}:{}", tunnel.host, tunnel.port).c_str());
      set(handle, CURLOPT_HTTPPROXYTUNNEL, 1L);
      set(handle, CURLOPT_NOPROXY, "");
      return set_credentials(handle, tunnel.credentials);
    }
    if (options_.proxy) {
      set(handle, CURLOPT_PROXY, options_.proxy->text().c_str());
      set(handle, CURLOPT_NOPROXY, "");
      return set_credentials(handle, options_.proxy->credentials);
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
    // curl would parse these for every connection.
    set(handle, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set(handle, CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    set(handle, CURLOPT_SSL_CTX_FUNCTION, &attach_trust);
    set(handle, CURLOPT_SSL_CTX_DATA, &trust_);
  }

  static CURLcode attach_trust(CURL* /*handle*/, void* context, void* store) {
    static_cast<const TrustStore*>(store)->attach(static_cast<ssl_ctx_st*>(context));
    return CURLE_OK;
  }

  void set_client_certificate(CURL* handle) {
    if (!options_.client_certificate) return;
    const auto as_blob = [](const base::Secret& secret) {
      // curl takes what it may not change by a pointer that could; with NOCOPY it only reads.
      return curl_blob{const_cast<char*>(secret.reveal().data()), secret.reveal().size(), CURL_BLOB_NOCOPY};
    };
    auto certificate = as_blob(options_.client_certificate->certificate);
    auto key = as_blob(options_.client_certificate->key);
    set(handle, CURLOPT_SSLCERT_BLOB, &certificate);
    set(handle, CURLOPT_SSLCERTTYPE, "PEM");
    set(handle, CURLOPT_SSLKEY_BLOB, &key);
    set(handle, CURLOPT_SSLKEYTYPE, "PEM");
  }

  [[noreturn]] void fail(const Transfer& transfer, CURLcode code, const std::string& error_text) const {
    transfer.rethrow();
    base::Report report{fmt::format("{} {}", transfer.request().method == Method::get ? "read" : "reach",
                                    transfer.request().url.shown()),
                        "", cause_of(transfer, code, error_text), remedy_of(transfer.handle(), code)};
    if (code == CURLE_COULDNT_CONNECT) throw Unreachable(std::move(report), Unreachable::Reason::refused);
    if (code == CURLE_COULDNT_RESOLVE_HOST) throw Unreachable(std::move(report), Unreachable::Reason::unknown_name);
    const bool stalled = transfer.stalled() != StallWatch::State::alive;
    throw Error(stalled ? ErrorKind::transient : kind_of(code), std::move(report));
  }

  [[nodiscard]] std::string remedy_of(CURL* handle, CURLcode code) const {
    if (code == CURLE_PEER_FAILED_VERIFICATION) return certificate_remedy(handle);
    if (code == CURLE_COULDNT_CONNECT) return "look whether it runs, and whether the worker may reach it";
    if (code == CURLE_COULDNT_RESOLVE_HOST) return "check the name, and whether the worker can resolve it";
    return "";
  }

  // An authority that is added mends one flaw of a certificate, and no other.
  [[nodiscard]] std::string certificate_remedy(CURL* handle) const {
    const long flaw = verification_result(handle);
    switch (flaw) {
      // The chain is good: curl compares the name by itself, before or after.
      case X509_V_OK:
      case X509_V_ERR_UNSPECIFIED:
        return "the certificate is of another name: use a name that it has, or have this one added to it";
      case X509_V_ERR_CERT_HAS_EXPIRED:
        return "have the server's certificate renewed, and look at this machine's clock";
      case X509_V_ERR_CERT_NOT_YET_VALID:
        return "look at this machine's clock";
      default:
        return is_unknown_authority(handle) ? options_.certificate_remedy
                                            : "have the server's certificate made anew: trusting it more does not help";
    }
  }

  [[nodiscard]] std::string cause_of(const Transfer& transfer, CURLcode code, const std::string& error_text) const {
    const auto bounds = this->bounds(transfer.request());
    switch (transfer.stalled()) {
      case StallWatch::State::alive:
        break;
      case StallWatch::State::silent:
        return fmt::format("the server was silent for {}", base::human_duration(bounds.silence));
      case StallWatch::State::too_slow:
        return fmt::format("for a minute fewer than {} B came or went in a second", bounds.slowest_bytes_per_second);
    }
    return code == CURLE_OPERATION_TIMEDOUT ? "the server did not answer in time" : error_text;
  }

  void describe(const Transfer& transfer, base::SteadyTime start) const {
    curl_off_t down = 0;
    curl_off_t up = 0;
    long connections = 0;
    curl_easy_getinfo(transfer.handle(), CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(transfer.handle(), CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(transfer.handle(), CURLINFO_NUM_CONNECTS, &connections);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(log_.clock().steady_now() - start);
    log_.debug(fmt::format("{} {} {} down {} B up {} B {}{}", name_of(transfer.request().method),
                           transfer.request().url.shown(), transfer.status(), down, up, base::human_duration(took),
                           connections > 0 ? ", new connection" : ""));
  }

  // A handle keeps its connections, so one is used again whenever there is one; each thread has one at a time.
  Easy take_handle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      Easy handle(curl_easy_init());
      if (handle == nullptr) throw Error(ErrorKind::internal, {"open", "a connection", "out of memory", ""});
      set(handle.get(), CURLOPT_SHARE, share_.handle());
      return handle;
    }
    Easy handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void give_back(Easy handle) {
    curl_easy_reset(handle.get());  // options only: connections and the share stay
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
  }

  ConnectionOptions options_;
  base::Log& log_;
  TrustStore trust_;
  std::string http_proxy_;
  std::string https_proxy_;
  std::string no_proxy_;
  Curl curl_;
  Share share_;
  std::mutex mutex_;
  std::vector<Easy> idle_;  // they use all the rest
};

}  // namespace

std::unique_ptr<Client> make_curl_client(const base::Environment& environment, ConnectionOptions options,
                                         base::Log& log) {
  return std::make_unique<CurlClient>(environment, std::move(options), log);
}

}  // namespace http
