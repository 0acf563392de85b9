#include "executors/helper/tiny_program.hpp"

#include <elf.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "executors/helper/platforms.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kAddress = 0x400000;
constexpr std::uint32_t kLargestPage = 0x10000;

/// Machine code for exit(42), as it lies in memory.
struct ExitCode {
    std::string_view platform;
    std::string_view bytes;
    std::uint32_t flags;  ///< e_flags: the ABI
};

constexpr std::array kExitCodes{
    ExitCode{"linux/amd64", "\xbf\x2a\0\0\0\xb8\x3c\0\0\0\x0f\x05"sv, 0},
    ExitCode{"linux/386", "\xbb\x2a\0\0\0\xb8\x01\0\0\0\xcd\x80"sv, 0},
    ExitCode{"linux/arm64", "\x40\x05\x80\xd2\xa8\x0b\x80\xd2\x01\0\0\xd4"sv, 0},
    ExitCode{"linux/arm/v7", "\x2a\0\xa0\xe3\x01\x70\xa0\xe3\0\0\0\xef"sv, 0x05000000},
    ExitCode{"linux/riscv64", "\x13\x05\xa0\x02\x93\x08\xd0\x05\x73\0\0\0"sv, 0},
    ExitCode{"linux/ppc64le", "\x2a\0\x60\x38\x01\0\0\x38\x02\0\0\x44"sv, 2},
    ExitCode{"linux/s390x", "\xa7\x29\0\x2a\x0a\x01"sv, 0},
    ExitCode{"linux/mips64le", "\xc2\x13\x02\x24\x2a\0\x04\x24\x0c\0\0\0"sv, 0x80000000},
    ExitCode{"linux/loong64", "\x04\xa8\x80\x02\x0b\x74\x81\x02\0\0\x2b\0"sv, 0x43},
};

/// Appends integers in the byte order of the program.
class ElfWriter {
  public:
    explicit ElfWriter(bool little) : little_(little) {}

    void number(std::uint64_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i) {
            const unsigned shift = 8 * (little_ ? i : bytes - 1 - i);
            text_.push_back(static_cast<char>((value >> shift) & 0xffU));
        }
    }
    void raw(std::string_view bytes) { text_ += bytes; }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    bool little_;
    std::string text_;
};

std::string make_elf(const Architecture& architecture, const ExitCode& code) {
    const bool wide = architecture.elf_class == ELFCLASS64;
    const unsigned word = wide ? 8 : 4;
    const unsigned header = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    const unsigned part = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    const std::uint64_t size = header + part + code.bytes.size();
    ElfWriter out(architecture.byte_order == ELFDATA2LSB);
    out.raw({ELFMAG, SELFMAG});
    out.number(architecture.elf_class, 1);
    out.number(architecture.byte_order, 1);
    out.number(EV_CURRENT, 1);
    out.raw(std::string(EI_NIDENT - EI_VERSION - 1, '\0'));
    out.number(ET_EXEC, 2);
    out.number(architecture.machine, 2);
    out.number(EV_CURRENT, 4);
    out.number(kAddress + header + part, word);  // e_entry
    out.number(header, word);                    // e_phoff
    out.number(0, word);                         // e_shoff
    out.number(code.flags, 4);
    for (const unsigned value : {header, part, 1U, 0U, 0U, 0U}) out.number(value, 2);
    out.number(PT_LOAD, 4);
    if (wide) out.number(PF_R | PF_X, 4);
    out.number(0, word);         // p_offset
    out.number(kAddress, word);  // p_vaddr
    out.number(kAddress, word);  // p_paddr
    out.number(size, word);      // p_filesz
    out.number(size, word);      // p_memsz
    if (!wide) out.number(PF_R | PF_X, 4);
    out.number(kLargestPage, word);
    out.raw(code.bytes);
    return out.take();
}

}  // namespace

std::string tiny_program(const std::string& platform) {
    const auto code = std::find_if(kExitCodes.begin(), kExitCodes.end(),
                                   [&](const ExitCode& e) { return e.platform == platform; });
    const auto& all = known_architectures();
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const auto& a) { return platform == a.platform; });
    if (code == kExitCodes.end() || known == all.end()) return {};
    return make_elf(*known, *code);
}

bool runs_platform(const std::string& platform) {
    const std::string program = tiny_program(platform);
    // Not close-on-exec: an interpreter opens the program by the descriptor's path in /proc.
    const UniqueFd file(::memfd_create("runner-probe", 0));
    if (program.empty() || !file || !write_all(file.get(), program)) return false;
    const pid_t child = ::fork();
    if (child < 0) return false;
    if (child == 0) {
        char name[] = "runner-probe";
        char* arguments[] = {name, nullptr};
        char* environment[] = {nullptr};
        ::fexecve(file.get(), arguments, environment);
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == kTinyExitCode;
}

}  // namespace executors::helper
