#include "lifecycle/glob.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using lifecycle::glob_matches;

// Rows of Go's own table for filepath.Match.
TEST_CASE("patterns match as Go's filepath.Match does") {
  struct Row {
    const char* pattern;
    const char* name;
    bool matches;
  };
  for (const auto& row : {Row{"abc", "abc", true},
                          Row{"*", "abc", true},
                          Row{"*c", "abc", true},
                          Row{"a*", "ab/c", false},
                          Row{"a*/b", "abc/b", true},
                          Row{"a*/b", "a/c/b", false},
                          Row{"a*b*c*d*e*/f", "axbxcxdxe/f", true},
                          Row{"a*b*c*d*e*/f", "axbxcxdxexxx/fff", false},
                          Row{"ab[c]", "abc", true},
                          Row{"ab[b-d]", "abc", true},
                          Row{"ab[^c]", "abc", false},
                          Row{"ab[^e-g]", "abc", true},
                          Row{"a\\*b", "a*b", true},
                          Row{"a\\*b", "ab", false},
                          Row{"a?b", "a\xe2\x98\xba\x62", true},
                          Row{"a[^a]b", "a\xe2\x98\xba\x62", true},
                          Row{"a???b", "a\xe2\x98\xba\x62", false},
                          Row{"[a-\xce\xb6]*", "\xce\xb1", true},
                          Row{"*[a-\xce\xb6]", "A", false},
                          Row{"a?b", "a/b", false},
                          Row{"a*b", "a/b", false},
                          Row{"[\\]a]", "]", true},
                          Row{"[x\\-]", "-", true},
                          Row{"**", "a/b", false},
                          Row{"a/**", "a/b", true},
                          Row{"*x", "xxx", true}}) {
    CAPTURE(row.pattern, row.name);
    CHECK(glob_matches(row.pattern, row.name) == row.matches);
  }
}

TEST_CASE("a malformed pattern is an error") {
  for (const auto* pattern : {"[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]", "[", "[^", "[^bc", "a["}) {
    CAPTURE(pattern);
    CHECK_THROWS_AS(glob_matches(pattern, "a"), base::Error);
  }
}
