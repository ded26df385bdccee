#include "git/describe.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "git/wildmatch.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

// Words as a shell splits them, with single and double quotes and backslashes; nothing is expanded.
std::vector<std::string> words_of(std::string_view text, const std::string& field) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      word += text[++i];
      inside = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (inside) words.push_back(std::exchange(word, {}));
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (quote != 0) throw Error(ErrorKind::usage, {"read", field, "a quote is not closed", ""});
  if (inside) words.push_back(word);
  return words;
}

unsigned number(const std::string& text, const std::string& option, const std::string& field) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 1000) {
    throw Error(ErrorKind::usage, {"read", field, fmt::format("{} needs a number", option), ""});
  }
  return value;
}

// A ref by which a commit may be described. One of a higher rank wins over one of a lower rank at the same commit.
struct Name {
  std::string path;
  ObjectId object;
  enum class Rank { head, lightweight, annotated } rank = Rank::head;
  std::optional<Tag> tag;  // of annotated tags

  [[nodiscard]] std::string text(const DescribeOptions& options) const {
    const bool all = options.candidates == DescribeOptions::Candidates::all_refs;
    return tag ? (all ? "tags/" : "") + tag->name : path;
  }
  [[nodiscard]] bool describes(const DescribeOptions& options) const {
    return rank == Rank::annotated || options.candidates != DescribeOptions::Candidates::annotated_tags;
  }
  // Whether the ref has another name than the tag that it names.
  [[nodiscard]] bool is_misnamed() const { return tag && path != tag->name && path != "tags/" + tag->name; }
};

using Names = std::map<ObjectId, Name>;

bool is_chosen(std::string_view shortened, const DescribeOptions& options) {
  const auto matches = [&](const std::string& pattern) { return wildmatch(pattern, shortened); };
  return (options.match.empty() || std::any_of(options.match.begin(), options.match.end(), matches)) &&
         std::none_of(options.exclude.begin(), options.exclude.end(), matches);
}

// The path by which a ref describes; nothing for one that does not.
std::optional<std::string> path_of(std::string_view ref, const DescribeOptions& options) {
  constexpr std::string_view refs = "refs/";
  constexpr std::string_view tags = "refs/tags/";
  if (options.candidates != DescribeOptions::Candidates::all_refs) {
    if (!ref.starts_with(tags) || !is_chosen(ref.substr(tags.size()), options)) return std::nullopt;
    return std::string(ref.substr(tags.size()));
  }
  const bool choosy = !options.match.empty() || !options.exclude.empty();
  for (const std::string_view prefix : {tags, std::string_view("refs/heads/"), std::string_view("refs/remotes/")}) {
    if (!ref.starts_with(prefix)) continue;
    if (choosy && !is_chosen(ref.substr(prefix.size()), options)) return std::nullopt;
    return std::string(ref.substr(refs.size()));
  }
  return choosy ? std::nullopt : std::optional(std::string(ref.substr(refs.size())));
}

Names names_of(const WorkingCopy& copy, const DescribeOptions& options) {
  Names names;
  for (const auto& [ref, id] : copy.refs()) {
    auto path = path_of(ref, options);
    if (!path) continue;
    auto tag = copy.store().find_tag(id);
    ObjectId peeled = id;
    for (auto next = tag; next; next = copy.store().find_tag(peeled)) peeled = next->target;
    const auto rank = tag                             ? Name::Rank::annotated
                      : ref.starts_with("refs/tags/") ? Name::Rank::lightweight
                                                      : Name::Rank::head;
    Name name{*std::move(path), id, rank, std::move(tag)};
    const auto [known, added] = names.try_emplace(peeled, name);
    if (added) continue;
    const auto& before = known->second;
    const bool younger = before.tag && name.tag && before.tag->date < name.tag->date;
    if (before.rank < name.rank || (before.rank == name.rank && younger)) known->second = std::move(name);
  }
  return names;
}

// git's own search (builtin/describe.c): from the commit back by date, counting for each tag that is met the commits
// that it does not contain, until there are enough candidates; the one with the fewest describes.
class Search {
 public:
  Search(const WorkingCopy& copy, const Names& names, const DescribeOptions& options)
      : store_(copy.store()), cut_(copy.shallow()), names_(names), options_(options) {}

  struct Candidate {
    const Name* name;
    unsigned depth;
    std::uint32_t flag;
  };

