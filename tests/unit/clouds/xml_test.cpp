#include "clouds/xml.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("the text of an element is found, with its entities resolved") {
  CHECK(clouds::xml_text("<A><Code>X</Code></A>", "Code") == "X");
  CHECK(clouds::xml_text("<Message>a &lt;b&gt; &amp; &quot;c&#39;&#x41;</Message>", "Message") == "a <b> & \"c'A");
  CHECK(clouds::xml_text("<Message></Message>", "Message") == "");
}

TEST_CASE("what is not a whole element is nothing") {
  for (const auto* document :
       {"", "<Code>", "<Code>x", "<Code>x</Cod", "<Code><b>x</b></Code>", "<Code>a&b</Code>", "<Code>&nbsp;</Code>",
        "<Code>&#x110000;</Code>", "<Code>&#0;</Code>", "<Code2>x</Code2>", "<Code>x</Other>"}) {
    INFO(document);
    CHECK_FALSE(clouds::xml_text(document, "Code"));
  }
}
