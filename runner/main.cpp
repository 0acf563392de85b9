#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "runner/commands/program.hpp"

int main(int argc, char** argv) {
    // A peer that is gone is an error of the write, not the end of the program.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return runner::commands::run_program(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& failure) {
        base::log::fatal("This is a bug in runner; please report it", {{"what", failure.what()}});
        return 1;
    }
}
