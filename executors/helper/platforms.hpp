#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Which programs of other architectures this kernel runs, through binfmt_misc (kernel
/// documentation, admin-guide/binfmt-misc). A registration is valid for every container of the
/// machine.
namespace executors::helper {

/// One architecture, and how an ELF header names it.
struct Architecture {
    const char* platform;  ///< Docker's name
    const char* qemu;      ///< QEMU's name
    std::uint8_t elf_class;
    std::uint8_t byte_order;
    std::uint16_t machine;
};

const std::vector<Architecture>& known_architectures();

/// The line for binfmt_misc's `register` file. The kernel keeps the interpreter open, so no
/// container needs the file. With `preserve_name` programs get their own argv[0], which multi-call
/// programs (busybox) need.
std::string registration(const Architecture& architecture, const std::string& interpreter,
                         bool preserve_name);

/// Whether the text of a binfmt_misc entry is an enabled interpreter for the architecture.
bool entry_serves(const std::string& entry, const Architecture& architecture);

/// Docker's names of the platforms that run here, those of the processor first.
std::vector<std::string> available_platforms();

/// Prints Docker's names of the platforms that run here, the machine's own first. With `install`,
/// interpreters in /usr/bin are registered before that for the missing ones; failures are printed
/// to standard error. Returns the exit code.
int print_platforms(bool install);

}  // namespace executors::helper
