#include "git/configuration.hpp"

#include <catch2/catch_test_macros.hpp>

#include "git/config_text.hpp"

using git::Configuration;

TEST_CASE("a configuration is written as git writes it") {
  auto configuration = Configuration::parse("[core]\n\tbare = false\n", "a test");
  configuration.set("remote.origin.url", "https://host/app.git");
  configuration.add("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*");
  configuration.set("Core.FileMode", "true");
  configuration.set("submodule.a \"b\\c.url", "x");
  CHECK(configuration.text() ==
        "[core]\n\tbare = false\n\tfilemode = true\n"
        "[remote \"origin\"]\n\turl = https://host/app.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
        "[submodule \"a \\\"b\\\\c\"]\n\turl = x\n");
}

TEST_CASE("a setting has the values that it was given, the earlier ones or not") {
  Configuration configuration;
  configuration.add("url.b.insteadOf", "one");
  configuration.add("URL.b.INSTEADOF", "two");
  CHECK(configuration.text() == "[url \"b\"]\n\tinsteadof = one\n\tinsteadof = two\n");
  configuration.set("url.b.insteadof", "three");
  CHECK(configuration.text() == "[url \"b\"]\n\tinsteadof = three\n");
  configuration.remove("url.b.insteadOf");
  CHECK(configuration.text().empty());
}

TEST_CASE("a value is read again as it was written") {
  for (const char* value : {"",    " ",  "x ", " x",  "a b",  "x\r", "x\n", "a\tb",     "\x1b[0m", "a # b",
                            "; a", "\"", "\\", "a\\", "a\"b", "\b",  "-x",  "\xC3\xA4", "x\r\ny",  "[core]"}) {
    Configuration configuration;
    configuration.set("core.worktree", value);
    const auto read = git::read_config_text(configuration.text(), "a test");
    REQUIRE(read.size() == 1);
    CHECK(read[0].second == value);
  }
}

TEST_CASE("the name of a setting has a section and a key") {
  for (const char* name : {"core.bare", "Core.Big-File", "url.https://host/a.b.insteadOf", "a.b c.d", "http..x"}) {
    CHECK(Configuration::is_name(name));
  }
  for (const char* name :
       {"", "core", "core.", ".bare", "core.1x", "co re.bare", "core.ba re", "a.b\nc.d", "core.x=y", "core.-x"}) {
    CHECK_FALSE(Configuration::is_name(name));
  }
}
