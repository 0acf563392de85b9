#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Which foreign programs this kernel runs, through binfmt_misc (kernel documentation,
/// admin-guide/binfmt-misc). A registration holds for every container of the machine.
namespace executors::helper {

/// One architecture as an ELF header tells it.
struct Architecture {
    const char* platform;  ///< Docker's name
    const char* qemu;      ///< QEMU's
    std::uint8_t elf_class;
    std::uint8_t byte_order;
    std::uint16_t machine;
};

const std::vector<Architecture>& known_architectures();

/// The line for binfmt_misc's `register`. The kernel keeps the interpreter open, so no container
/// needs it; with `preserve_name` programs see their own argv[0], which multi-call programs
/// (busybox) go by.
std::string registration(const Architecture& architecture, const std::string& interpreter,
                         bool preserve_name);

/// Whether the text of a binfmt_misc entry is an enabled interpreter for the architecture.
bool entry_serves(const std::string& entry, const Architecture& architecture);

/// Prints Docker's names of the platforms that run here, this machine's own first. With `install`,
/// interpreters in /usr/bin are registered first for those that are missing; what fails is said on
/// standard error.
int print_platforms(bool install);

}  // namespace executors::helper
