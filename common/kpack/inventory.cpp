#include "kpack/inventory.hpp"

#include <algorithm>
#include <variant>

#include "base/cancellation.hpp"
#include "kpack/resources.hpp"
#include "kpack/watches.hpp"

namespace kpack {
namespace {

using json::Value;
using kubernetes::ObjectChange;
using kubernetes::Replaced;
using kubernetes::WatchNews;

// Of an Image's Builds so many are kept: the newest counts, and those before it where it is deleted.
constexpr std::ptrdiff_t kept_builds = 4;
constexpr std::string_view unread_members[] = {"managedFields", "env", "resources"};

ImageName name_of(const Value& object) {
  const auto* metadata = json::find(object, "metadata");
  if (metadata == nullptr) return {};
  return {json::text_or(*metadata, "namespace"), json::text_or(*metadata, "name")};
}

Builder read_builder(const kubernetes::Resource& resource, const Value& object) {
  auto [space, name] = name_of(object);
  return {BuilderReference{std::string(resource.kind), std::move(name), std::move(space)}, object};
}

// A fleet may have thousands: the whole objects would be most of the memory.
template <class T>
T slim(T object) {
  object.value = Value();
  return object;
}

bool is_within(const std::string& space, const std::string& watched) { return watched.empty() || space == watched; }

void put(std::vector<Build>& builds, Build build) {
  const auto found =
      std::find_if(builds.begin(), builds.end(), [&](const Build& known) { return known.name == build.name; });
  if (found != builds.end()) {
    *found = std::move(build);
    return;
  }
  builds.push_back(std::move(build));
  // Those that an Image of the same name left behind have numbers of their own, and push out none of this one's.
  const auto is_sibling = [owner = builds.back().owner_uid](const Build& one) { return one.owner_uid == owner; };
  if (std::count_if(builds.begin(), builds.end(), is_sibling) <= kept_builds) return;
  builds.erase(std::min_element(builds.begin(), builds.end(), [&](const Build& a, const Build& b) {
    return is_sibling(a) != is_sibling(b) ? is_sibling(a) : a.number < b.number;
  }));
}

void put(std::vector<Builder>& builders, Builder builder) {
  const auto found = std::find_if(builders.begin(), builders.end(),
                                  [&](const Builder& known) { return known.reference == builder.reference; });
  if (found != builders.end()) {
    *found = std::move(builder);
  } else {
    builders.push_back(std::move(builder));
  }
}

// What is watched: one kind of object in one namespace.
struct Subject {
  enum class Kind { target, builders, images, builds } kind{};
  const kubernetes::Resource* resource = nullptr;
  std::string space;
};

// How news of a subject change what is seen.
class Ledger {
 public:
  Ledger(Inventory seen, Target target) : seen_(std::move(seen)), target_(std::move(target)) {
    for (const auto& [name, image] : seen_.images) followed_.insert(name);
  }

  [[nodiscard]] const Inventory& seen() const { return seen_; }

  void apply(const Subject& subject, WatchNews news) {
    if (auto* all = std::get_if<Replaced>(&news)) {
      forget(subject);
      for (auto& item : all->items) take(subject, std::move(item));
      return;
    }
    auto& change = std::get<ObjectChange>(news);
    if (change.kind == ObjectChange::Kind::deleted) {
      drop(subject, change.object);
    } else {
      take(subject, std::move(change.object));
    }
  }

 private:
  void take(const Subject& subject, Value object) {
    switch (subject.kind) {
      case Subject::Kind::target:
        seen_.target = TargetObject(target_.kind, std::move(object));
        return;
      case Subject::Kind::builders:
        put(seen_.builders, read_builder(*subject.resource, object));
        if (target_.kind == TargetKind::builder) seen_.target = TargetObject(target_.kind, std::move(object));
        return;
      case Subject::Kind::images: {
        auto name = name_of(object);
        if (!followed_.contains(name)) return;
        seen_.images.insert_or_assign(std::move(name), slim(Image(std::move(object))));
        return;
      }
      case Subject::Kind::builds: {
        auto build = slim(Build(std::move(object)));
        const ImageName image{build.space, build.image};
        if (followed_.contains(image)) put(seen_.builds[image], std::move(build));
        return;
      }
    }
  }

  void drop(const Subject& subject, const Value& object) {
    switch (subject.kind) {
      case Subject::Kind::target:
        seen_.target.reset();
        return;
      case Subject::Kind::builders:
        std::erase_if(seen_.builders, [gone = read_builder(*subject.resource, object).reference](
                                          const Builder& builder) { return builder.reference == gone; });
        if (target_.kind == TargetKind::builder) seen_.target.reset();
        return;
      case Subject::Kind::images:
        seen_.images.erase(name_of(object));
        return;
      case Subject::Kind::builds: {
        const Build gone(object);
        const auto found = seen_.builds.find({gone.space, gone.image});
        if (found == seen_.builds.end()) return;
        std::erase_if(found->second, [&](const Build& build) { return build.name == gone.name; });
        return;
      }
    }
  }

