#include "git/commit_page.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

const std::string id = "1234567812345678123456781234567812345678";

std::string page(const std::string& origin, git::Host host = git::Host::by_name) {
  return git::commit_page(origin, *git::ObjectId::parse(id), host).value_or("none");
}

std::string author(const std::string& origin, const std::string& email, const std::string& name = "Ann O'Nym") {
  return git::author_page(origin, *git::ObjectId::parse(id), name, email).value_or("none");
}

}  // namespace

TEST_CASE("a commit has its page on each service, however the repository is reached") {
  for (const auto* origin :
       {"https://github.com/acme/app.git", "https://GitHub.com/acme/app/", "git@github.com:acme/app.git",
        "ssh://git@github.com:22/acme/app.git", "https://ann:word@github.com/acme/app"}) {
    INFO(origin);
    CHECK(page(origin) == "https://github.com/acme/app/commit/" + id);
  }
  CHECK(page("https://octocorp.ghe.com/acme/app") == "https://octocorp.ghe.com/acme/app/commit/" + id);
  CHECK(page("https://github.example.com:8443/acme/app") == "https://github.example.com:8443/acme/app/commit/" + id);
  CHECK(page("https://gitlab.com/a/b/c.git") == "https://gitlab.com/a/b/c/-/commit/" + id);
  CHECK(page("https://bitbucket.org/acme/app.git") == "https://bitbucket.org/acme/app/commits/" + id);
  CHECK(page("https://codeberg.org/acme/app") == "https://codeberg.org/acme/app/commit/" + id);
  CHECK(page("https://forgejo.example.com/acme/app") == "https://forgejo.example.com/acme/app/commit/" + id);
  CHECK(page("https://gitea.example.com/acme/app") == "https://gitea.example.com/acme/app/commit/" + id);
}

TEST_CASE("a host that does not tell what it is has no page, unless it is known") {
  CHECK(page("https://git.example.com/acme/app") == "none");
  CHECK(page("https://git.example.com/acme/app", git::Host::github) == "https://git.example.com/acme/app/commit/" + id);
  CHECK(page("/srv/github/app") == "none");
  CHECK(page("file:///srv/github/app") == "none");
  CHECK(page("ftp://github.com/acme/app") == "none");
}

TEST_CASE("credentials and hostile letters do not get into a page's address") {
  CHECK(page("https://ann:a@word@github.com/acme/app") == "https://github.com/acme/app/commit/" + id);
  CHECK(page("https://github.com/acme/app?token=geheim\"><x") ==
        "https://github.com/acme/app%3Ftoken%3Dgeheim%22%3E%3Cx/commit/" + id);
  CHECK(page("git@github.com:acme/my app%20.git") == "https://github.com/acme/my%20app%2520/commit/" + id);
  CHECK(page("https://github.com/acme/my%20app.git") == "https://github.com/acme/my%20app/commit/" + id);
  CHECK(page("git@github\n.com:acme/app") == "none");
  CHECK(page("git@github\"x:acme/app") == "none");
}

TEST_CASE("an author is found by the login in an address, else by the commits") {
  const std::string github = "https://github.com/acme/app.git";
  CHECK(author(github, "1234+ann@users.noreply.github.com") == "https://github.com/ann");
  CHECK(author(github, "ann@users.noreply.github.com") == "https://github.com/ann");
  CHECK(author(github, "49699333+dependabot[bot]@users.noreply.github.com") ==
        "https://github.com/dependabot%5Bbot%5D");
  CHECK(author(github, "ann@example.com") == "https://github.com/acme/app/commits/" + id + "?author=ann%40example.com");
  CHECK(author(github, "a&b=c\n@x") == "https://github.com/acme/app/commits/" + id + "?author=a%26b%3Dc%0A%40x");
  CHECK(author(github, "1+@users.noreply.github.com").starts_with("https://github.com/acme/app/commits/"));
  CHECK(author(github, "") == "none");
  CHECK(author("https://github.example.com/acme/app", "1+ann@users.noreply.github.com")
            .starts_with("https://github.example.com/acme/app/commits/"));
  CHECK(author("https://gitlab.com/acme/app", "77-ann@users.noreply.gitlab.com") == "https://gitlab.com/ann");
  CHECK(author("https://gitlab.com/acme/app", "ann@example.com") ==
        "https://gitlab.com/acme/app/-/commits/" + id + "?author=Ann%20O%27Nym");
  CHECK(author("https://codeberg.org/acme/app", "ann@noreply.codeberg.org") == "https://codeberg.org/ann");
  CHECK(author("https://codeberg.org/acme/app", "ann@example.com") == "none");
  CHECK(author("https://bitbucket.org/acme/app", "ann@example.com") == "none");
  CHECK(author("/srv/app", "ann@example.com") == "none");
}
