#include <iostream>

#include "cli/program.h"

int main(int argc, char** argv) { return letterlock::cli::Run(argc, argv, std::cout, std::cerr); }
