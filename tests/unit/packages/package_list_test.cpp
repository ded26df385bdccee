#include "packages/package_list.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace packages;

namespace {

// As Debian 12 writes it.
constexpr std::string_view dpkg = R"(Package: openssl
Status: install ok installed
Priority: optional
Section: utils
Installed-Size: 2324
Maintainer: Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>
Architecture: amd64
Multi-Arch: foreign
Version: 3.0.11-1~deb12u2
Depends: libc6 (>= 2.34), libssl3 (>= 3.0.9)
Suggests: ca-certificates
Conffiles:
 /etc/ssl/openssl.cnf 6bb3f5d1a6dd1fbb1ecb2ff2e4d0b6b6
Description: Secure Sockets Layer toolkit - cryptographic utility
 This package is part of the OpenSSL project's implementation of the SSL
 and TLS cryptographic protocols for secure communication over the
 Internet.
 .
 Version: it is not
Homepage: https://www.openssl.org/

Package: tzdata
Status: hold ok installed
Architecture: all
Version: 2024a-0+deb12u1

Package: wget
Status: deinstall ok config-files
Architecture: amd64
Version: 1.21.3-1+deb12u1

Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.36-9+deb12u7

Package: libc6
Status: install ok installed
Architecture: i386
Multi-Arch: same
Version: 2.36-9+deb12u7
)";

// As Alpine 3.19 writes it.
constexpr std::string_view apk = R"(C:Q1WbnEWnnJBHO1Ge6tX6XGQiZVYJ4=
P:libcrypto3
V:3.1.4-r5
A:x86_64
S:1796213
I:4448256
T:Crypto library from openssl
U:https://www.openssl.org/
L:Apache-2.0
o:openssl
m:Ariadne Conill <ariadne@dereferenced.org>
t:1706142425
c:b784a22cad0c452586b438cb7a597d846fc09ff4
D:so:libc.musl-x86_64.so.1
p:so:libcrypto.so.3=3
F:etc
F:etc/ssl
R:openssl.cnf
Z:Q1wGuxVEOK9iGLj1i8D3BSBnT7MJA=

C:Q1OFwFp18LrTd5j4nZqJ2cQ9sKmBw=
P:musl
V:1.2.4_git20230717-r4
A:x86_64
)";

std::vector<std::string> changes(std::string_view before, std::string_view now) {
  List old_list;
  List new_list;
  add_dpkg(before, old_list);
  add_dpkg(now, new_list);
  return lines_of(compare(old_list, new_list));
}

}  // namespace

TEST_CASE("dpkg's installed packages are read, those that only left their configuration are not") {
  List list;
  add_dpkg(dpkg, list);
  CHECK(list == List{{"libc6", "2.36-9+deb12u7"},
                     {"libc6:i386", "2.36-9+deb12u7"},
                     {"openssl", "3.0.11-1~deb12u2"},
                     {"tzdata", "2024a-0+deb12u1"}});
}

TEST_CASE("a file of status.d has no status, and is of an installed package") {
  List list;
  add_dpkg("Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64\n", list);
  add_dpkg("Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all", list);
  CHECK(list == List{{"base-files", "12.4+deb12u5"}, {"tzdata", "2024a-0+deb12u1"}});
}

TEST_CASE("apk's installed packages are read") {
  List list;
  add_apk(apk, list);
  CHECK(list == List{{"libcrypto3", "3.1.4-r5"}, {"musl", "1.2.4_git20230717-r4"}});
}

TEST_CASE("what is not a package's name or version is left out: it would be printed") {
  List list;
  add_dpkg("Package: a\x1b[31mb\nVersion: 1\n\nPackage: good\nVersion: 1\n\nPackage: no-version\n\n: \n\nVersion: 2\n",
           list);
  add_dpkg("Package: long\nVersion: " + std::string(300, '1') + "\n", list);
  add_apk("P:<script>\nV:1\n\nP\nP:\nV:", list);
  CHECK(list == List{{"good", "1"}});
}

TEST_CASE("a database of endless packages is bounded") {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "Package: p" + std::to_string(i) + "\nVersion: 1\n\n";
  List list;
  add_dpkg(text, list);
  CHECK(list.size() == 50'000);
}

TEST_CASE("two lists differ in what changed, what came and what went") {
  const std::string before =
      "Package: openssl\nVersion: 3.0.11-1\n\nPackage: tzdata\nVersion: 2024a\n\nPackage: wget\nVersion: 1.21\n";
  CHECK(changes(before, before).empty());
  CHECK(
      changes(
          before,
          "Package: openssl\nVersion: 3.0.15-1\n\nPackage: tzdata\nVersion: 2024a\n\nPackage: curl\nVersion: 8.5\n") ==
      std::vector<std::string>{"openssl 3.0.11-1 -> 3.0.15-1", "added curl 8.5", "removed wget 1.21"});
}

TEST_CASE("a summary names the first few and counts the rest") {
  const Difference difference{{{"a", "1", "2"}, {"b", "1", "2"}}, {{"c", "", "1"}}, {}};
  CHECK(summary_of(difference, 3) == "a 1 -> 2, b 1 -> 2, added c 1");
  CHECK(summary_of(difference, 1) == "a 1 -> 2 and 2 more");
  CHECK(summary_of({}, 1).empty());
}
