#include "executors/helper/platforms.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

constexpr char kRoot[] = "/proc/sys/fs/binfmt_misc";
constexpr std::size_t kMaxHeaders = 64;

/// The bytes of an ELF header up to e_machine.
std::vector<std::uint8_t> magic_of(const Architecture& architecture) {
    std::vector<std::uint8_t> bytes(20, 0);
    const std::uint8_t start[] = {
        0x7f, 'E', 'L', 'F', architecture.elf_class, architecture.byte_order, 1};
    std::copy(std::begin(start), std::end(start), bytes.begin());
    const bool little = architecture.byte_order == ELFDATA2LSB;
    bytes[little ? 16 : 17] = ET_EXEC;
    bytes[little ? 18 : 19] = static_cast<std::uint8_t>(architecture.machine & 0xffU);
    bytes[little ? 19 : 18] = static_cast<std::uint8_t>(architecture.machine >> 8U);
    return bytes;
}

/// Ignores the ABI of the system, and the difference of ET_EXEC and ET_DYN (position-independent).
std::vector<std::uint8_t> mask_of(const Architecture& architecture) {
    std::vector<std::uint8_t> bytes(20, 0xff);
    bytes[7] = 0;
    bytes[architecture.byte_order == ELFDATA2LSB ? 16 : 17] = 0xfe;
    return bytes;
}

std::string hex(const std::vector<std::uint8_t>& bytes, const char* before) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        char digits[8];
        std::snprintf(digits, sizeof digits, "%s%02x", before, byte);
        text += digits;
    }
    return text;
}

std::vector<std::string> entries() {
    std::vector<std::string> texts;
    for (const std::string& name : list_directory(kRoot)) {
        if (name == "register" || name == "status") continue;
        texts.push_back(read_file_end(std::string(kRoot) + "/" + name, 4096));
    }
    return texts;
}

bool is_served(const Architecture& architecture) {
    const auto all = entries();
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& entry) { return entry_serves(entry, architecture); });
}

/// The kernel keeps the interpreter open, but not libraries, so it must be a static program.
bool is_static(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    Elf64_Ehdr header{};
    if (!file || ::pread(file.get(), &header, sizeof header, 0) != sizeof header ||
        std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phnum > kMaxHeaders) {
        return false;
    }
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr part{};
        const auto offset = static_cast<off_t>(header.e_phoff + i * sizeof part);
        if (::pread(file.get(), &part, sizeof part, offset) != sizeof part) return false;
        if (part.p_type == PT_INTERP) return false;
    }
    return true;
}

std::string find_interpreter(const Architecture& architecture) {
    for (const std::string& name : {std::string("/usr/bin/qemu-") + architecture.qemu + "-static",
                                    std::string("/usr/bin/qemu-") + architecture.qemu}) {
        if (is_static(name)) return name;
    }
    return {};
}

/// Since Linux 5.12 the kernel tells QEMU that it passes the program's own argv[0] too.
bool tells_preserved_name() {
    utsname system{};
    ::uname(&system);
    int major = 0;
    int minor = 0;
    if (std::sscanf(system.release, "%d.%d", &major, &minor) != 2) return false;
    return major > 5 || (major == 5 && minor >= 12);
}

bool mount_if_missing() {
    if (::access((std::string(kRoot) + "/register").c_str(), F_OK) == 0) return true;
    return ::mount("binfmt_misc", kRoot, "binfmt_misc", 0, nullptr) == 0;
}

void register_missing(const std::vector<const Architecture*>& missing) {
    if (!mount_if_missing()) {
        std::fprintf(stderr, "%s\n", errno_text(std::string("mount ") + kRoot, errno).c_str());
        return;
    }
    for (const Architecture* architecture : missing) {
        const std::string interpreter =
            is_served(*architecture) ? "" : find_interpreter(*architecture);
        if (interpreter.empty()) continue;
        const std::string line = registration(*architecture, interpreter, tells_preserved_name());
        const UniqueFd file(
            ::open((std::string(kRoot) + "/register").c_str(), O_WRONLY | O_CLOEXEC));
        const bool written = file && write_all(file.get(), line);
        // EEXIST: another job has registered it meanwhile.
        if (written || errno == EEXIST) continue;
        std::fprintf(stderr, "%s\n", errno_text("register " + interpreter, errno).c_str());
    }
}

/// What the processor runs without an interpreter.
std::vector<std::string> native_platforms() {
    utsname system{};
    ::uname(&system);
    const std::string machine = system.machine;
    if (machine == "x86_64") return {"linux/amd64", "linux/386"};
    if (machine == "aarch64") return {"linux/arm64"};
    for (const auto& architecture : known_architectures()) {
        if (machine == architecture.qemu) return {architecture.platform};
    }
    return {"linux/" + machine};
}

std::vector<const Architecture*> foreign_architectures() {
    const auto own = native_platforms();
    std::vector<const Architecture*> foreign;
    for (const auto& architecture : known_architectures()) {
        if (std::find(own.begin(), own.end(), architecture.platform) == own.end())
            foreign.push_back(&architecture);
    }
    return foreign;
}

}  // namespace

const std::vector<Architecture>& known_architectures() {
    static const std::vector<Architecture> all{
        {"linux/amd64", "x86_64", ELFCLASS64, ELFDATA2LSB, EM_X86_64},
        {"linux/arm64", "aarch64", ELFCLASS64, ELFDATA2LSB, EM_AARCH64},
        {"linux/arm/v7", "arm", ELFCLASS32, ELFDATA2LSB, EM_ARM},
        {"linux/386", "i386", ELFCLASS32, ELFDATA2LSB, EM_386},
        {"linux/riscv64", "riscv64", ELFCLASS64, ELFDATA2LSB, EM_RISCV},
        {"linux/ppc64le", "ppc64le", ELFCLASS64, ELFDATA2LSB, EM_PPC64},
        {"linux/s390x", "s390x", ELFCLASS64, ELFDATA2MSB, EM_S390},
        {"linux/mips64le", "mips64el", ELFCLASS64, ELFDATA2LSB, EM_MIPS},
        {"linux/loong64", "loongarch64", ELFCLASS64, ELFDATA2LSB, 258},
    };
    return all;
}

std::string registration(const Architecture& architecture, const std::string& interpreter,
                         bool preserve_name) {
    return std::string(":qemu-") + architecture.qemu + ":M::" + hex(magic_of(architecture), "\\x") +
           ":" + hex(mask_of(architecture), "\\x") + ":" + interpreter +
           (preserve_name ? ":POCF" : ":OCF");
}

bool entry_serves(const std::string& entry, const Architecture& architecture) {
    if (entry.rfind("enabled", 0) != 0) return false;
    // The kernel does not show masked bits, so class, byte order and machine are compared.
    const auto found = entry.find("magic ");
    const std::string wanted = hex(magic_of(architecture), "");
    const std::string magic =
        found == std::string::npos ? "" : entry.substr(found + 6, wanted.size());
    return magic.size() == wanted.size() && magic.compare(0, 12, wanted, 0, 12) == 0 &&
           magic.compare(36, 4, wanted, 36, 4) == 0;
}

std::vector<std::string> available_platforms() {
    std::vector<std::string> platforms = native_platforms();
    for (const Architecture* architecture : foreign_architectures()) {
        if (is_served(*architecture)) platforms.emplace_back(architecture->platform);
    }
    return platforms;
}

int print_platforms(bool install) {
    if (install) register_missing(foreign_architectures());
    for (const auto& platform : available_platforms()) std::printf("%s\n", platform.c_str());
    return 0;
}

}  // namespace executors::helper