  std::optional<Candidate> run(const ObjectId& commit) {
    collect(commit);
    if (candidates_.empty()) return std::nullopt;
    auto best = *std::min_element(candidates_.begin(), candidates_.end(),
                                  [](const Candidate& a, const Candidate& b) { return a.depth < b.depth; });
    finish(best);
    return best;
  }

 private:
  using Number = std::uint32_t;  // of a commit: there may be a million of them

  static constexpr std::uint32_t seen = 1;
  static constexpr std::size_t most_flags = 27;  // as many as git has bits for

  struct Node {
    explicit Node(ObjectId name) : id(std::move(name)) {}
    ObjectId id;
    std::vector<Number> parents;
    std::int64_t date = 0;
    std::uint32_t flags = 0;
    bool loaded = false;
    bool present = false;
  };
  struct Waiting {
    std::int64_t date;
    std::uint64_t order;
    Number number;
    // The youngest first, and of equal ones the one that waits longest.
    bool operator<(const Waiting& other) const { return date != other.date ? date < other.date : order > other.order; }
  };

  Number number_of(const ObjectId& id) {
    if (const auto found = numbers_.find(id.text()); found != numbers_.end()) return found->second;
    const auto number = static_cast<Number>(nodes_.size());
    nodes_.emplace_back(id);
    numbers_.emplace(nodes_.back().id.text(), number);
    return number;
  }

  // Nothing for a commit that is not there: the history is cut before it.
  Node* node(Number number) {
    Node& result = nodes_[number];
    if (!result.loaded) load(result);
    return result.present ? &result : nullptr;
  }

  void load(Node& node) {
    if (nodes_.size() % 1024 == 0) base::throw_if_terminated();
    node.loaded = true;
    const auto commit = store_.find_commit_if_one(node.id);
    if (!commit) return;
    node.present = true;
    node.date = commit->date;
    if (cut_.contains(node.id)) return;
    for (const auto& parent : commit->parents) node.parents.push_back(number_of(parent));
  }

  void push(Number number) { queue_.push({nodes_[number].date, order_++, number}); }

  Number pop() {
    const Number number = queue_.top().number;
    queue_.pop();
    return number;
  }

  void collect(const ObjectId& commit) {
    const Number first = number_of(commit);
    if (node(first) == nullptr) return;
    nodes_[first].flags = seen;
    push(first);
    const std::size_t most = std::min<std::size_t>(options_.most_candidates, most_flags);
    unsigned count = 0;
    while (!queue_.empty()) {
      const Number number = pop();
      Node& current = nodes_[number];
      ++count;
      if (const auto* name = describing(current.id)) {
        if (candidates_.size() == most) return push(number);
        const std::uint32_t flag = 1U << (candidates_.size() + 1);
        candidates_.push_back({name, count - 1, flag});
        current.flags |= flag;
        has_annotated_ = has_annotated_ || name->rank == Name::Rank::annotated;
      }
      for (auto& candidate : candidates_) {
        if ((current.flags & candidate.flag) == 0) ++candidate.depth;
      }
      if (has_annotated_ && queue_.empty() && is_decided(current)) return;
      const std::size_t parents = options_.parents == DescribeOptions::Parents::first ? 1 : current.parents.size();
      for (std::size_t i = 0; i < std::min(parents, current.parents.size()); ++i) follow(current, current.parents[i]);
    }
  }

  [[nodiscard]] const Name* describing(const ObjectId& id) const {
    const auto found = names_.find(id);
    return found != names_.end() && found->second.describes(options_) ? &found->second : nullptr;
  }

  // Whether all that is left lies behind the best candidates.
  [[nodiscard]] bool is_decided(const Node& last) const {
    unsigned best = std::numeric_limits<unsigned>::max();
    std::uint32_t flags = 0;
    for (const auto& candidate : candidates_) {
      if (candidate.depth > best) continue;
      flags = candidate.depth < best ? candidate.flag : flags | candidate.flag;
      best = candidate.depth;
    }
    return (last.flags & flags) == flags;
  }

  void follow(const Node& current, Number number) {
    Node* parent = node(number);
    if (parent == nullptr) return;
    if ((parent->flags & seen) == 0) push(number);
    parent->flags |= current.flags;
  }

