#include "source/in.hpp"

#include <fmt/format.h>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "git/describe.hpp"
#include "git/signature.hpp"
#include "git/working_copy.hpp"
#include "source/connection.hpp"
#include "source/lfs_checkout.hpp"
#include "source/metadata.hpp"
#include "source/params.hpp"
#include "source/retrieval.hpp"
#include "source/source.hpp"
#include "source/submodule_checkout.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;

// The destination as the caller gave it, unless all went well.
class Destination {
 public:
  explicit Destination(const std::filesystem::path& path) : path_(path) {
    std::error_code error;
    made_ = std::filesystem::create_directories(path_, error);
    if (error) throw base::system_error("create", path_.string(), error.value());
    if (!std::filesystem::is_empty(path_, error) || error) {
      throw Error(ErrorKind::usage, {"check out into", path_.string(), "the directory is not empty", ""});
    }
  }
  ~Destination() {
    if (kept_) return;
    base::empty_directory(path_);
    std::error_code ignored;
    if (made_) std::filesystem::remove(path_, ignored);
  }
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  void keep() { kept_ = true; }

 private:
  const std::filesystem::path& path_;
  bool made_ = false;
  bool kept_ = false;
};

void configure(git::WorkingCopy& copy, const Source& source, const InParams& params, const Retrieved& retrieved) {
  if (params.all_branches || !retrieved.branch) {
    copy.add_fetch_refspec("+refs/heads/*:refs/remotes/origin/*");
  } else {
    copy.add_fetch_refspec(fmt::format("+refs/heads/{0}:refs/remotes/origin/{0}", *retrieved.branch));
  }
  if (retrieved.branch) copy.track(*retrieved.branch);
  for (std::size_t i = 0; i < source.fields.git_config.size(); ++i) {
    const auto& setting = source.fields.git_config[i];
    using Earlier = git::WorkingCopy::Earlier;
    copy.configure(setting.name, setting.value, fmt::format("source.git_config[{}].name", i),
                   GitSettings::is_list(setting.name) ? Earlier::kept : Earlier::replaced);
  }
}

void write_refs(git::WorkingCopy& copy, const Source& source, const InParams& params, const Retrieved& retrieved) {
  auto refs = retrieved.refs;
  if (params.clean_tags) std::erase_if(refs, [](const auto& ref) { return ref.first.starts_with("refs/tags/"); });
  copy.write_refs(refs);
  if (!source.branch && retrieved.branch && retrieved.refs.contains("refs/heads/" + *retrieved.branch)) {
    copy.write_symbolic_ref("refs/remotes/origin/HEAD", "refs/remotes/origin/" + *retrieved.branch);
  }
  copy.write_shallow(retrieved.shallow);
}

Description describe_commit(git::WorkingCopy& copy, const concourse::Version& version, const Source& source,
                            const InParams& params, const Retrieved& retrieved) {
  auto commit = copy.store().find_commit(retrieved.commit);
  const std::string& ref = version.at("ref");
  Description description{
      *std::move(commit), ref == "HEAD" ? retrieved.commit.text() : ref, {}, {}, source.named.text(), ""};
  for (const auto& [name, id] : retrieved.refs) {
    constexpr std::string_view heads = "refs/heads/";
    if (name.starts_with(heads) && id == retrieved.commit) description.branches.push_back(name.substr(heads.size()));
  }
  for (const auto& [name, id] : retrieved.tags) {
    if (id == retrieved.commit) description.tags.push_back(name);
  }
  description.described =
      git::describe(copy, retrieved.commit,
                    git::DescribeOptions::parse(params.describe_ref_options, "params.describe_ref_options"))
          .value_or("");
  return description;
}

}  // namespace

concourse::VersionAndMetadata in(const concourse::Request& request, const std::filesystem::path& destination,
                                 concourse::Context& context) {
  Source source = read_source(request.source);
  const InParams params = read_in_params(request.params);
  require_version(*request.version, request.kind);
  // A version may be pinned together with the branch that it is on.
  if (const auto branch = request.version->find("branch"); branch != request.version->end()) {
    source.branch = read_branch(branch->second, "version.branch");
  }
  auto connection = connect(source, context);
  Destination guard(destination);
  git::WorkingCopy copy(destination, source.named.text());
  const auto start = context.clock.steady_now();
  context.log.info(fmt::format("fetching {} from {}", request.version->at("ref"), connection.remote->shown()));
  const Retrieved retrieved = retrieve(*request.version, source, params, *connection.remote, copy.store(), context.log);
  configure(copy, source, params, retrieved);
  write_refs(copy, source, params, retrieved);
  if (!source.fields.commit_verification_keys.empty()) {
    git::verify_signature(copy, retrieved.commit, source.fields.commit_verification_keys,
                          "source.commit_verification_keys", context.environment);
  }
  copy.check_out(retrieved.commit, git::SparsePatterns(source.fields.sparse_paths));
  if (!params.disable_git_lfs) check_out_lfs(copy, access_of(source), connection, source, context);
  check_out_submodules(copy, retrieved.commit, access_of(source), source, params, context);
  const auto description = describe_commit(copy, *request.version, source, params, retrieved);
  auto metadata = metadata_of(description);
  write_files(copy, description, metadata, params, context.clock.now());
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(context.clock.steady_now() - start);
  context.log.detail(
      fmt::format("{} in {}", base::human_bytes(copy.store().received()), base::human_duration(elapsed)));
  const auto& message = description.commit.message;
  context.log.info(fmt::format("{} {}", description.commit.id.short_text(),
                               base::printable(std::string_view(message).substr(0, message.find('\n')))));
  guard.keep();
  auto version = *request.version;
  if (version.at("ref") == "HEAD") version["ref"] = retrieved.commit.text();  // what HEAD was
  return {std::move(version), std::move(metadata)};
}

}  // namespace source
