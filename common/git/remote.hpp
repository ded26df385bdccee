// A repository elsewhere: what it has, and a fetch of exactly what is asked for. Version 2 of git's protocol
// (gitprotocol-v2) where the server speaks it, else version 0 (gitprotocol-pack), both over any transport.
// Errors: those of the transport; {protocol} for answers that break the protocol; {not_found} for a wanted object that
// the server has not; {usage} for a repository with SHA-256 names.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "git/object_id.hpp"
#include "git/refs.hpp"
#include "git/transport.hpp"

namespace git {

// Receives the bytes of a pack. restart() voids what came before.
class PackSink {
 public:
  virtual ~PackSink() = default;
  virtual void restart() = 0;
  virtual void write(std::string_view bytes) = 0;
};

enum class Negotiation {
  ask,     // the server answers which of the haves it knows, and sends the pack at once when they cut the history
  decide,  // the server sends the pack with what it knows of the haves
};

inline constexpr std::uint32_t whole_history = 0x7fffffff;  // git's own "infinite depth": undoes shallowness

struct FetchRequest {
  std::vector<ObjectId> wants;
  std::vector<ObjectId> haves;
  std::vector<ObjectId> shallow;       // our commits whose parents we have not
  std::optional<std::uint32_t> depth;  // commits from each want on, merges included
  std::string filter;                  // "tree:2", "blob:none"; only where the server can_filter()
  std::string otherwise;               // to ask with where it refuses that; empty: one that keeps more, or none
  Negotiation negotiation = Negotiation::decide;
  enum class Tags { none, following } tags = Tags::none;  // following: annotated tags of the commits that are sent
  // told: a server that works for minutes says so each second, and is not taken for one that has stalled.
  enum class Progress { silent, told } progress = Progress::silent;
};

struct FetchResult {
  std::vector<ObjectId> common;  // haves that the server knows
  std::vector<ObjectId> shallow;
  std::vector<ObjectId> unshallow;
  bool has_pack = false;
};

class Remote {
 public:
  virtual ~Remote() = default;
  // Refs whose names begin with one of `prefixes`, sorted by name; tags are peeled, HEAD names its branch.
  [[nodiscard]] virtual RemoteRefs refs(const std::vector<std::string>& prefixes) = 0;
  // Refs are listed anew from here on: a server of version 0 lists them once, when it is first asked.
  virtual void forget_refs() {}
  [[nodiscard]] virtual bool can_filter() = 0;
  [[nodiscard]] virtual bool can_deepen() = 0;
  // Whether any object may be wanted, not only what a ref names.
  [[nodiscard]] virtual bool can_want_any() = 0;
  // A server may refuse some filters (uploadpackfilter.tree.maxDepth): it is asked again with one that keeps more.
  virtual FetchResult fetch(const FetchRequest& request, PackSink& sink) = 0;
  // The filters that were refused so far, and those that are known to be: the latter are not tried.
  [[nodiscard]] virtual std::set<std::string> refused_filters() const { return {}; }
  virtual void presume_refused(const std::set<std::string>& /*filters*/) {}
  [[nodiscard]] virtual std::string shown() const = 0;
};

[[nodiscard]] std::unique_ptr<Remote> make_remote(std::unique_ptr<Transport> transport);

}  // namespace git
