#include "launcher/documents.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include "base/error.hpp"

using Catch::Matchers::Message;
using launcher::Execution;
using launcher::parse_exec_d_output;
using launcher::parse_metadata;
using Texts = std::vector<std::string>;

TEST_CASE("processes and buildpacks are read as the exporter wrote them") {
  const auto metadata = parse_metadata(R"([[processes]]
  type = "web"
  command = ["java", "-jar"]
  args = ["app.jar"]
  direct = true
  default = true
  buildpack-id = "example/java"
  working-dir = "/workspace/server"
  exec-env = ["production"]

[[processes]]
  type = "old"
  command = "rake"
  args = []
  direct = false
  buildpack-id = "example/ruby"

[[buildpacks]]
  id = "example/java"
  version = "1.2.3"
  api = "0.10"
  optional = true
)");
  REQUIRE(metadata.processes.size() == 2);
  const auto& web = metadata.processes[0];
  CHECK(web.type == "web");
  CHECK(web.command == Texts{"java", "-jar"});
  CHECK(web.arguments == Texts{"app.jar"});
  CHECK(web.execution == Execution::direct);
  CHECK(web.buildpack == "example/java");
  CHECK(web.working_directory == "/workspace/server");
  CHECK(web.execution_environments == Texts{"production"});
  CHECK(metadata.processes[1].command == Texts{"rake"});
  CHECK(metadata.processes[1].execution == Execution::shell);
  REQUIRE(metadata.buildpacks.size() == 1);
  CHECK(metadata.buildpacks[0].id == "example/java");
  CHECK(metadata.buildpacks[0].api == "0.10");
}

TEST_CASE("an image without processes has empty metadata") {
  const auto metadata = parse_metadata("");
  CHECK(metadata.processes.empty());
  CHECK(metadata.buildpacks.empty());
}

TEST_CASE("metadata of the wrong type name the field") {
  const struct {
    const char* text;
    const char* cause;
  } cases[] = {{"processes = 3", "processes is not an array of tables"},
               {"processes = [3]", "processes is not an array of tables"},
               {"[[processes]]\ncommand = 3", "command is not an array of texts"},
               {"[[processes]]\nargs = [3]", "args is not an array of texts"},
               {"[[processes]]\ndirect = \"yes\"", "direct is not true or false"},
               {"[[buildpacks]]\nid = []", "id is not a text"}};
  for (const auto& expected : cases) {
    const std::string message = expected.cause;
    CHECK_THROWS_MATCHES(parse_metadata(expected.text), base::Error,
                         Message("cannot read config/metadata.toml: " + message + "; build the image again"));
  }
}

TEST_CASE("broken metadata name the line") {
  try {
    static_cast<void>(parse_metadata("a = 1\nb = = 2\n"));
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.report().cause.starts_with("line 2: "));
  }
}

TEST_CASE("metadata nested without end are refused, not followed") {
  CHECK_THROWS_AS(parse_metadata("a = " + std::string(100'000, '[')), base::Error);
}

TEST_CASE("exec.d output is names and texts of any TOML form") {
  const auto variables =
      parse_exec_d_output("A = \"one\"\nB = 'a\\b'\nC = \"\"\"two\nlines\"\"\"\nD = \"\\u00e9\"\n", "p");
  CHECK(variables == std::map<std::string, std::string>{{"A", "one"}, {"B", "a\\b"}, {"C", "two\nlines"}, {"D", "é"}});
  CHECK(parse_exec_d_output("", "p").empty());
}

TEST_CASE("exec.d output that is not an environment is an error that names the program and the variable") {
  CHECK_THROWS_MATCHES(parse_exec_d_output("A = 1", "/layers/x/exec.d/p"), base::Error,
                       Message("cannot use the output of /layers/x/exec.d/p: A is not a variable with a text"));
  for (const char* text :
       {"[A]\nB = \"x\"", "A = \"1\"\nA = \"2\"", "\"A=B\" = \"1\"", "\"\" = \"1\"", "A = \"a\\u0000b\"", "A"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_exec_d_output(text, "p"), base::Error);
  }
}

TEST_CASE("a document that nests without end is refused") {
  std::string keys = "a";
  for (int i = 0; i < 40'000; ++i) keys += ".a";
  CHECK_THROWS_MATCHES(parse_metadata(keys + " = 1\n"), base::Error,
                       Message("cannot read config/metadata.toml: it is nested deeper than 48"));
  CHECK_THROWS_MATCHES(parse_exec_d_output("[" + keys + "]\n", "/layers/a/exec.d/b"), base::Error,
                       Message("cannot use the output of /layers/a/exec.d/b: it is nested deeper than 48"));
}
