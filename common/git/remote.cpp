#include "git/remote.hpp"

#include <algorithm>
#include <utility>

#include "git/protocol.hpp"
#include "git/protocol_v0.hpp"

namespace git {
namespace {

// One that keeps all that `filter` keeps.
std::string weaker(std::string_view filter) {
  return filter.starts_with("tree:") || filter.starts_with("combine:") ? "blob:none" : "";
}

class NegotiatedRemote final : public Remote {
 public:
  explicit NegotiatedRemote(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

  [[nodiscard]] std::string shown() const override { return transport_->shown(); }

  [[nodiscard]] RemoteRefs refs(const std::vector<std::string>& prefixes) override {
    RemoteRefs found = list(prefixes);
    // Prefixes only help the server: it may send more (gitprotocol-v2, "ls-refs").
    std::erase_if(found, [&](const RemoteRef& ref) {
      return std::none_of(prefixes.begin(), prefixes.end(),
                          [&](const std::string& prefix) { return ref.name.starts_with(prefix); });
    });
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return found;
  }

  void forget_refs() override {
    // A server process that refused something has ended.
    transport_->hang_up();
    if (version() != 2) advertisement_.reset();
  }

  [[nodiscard]] bool can_filter() override {
    return version() == 2 ? advertisement().command_has("fetch", "filter") : advertisement().has("filter");
  }
  [[nodiscard]] bool can_deepen() override {
    return version() == 2 ? advertisement().command_has("fetch", "shallow") : advertisement().has("shallow");
  }
  [[nodiscard]] bool can_want_any() override {
    return version() == 2 || advertisement().has("allow-reachable-sha1-in-want");
  }

  FetchResult fetch(const FetchRequest& given, PackSink& sink) override {
    FetchRequest request = given;
    while (true) {
      while (refused_filters_.contains(request.filter)) {
        request.filter = request.otherwise.empty() ? weaker(request.filter) : std::exchange(request.otherwise, "");
      }
      try {
        FetchResult result = version() == 2 ? fetch_v2(request, sink) : fetch_v0(request, sink);
        if (request.negotiation == Negotiation::decide && !result.has_pack) {
          named([] { broken_answer("it has no pack"); });
        }
        return result;
      } catch (const AnswerError& error) {
        if (request.filter.empty() || error.fault() != Fault::refused_filter) throw;
        refused_filters_.insert(request.filter);
        sink.restart();
        transport_->hang_up();
      }
    }
  }

  [[nodiscard]] std::set<std::string> refused_filters() const override { return refused_filters_; }
  void presume_refused(const std::set<std::string>& filters) override {
    for (const auto& filter : filters) {
      if (!filter.empty()) refused_filters_.insert(filter);
    }
  }

 private:
  // What reads an answer does not know whose it is.
  template <class Function>
  void named(Function&& exchange) {
    try {
      exchange();
    } catch (const AnswerError& error) {
      throw error.named(shown());
    }
  }

  const Advertisement& advertisement() {
    if (!advertisement_) {
      AdvertisementReader reader;
      named([&] { transport_->advertise(reader); });
      advertisement_ = reader.take();
    }
    return *advertisement_;
  }

  int version() { return advertisement().version; }

  FetchResult fetch_v2(const FetchRequest& request, PackSink& sink) {
    // git's server process keeps the boundaries of an answer that was cut (register_shallow in its upload-pack.c). What
    // follows on the same connection is measured against them: a depth would then be ignored behind the old boundary.
    if (cut_ && (request.depth || !request.haves.empty())) {
      transport_->hang_up();
      cut_ = false;
    }
    cut_ = cut_ || request.depth.has_value();
    FetchReader reader(sink);
    const std::string text = fetch_request(advertisement(), request);
    named([&] { transport_->request(text, reader); });
    return reader.take();
  }

  FetchResult fetch_v0(const FetchRequest& request, PackSink& sink) {
    FetchReaderV0 reader(sink, request);
    const std::string text = fetch_request_v0(advertisement(), request, transport_->session());
    named([&] { transport_->request(text, reader); });
    transport_->hang_up();
    return reader.take();
  }

  RemoteRefs list(const std::vector<std::string>& prefixes) {
    if (version() != 2) {
      RemoteRefs refs = advertisement().refs;
      const auto symref = advertisement().capabilities.find("symref");
      for (auto& ref : refs) {
        if (ref.name != "HEAD" || symref == advertisement().capabilities.end()) continue;
        const std::string target = symref->second.substr(symref->second.find(':') + 1);
        if (is_valid_ref_name(target)) ref.symbolic_target = target;
      }
      return refs;
    }
    RefsReader reader;
    const std::string text = ls_refs_request(advertisement(), prefixes);
    named([&] { transport_->request(text, reader); });
    return reader.take();
  }

  std::unique_ptr<Transport> transport_;
  bool cut_ = false;  // the connection has served a fetch with a depth
  std::optional<Advertisement> advertisement_;
  std::set<std::string> refused_filters_;
};

}  // namespace

std::unique_ptr<Remote> make_remote(std::unique_ptr<Transport> transport) {
  return std::make_unique<NegotiatedRemote>(std::move(transport));
}

}  // namespace git
