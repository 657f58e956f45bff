#include <stdlib.h>

#include <iostream>

#include "cli/program.h"

int main(int argc, char** argv) {
  // gRPC would print its own lines between ours; what they mean to a member, our errors say.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  return letterlock::cli::Run(argc, argv, std::cout, std::cerr);
}
