#include "git/history.hpp"

#include <deque>
#include <queue>
#include <unordered_map>

#include "base/termination.hpp"

namespace git {
namespace {

// Each commit is read once and known by its number from then on: there may be a million of them.
class History {
 public:
  explicit History(const ObjectStore& store) : store_(store) {}

  void follow(const ObjectId& tip) {
    if (!store_.find_commit_if_one(tip)) return;
    lines_.push_back(number_of(tip));
    for (; read_ < nodes_.size(); ++read_) {
      if (read_ % 1024 == 0) base::throw_if_terminated();
      Node& node = nodes_[read_];
      const auto commit = store_.find_commit(node.id);
      if (!commit) continue;
      node.present = true;
      node.time = commit->date;
      for (const auto& parent : commit->parents) {
        const Number number = number_of(parent);
        nodes_[read_].parents.push_back(number);
        nodes_[number].children.push_back(static_cast<Number>(read_));
      }
    }
  }

  std::vector<ObjectId> lines() {
    for (const Number tip : lines_) mark(tip);
    const auto later = [this](Number a, Number b) {
      const Node& one = nodes_[a];
      const Node& other = nodes_[b];
      return one.time != other.time ? one.time > other.time : one.id > other.id;
    };
    std::priority_queue<Number, std::vector<Number>, decltype(later)> ready(later);
    for (Number number = 0; number < nodes_.size(); ++number) {
      Node& node = nodes_[number];
      for (const Number parent : node.parents) node.waiting_for += nodes_[parent].present ? 1U : 0U;
      if (node.present && node.waiting_for == 0) ready.push(number);
    }
    std::vector<ObjectId> order;
    while (!ready.empty()) {
      const Node& node = nodes_[ready.top()];
      ready.pop();
      if (node.on_line) order.push_back(node.id);
      for (const Number child : node.children) {
        if (--nodes_[child].waiting_for == 0) ready.push(child);
      }
    }
    return order;
  }

 private:
  using Number = std::uint32_t;
  struct Node {
    explicit Node(ObjectId name) : id(std::move(name)) {}
    ObjectId id;
    std::int64_t time = 0;
    std::vector<Number> parents;
    std::vector<Number> children;
    Number waiting_for = 0;  // parents that are not in the order yet
    bool present = false;
    bool on_line = false;
  };

  Number number_of(const ObjectId& id) {
    if (const auto found = numbers_.find(id.text()); found != numbers_.end()) return found->second;
    const auto number = static_cast<Number>(nodes_.size());
    nodes_.emplace_back(id);
    numbers_.emplace(nodes_.back().id.text(), number);
    return number;
  }

  void mark(Number number) {
    while (nodes_[number].present && !nodes_[number].on_line) {
      nodes_[number].on_line = true;
      if (nodes_[number].parents.empty()) return;
      number = nodes_[number].parents.front();
    }
  }

  const ObjectStore& store_;
  std::deque<Node> nodes_;  // which stay where they are: their names are the keys of numbers_
  std::unordered_map<std::string_view, Number> numbers_;
  std::vector<Number> lines_;
  std::size_t read_ = 0;
};

}  // namespace

std::vector<ObjectId> first_parent_lines(const ObjectStore& store, const std::vector<ObjectId>& tips) {
  History history(store);
  for (const auto& tip : tips) history.follow(tip);
  return history.lines();
}

}  // namespace git
