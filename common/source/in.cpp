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
#include "source/retrieval.hpp"
#include "source/submodule_checkout.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;

void require_empty(const std::filesystem::path& directory) {
  std::error_code failed;
  const bool empty = std::filesystem::is_empty(directory, failed);
  if (failed) throw base::system_error("read", directory.string(), failed.value());
  if (!empty) throw Error(ErrorKind::usage, {"check out into", directory.string(), "the directory is not empty", ""});
}

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
  Description description{*std::move(commit),
                          ref == "HEAD" ? retrieved.commit.text() : ref,
                          {},
                          {},
                          source.named.text(),
                          "",
                          source.github_app ? git::Host::github : git::Host::by_name};
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

// What a person may not have meant.
void warn_of(const git::WorkingCopy::CheckedOut& checked_out, base::Log& log) {
  for (const auto& pattern : checked_out.unmatched) {
    log.warning(
        fmt::format("source.sparse_paths: \"{}\" matches no file of this commit", base::printable(pattern, 128)));
  }
  for (const auto& file : checked_out.written.not_encoded) {
    log.warning(fmt::format("{} is written as it is: its content does not fit the encoding of working-tree-encoding",
                            base::printable(file)));
  }
}

}  // namespace

concourse::VersionAndMetadata in(const Source& source, const InParams& params, const concourse::Version& version,
                                 const std::filesystem::path& destination, concourse::Context& context) {
  require_empty(destination);
  const auto access = open_access(source, context);
  const auto connection = connect(access, source, context);
  git::WorkingCopy copy(destination, source.named.text(), field_names());
  const auto start = context.clock.steady_now();
  context.log.info(fmt::format("fetching {} from {}", version.at("ref"), connection.remote->shown()));
  const Retrieved retrieved = retrieve(version, source, params, *connection.remote, copy.store(), context.log);
  configure(copy, source, params, retrieved);
  write_refs(copy, source, params, retrieved);
  if (!source.fields.commit_verification_keys.empty()) {
    git::verify_signature(copy, retrieved.commit, source.fields.commit_verification_keys,
                          "source.commit_verification_keys", context.environment);
  }
  warn_of(copy.check_out(retrieved.commit, git::SparsePatterns(source.fields.sparse_paths)), context.log);
  if (!params.disable_git_lfs) check_out_lfs(copy, access, connection, source, context);
  check_out_submodules(copy, retrieved.commit, access, source, params, context);
  const auto description = describe_commit(copy, version, source, params, retrieved);
  auto metadata = metadata_of(description);
  write_files(copy, description, metadata, params, context.clock.now());
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(context.clock.steady_now() - start);
  const auto& message = description.commit.message;
  const auto subject = base::printable(std::string_view(message).substr(0, message.find('\n')));
  context.log.success(fmt::format("checked out {}{}{} ({} in {})", description.commit.id.short_text(),
                                  subject.empty() ? "" : " ", subject, base::human_bytes(copy.store().received()),
                                  base::human_duration(elapsed)));
  auto fetched = version;
  if (fetched.at("ref") == "HEAD") fetched["ref"] = retrieved.commit.text();  // what HEAD was
  fetched.erase("branch");  // as the git resource answers: check does not tell it either
  return {std::move(fetched), std::move(metadata)};
}

}  // namespace source