  // The depth of the best is counted to the end: the search ended when there were enough candidates.
  void finish(Candidate& best) {
    std::set<Number> outside;  // waiting, and not contained in the best
    for (auto waiting = queue_; !waiting.empty(); waiting.pop()) {
      if ((nodes_[waiting.top().number].flags & best.flag) == 0) outside.insert(waiting.top().number);
    }
    while (!queue_.empty()) {
      const Number number = pop();
      const Node& current = nodes_[number];
      if ((current.flags & best.flag) == 0) {
        ++best.depth;
        outside.erase(number);
      } else if (outside.empty()) {
        return;
      }
      for (const Number parent : current.parents) {
        const bool is_new = (nodes_[parent].flags & seen) == 0;
        follow(current, parent);
        if ((nodes_[parent].flags & best.flag) != 0) {
          outside.erase(parent);
        } else if (is_new && nodes_[parent].present) {
          outside.insert(parent);
        }
      }
    }
  }

  const ObjectStore& store_;
  const std::set<ObjectId>& cut_;
  const Names& names_;
  const DescribeOptions& options_;
  std::deque<Node> nodes_;  // which stay where they are: their names are the keys of numbers_
  std::unordered_map<std::string_view, Number> numbers_;
  std::priority_queue<Waiting> queue_;
  std::uint64_t order_ = 0;
  std::vector<Candidate> candidates_;
  bool has_annotated_ = false;
};

std::string suffix_of(unsigned depth, const ObjectId& commit, const WorkingCopy& copy, const DescribeOptions& options) {
  return fmt::format("-{}-g{}", depth, copy.store().abbreviated(commit, options.abbreviation));
}

}  // namespace

DescribeOptions DescribeOptions::parse(std::string_view text, const std::string& field) {
  DescribeOptions options;
  const auto words = words_of(text, field);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string option = words[i].substr(0, equals);
    const auto value = [&]() -> std::string {
      if (equals != std::string::npos) return words[i].substr(equals + 1);
      if (i + 1 < words.size()) return words[++i];
      throw Error(ErrorKind::usage, {"read", field, fmt::format("{} needs a value", option), ""});
    };
    if (option == "--always") {
      options.fallback = Fallback::abbreviated_id;
    } else if (option == "--dirty" || option == "--broken") {
      // The checkout is always clean.
    } else if (option == "--tags") {
      options.candidates = Candidates::all_tags;
    } else if (option == "--all") {
      options.candidates = Candidates::all_refs;
    } else if (option == "--long") {
      options.long_form = Long::always;
    } else if (option == "--first-parent") {
      options.parents = Parents::first;
    } else if (option == "--exact-match") {
      options.most_candidates = 0;
    } else if (option == "--candidates") {
      options.most_candidates = number(value(), option, field);
    } else if (option == "--abbrev") {
      options.abbreviation = number(value(), option, field);
      options.without_id = options.abbreviation == 0;
    } else if (option == "--match") {
      options.match.push_back(value());
    } else if (option == "--exclude") {
      options.exclude.push_back(value());
    } else {
      throw Error(ErrorKind::usage, {"read", field, fmt::format("{} is not supported here", option),
                                     "use --always, --tags, --all, --long, --first-parent, --exact-match, "
                                     "--candidates, --abbrev, --match, --exclude"});
    }
  }
  if (options.without_id && options.long_form == Long::always) {
    throw Error(ErrorKind::usage,
                {"read", field, "--long and --abbrev=0 contradict each other", "leave one of them out"});
  }
  return options;
}

std::optional<std::string> describe(const WorkingCopy& copy, const ObjectId& commit, const DescribeOptions& options) {
  const auto names = names_of(copy, options);
  if (const auto exact = names.find(commit); exact != names.end() && exact->second.describes(options)) {
    const auto& name = exact->second;
    const bool is_long = name.is_misnamed() || options.long_form == DescribeOptions::Long::always;
    if (!is_long) return name.text(options);
    return name.text(options) + suffix_of(0, name.tag ? name.tag->target : commit, copy, options);
  }
  if (options.most_candidates == 0) return std::nullopt;
  const bool is_possible =
      std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.second.describes(options); });
  const auto best = is_possible ? Search(copy, names, options).run(commit) : std::nullopt;
  if (!best) {
    if (options.fallback == DescribeOptions::Fallback::none) return std::nullopt;
    return options.without_id ? commit.text() : copy.store().abbreviated(commit, options.abbreviation);
  }
  const bool has_suffix = best->name->is_misnamed() || !options.without_id;
  return best->name->text(options) + (has_suffix ? suffix_of(best->depth, commit, copy, options) : "");
}

}  // namespace git
