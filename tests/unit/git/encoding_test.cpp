#include "git/encoding.hpp"

#include <catch2/catch_test_macros.hpp>

using git::classify_encoding;
using git::decoded;
using git::encoded;
using git::Encoding;
using namespace std::string_literals;

TEST_CASE("bytes of a declared encoding become UTF-8") {
  CHECK(decoded("Gr\xFC\xDF", "ISO-8859-1") == "Gr\u00FC\u00DF");
  CHECK(decoded("\x80 \x92", "windows-1252") == "\u20AC \u2019");
  CHECK(decoded("\xA4", "ISO8859-15") == "\u20AC");
  CHECK(decoded("\xC1", "KOI8-R") == "\u0430");
  CHECK(decoded("\x8F", "cp437") == "\u00C5");
  CHECK(decoded("\xE4\xE4", "utf-8") == "\xE4\xE4");
  CHECK(decoded("a", "US-ASCII") == "a");
  CHECK_FALSE(decoded("\xE4", "ASCII"));
  CHECK_FALSE(decoded("\x81", "windows-1252"));  // nothing stands there
  CHECK_FALSE(decoded("a", "EBCDIC-US"));
}

TEST_CASE("an encoding has many names") {
  for (const char* name : {"latin1", "Latin-1", "iso-8859-1", "ISO_8859-1", "ISO8859-1", "l1"}) {
    CHECK(decoded("\xE4", name) == "\u00E4");
  }
  for (const char* name : {"CP1252", "windows-1252", "Win1252"}) CHECK(decoded("\x80", name) == "\u20AC");
}

TEST_CASE("UTF-8 is written in another encoding") {
  CHECK(encoded("Gr\u00FC\u00DF", "ISO-8859-1") == "Gr\xFC\xDF");
  CHECK(encoded("\u20AC", "windows-1252") == "\x80");
  CHECK_FALSE(encoded("\u20AC", "ISO-8859-1"));
  CHECK_FALSE(encoded("\xFC", "ISO-8859-1"));
  CHECK(encoded("\xFC", "UTF-8") == "\xFC");
  CHECK(encoded("a\u00E4", "UTF-16LE") == "a\0\xE4\0"s);
  CHECK(encoded("a\u00E4", "UTF-16BE") == "\0a\0\xE4"s);
  CHECK(encoded("a", "UTF-16") ==
        "\xFF\xFE"
        "a\0"s);
  CHECK(encoded("a", "utf-16le-bom") ==
        "\xFF\xFE"
        "a\0"s);
  CHECK(encoded("a", "UTF-16BE-BOM") == "\xFE\xFF\0a"s);
  CHECK(encoded("\U0001F600", "UTF-16BE") == "\xD8\x3D\xDE\x00"s);
  CHECK(encoded("\U0001F600", "UTF-32LE") == "\x00\xF6\x01\x00"s);
  CHECK(encoded("a", "UTF-32") == "\xFF\xFE\0\0a\0\0\0"s);
}

TEST_CASE("what is not UTF-8 is not written in another encoding") {
  for (const char* text :
       {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8", "\xC3", "\xE2\x82"}) {
    CHECK_FALSE(encoded(text, "UTF-16LE"));
  }
}

TEST_CASE("encodings that are not known are told apart from those that ASCII passes unchanged") {
  CHECK(classify_encoding("UTF8") == Encoding::utf8);
  CHECK(classify_encoding("UTF-16") == Encoding::convertible);
  CHECK(classify_encoding("latin2") == Encoding::convertible);
  CHECK(classify_encoding("EUC-JP") == Encoding::like_ascii);
  CHECK(classify_encoding("UTF-7") == Encoding::unknown);
  CHECK(classify_encoding("") == Encoding::unknown);
}
