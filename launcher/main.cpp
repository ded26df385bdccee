// /cnb/lifecycle/launcher: the entrypoint of built images, also under the name of each process type.
#include "launcher/launch.hpp"

int main(int argc, char** argv) { return launcher::launch({argv, argv + argc}, base::process_environment()); }
