// One program under three names, as Concourse calls them: check, in and out (docs/decisions/0001-static-and-lean.md).
#include <filesystem>
#include <iostream>

#include "base/askpass.hpp"
#include "check/check.hpp"
#include "git/ssh_tunnel.hpp"
#include "in/in.hpp"
#include "kinds/kinds.hpp"
#include "out/out.hpp"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  if (git::answer_ssh_tunnel(base::process_environment(), argc, argv, std::cerr)) return 0;
  if (base::answer_askpass(base::process_environment(), std::cout)) return 0;
  const std::string name = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "";
  for (const auto& program : {check::program(kinds::all()), in::program(kinds::all()), out::program(kinds::all())}) {
    if (concourse::name_of(program.step) == name) {
      return concourse::run_program(program, argc, argv, {std::cin, std::cout, std::cerr});
    }
  }
  std::cerr << "error: cannot start " << name << ": it is not a step; call it as check, in or out\n";
  return 2;
}
