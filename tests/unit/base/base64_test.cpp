#include "base/base64.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("base64 is that of RFC 4648, section 10") {
  for (const auto& [plain, encoded] : {std::pair("", ""),
                                       {"f", "Zg=="},
                                       {"fo", "Zm8="},
                                       {"foo", "Zm9v"},
                                       {"foob", "Zm9vYg=="},
                                       {"fooba", "Zm9vYmE="},
                                       {"foobar", "Zm9vYmFy"}}) {
    CHECK(base::base64(plain) == encoded);
    CHECK(base::decode_base64(encoded) == plain);
  }
  CHECK(base::base64url("\xff\xfe?") == "__4_");
  CHECK(base::decode_base64("__4_") == "\xff\xfe?");
  CHECK(base::decode_base64("Zm9v\nYmFy\n") == "foobar");
  CHECK(base::decode_base64("Zg") == "f");
}

TEST_CASE("what is not base64 is nothing") {
  for (const auto* bad : {"Z", "Zg=", "Z===", "Zg==Zg==", "Z?==", "=", "Zm9vY"}) CHECK_FALSE(base::decode_base64(bad));
}