  // All of a subject, before it is told anew.
  void forget(const Subject& subject) {
    switch (subject.kind) {
      case Subject::Kind::target:
        seen_.target.reset();
        return;
      case Subject::Kind::builders:
        std::erase_if(seen_.builders, [&](const Builder& builder) {
          return builder.reference.kind == subject.resource->kind && is_within(builder.reference.space, subject.space);
        });
        if (target_.kind == TargetKind::builder) seen_.target.reset();
        return;
      case Subject::Kind::images:
        std::erase_if(seen_.images, [&](const auto& entry) { return is_within(entry.first.first, subject.space); });
        return;
      case Subject::Kind::builds:
        std::erase_if(seen_.builds, [&](const auto& entry) { return is_within(entry.first.first, subject.space); });
        return;
    }
  }

  Inventory seen_;
  Target target_;
  std::set<ImageName> followed_;
};

class Watching final : public Overview {
 public:
  Watching(kubernetes::Client& client, const Target& target, Listed listed, base::Random& random, base::Log& log)
      : ledger_(std::move(listed.seen), target),
        cancellation_(std::make_shared<base::Cancellation>()),
        watches_(client, random, log) {
    const auto& at = listed.at;
    const std::string by_name = "metadata.name=" + target.name;
    if (target.kind == TargetKind::builder) {
      watch({Subject::Kind::builders, &cluster_builder_resource, ""}, by_name, at.cluster_builders);
    } else {
      watch({Subject::Kind::target, &resource_of(target.kind), ""}, by_name, at.target);
      watch({Subject::Kind::builders, &cluster_builder_resource, ""}, "", at.cluster_builders);
      for (const auto& [space, version] : at.builders) {
        watch({Subject::Kind::builders, &builder_resource, space}, "", version);
      }
    }
    for (const auto& [space, version] : at.images) {
      watch({Subject::Kind::images, &image_resource, space}, "", version);
    }
    for (const auto& [space, version] : at.builds) {
      watch({Subject::Kind::builds, &build_resource, space}, "", version);
    }
  }

  [[nodiscard]] const Inventory& seen() const override { return ledger_.seen(); }

  bool wait(std::chrono::milliseconds longest) override {
    auto all = watches_.take(longest);
    for (auto& [number, what] : all) {
      if (const auto* failure = std::get_if<std::exception_ptr>(&what)) std::rethrow_exception(*failure);
      ledger_.apply(subjects_[number], std::get<WatchNews>(std::move(what)));
    }
    return !all.empty();
  }

 private:
  void watch(const Subject& subject, const std::string& fields, const std::string& version) {
    subjects_.push_back(subject);
    watches_.add({*subject.resource, subject.space, {"", fields}}, version, cancellation_);
  }

  Ledger ledger_;
  std::shared_ptr<base::Cancellation> cancellation_;
  std::vector<Subject> subjects_;  // by the numbers of the watches
  Watches watches_;
};

}  // namespace

Listed list_inventory(kubernetes::Client& client, const Target& target, const std::vector<std::string>& spaces) {
  Listed result;
  auto& [seen, at] = result;
  const auto list = [&](const kubernetes::Resource& resource, const std::string& space, const std::string& fields,
                        std::string& version) {
    auto listing = client.list(resource, space, {"", fields}, unread_members);
    version = std::move(listing.resource_version);
    return std::move(listing.items);
  };
  const std::string by_name = "metadata.name=" + target.name;
  const bool is_builder = target.kind == TargetKind::builder;
  for (auto& item : list(resource_of(target.kind), "", by_name, is_builder ? at.cluster_builders : at.target)) {
    if (is_builder) seen.builders.push_back(read_builder(cluster_builder_resource, item));
    seen.target = TargetObject(target.kind, std::move(item));
  }
  if (!seen.target) return result;
  if (!is_builder) {
    for (const auto& item : list(cluster_builder_resource, "", "", at.cluster_builders)) {
      seen.builders.push_back(read_builder(cluster_builder_resource, item));
    }
    for (const auto& space : spaces) {
      for (const auto& item : list(builder_resource, space, "", at.builders[space])) {
        seen.builders.push_back(read_builder(builder_resource, item));
      }
    }
  }
  for (const auto& space : spaces) {
    for (auto& item : list(image_resource, space, "", at.images[space])) {
      auto image = slim(Image(std::move(item)));
      const auto* builder = builder_of(image, seen.builders);
      if (builder != nullptr && stands_on(*builder, target)) {
        seen.images.emplace(ImageName(image.space, image.name), std::move(image));
      }
    }
  }
  for (const auto& space : spaces) {
    for (auto& item : list(build_resource, space, "", at.builds[space])) {
      auto build = slim(Build(std::move(item)));
      if (const ImageName image{build.space, build.image}; seen.images.contains(image)) {
        put(seen.builds[image], std::move(build));
      }
    }
  }
  return result;
}

std::unique_ptr<Overview> watch_inventory(kubernetes::Client& client, const Target& target, Listed listed,
                                          base::Random& random, base::Log& log) {
  return std::make_unique<Watching>(client, target, std::move(listed), random, log);
}

}  // namespace kpack
