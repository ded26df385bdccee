#include "concourse/context.hpp"

#include <catch2/catch_test_macros.hpp>

using Variables = base::Environment::Variables;

TEST_CASE("the page of a build is found from Concourse's variables") {
  const base::Environment job(Variables{{"ATC_EXTERNAL_URL", "https://ci.example/"},
                                        {"BUILD_ID", "42"},
                                        {"BUILD_TEAM_NAME", "main"},
                                        {"BUILD_PIPELINE_NAME", "pet clinic"},
                                        {"BUILD_JOB_NAME", "build"},
                                        {"BUILD_NAME", "7"}});
  CHECK(concourse::build_url(job) == "https://ci.example/teams/main/pipelines/pet%20clinic/jobs/build/builds/7");
  CHECK(concourse::build_url(base::Environment(Variables{{"ATC_EXTERNAL_URL", "https://ci.example"},
                                                         {"BUILD_ID", "42"}})) == "https://ci.example/builds/42");
  CHECK_FALSE(concourse::build_url(base::Environment(Variables{})));
}
