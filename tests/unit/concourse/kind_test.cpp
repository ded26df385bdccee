#include "concourse/kind.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "concourse/program.hpp"

namespace {

using concourse::Kind;

concourse::Check prepare(const concourse::Request& /*request*/) {
  return {[] { return std::string("explained"); }, [](auto&) { return std::vector<concourse::Version>{}; }};
}
json::Value schema() { return {{"type", "object"}}; }

concourse::In prepare_in(const concourse::Request& /*request*/) { return {}; }
constexpr std::array files{concourse::File{"pages/", "the pages"}, concourse::File{"title", "the title"}};

const std::array<Kind, 2> kinds{
    Kind{"book", "isbn", "a book", concourse::Service<concourse::Check>{"editions of a book", prepare, schema},
         concourse::NotServed{"read it"}, concourse::NotServed{"write it"}},
    Kind{"film", "reel", "a film", concourse::Service<concourse::Check>{"cuts of a film", prepare, schema},
         concourse::NotServed{"watch it"}, concourse::NotServed{"shoot it"}}};

template <class Call>
std::string error_of(Call call) {
  try {
    static_cast<void>(call());
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

std::string choice(const json::Value& source) {
  return error_of([&] { return concourse::kind_of(source, kinds); });
}

}  // namespace

TEST_CASE("a field of source says which kind a request is of") {
  CHECK(concourse::kind_of({{"isbn", "1"}}, kinds).name == "book");
  CHECK(concourse::kind_of({{"reel", "1"}, {"isbn", nullptr}, {"other", 1}}, kinds).name == "film");
}

TEST_CASE("no kind and two kinds are errors that name all") {
  const std::string choose = "give exactly one of source.isbn (a book), source.reel (a film)";
  CHECK(choice(json::Value::object()) == "cannot read source: it names no kind of resource; " + choose);
  CHECK(choice({{"isbn", "1"}, {"reel", "2"}}) ==
        "cannot read source: isbn and reel name two kinds of resource; " + choose);
  CHECK(choice({{"isnb", "1"}}) == "cannot read source.isnb: there is no such field; did you mean source.isbn?");
}

TEST_CASE("a field of source that is null does not say which kind it is, and is told of") {
  CHECK(&concourse::kind_of({{"isbn", 1}, {"reel", nullptr}}, kinds) == &kinds[0]);
  CHECK(error_of([] {
          return concourse::kind_of({{"reel", nullptr}}, kinds);
        }) == "cannot read source.reel: it is null; give it a value");
}

TEST_CASE("a step that a kind does not have is refused with its remedy") {
  CHECK(concourse::service(kinds[0], &Kind::check).result == "editions of a book");
  CHECK(error_of([] { return concourse::service(kinds[0], &Kind::out); }) ==
        "cannot serve the kind book (source.isbn: a book): this version of build-service does not do this step for it; "
        "write it");
}

TEST_CASE("the help lists the kinds that have the step") {
  CHECK(concourse::summary("Prints versions", std::span<const Kind>(kinds), &Kind::check) ==
        "Prints versions:\n  source.isbn  editions of a book\n  source.reel  cuts of a film\n");
  CHECK(concourse::summary("Prints versions", std::span<const Kind>(kinds), &Kind::in) == "Prints versions:\n");
}

TEST_CASE("the schema of a step is a choice where several kinds have it") {
  const auto both = concourse::schema("versions", std::span<const Kind>(kinds), &Kind::check);
  CHECK(both.at("oneOf").size() == 2);
  CHECK(both.at("title") == "versions");
  const auto one = concourse::schema("versions", std::span(kinds).first<1>(), &Kind::check);
  CHECK(one.at("type") == "object");
  CHECK(one.at("title") == "versions");
}

TEST_CASE("the help and the schema of in tell the files of each kind") {
  Kind book = kinds[0];
  book.in = concourse::Service<concourse::In>{"the pages of a book", prepare_in, schema};
  book.files = files;
  const std::array shelf{book};
  CHECK(concourse::files(shelf) == "\nFiles of source.isbn:\n  pages/  the pages\n  title   the title\n");
  const auto told = concourse::schema("params", std::span<const Kind>(shelf), &Kind::in);
  CHECK(told.at("x-files").size() == 2);
  CHECK(told.at("x-files").at(1).at("name") == "title");
  CHECK_FALSE(concourse::schema("source", std::span<const Kind>(shelf), &Kind::check).contains("x-files"));
}

TEST_CASE("a version of another kind is refused by its shape") {
  const concourse::Version version{{"digest", "sha256:1"}};
  CHECK(error_of([&] {
          return concourse::require_version_keys(version, {{"ref"}, {"ref", "commit"}}, kinds[0]), 0;
        }) ==
        "cannot read version: {digest} is not a version of the kind book (source.isbn: a book), which has {ref} or "
        "{ref, commit}; let check report the versions anew (fly check-resource)");
  CHECK(error_of([&] { return concourse::require_version_keys({{"ref", ""}}, {{"ref"}}, kinds[0]), 0; }) != "no error");
  CHECK(error_of([&] {
          return concourse::require_version_keys(version, {{"ref"}, {"digest"}}, kinds[0]), 0;
        }) == "no error");
}
