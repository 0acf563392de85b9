#include "executors/helper/hosts_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "executors/helper/docker_front.hpp"
#include "executors/helper/posix.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

using Words = std::vector<std::string>;

TEST(Resolver, AChoiceOfTheJobStays) {
    EXPECT_EQ(choose_libc_resolver(""), "netdns=cgo");
    EXPECT_EQ(choose_libc_resolver("madvdontneed=1"), "madvdontneed=1,netdns=cgo");
    for (const char* chosen : {"netdns=go", "netdns=cgo+2", "a=1,netdns=go,b=2"}) {
        EXPECT_EQ(choose_libc_resolver(chosen), chosen);
    }
}

template <typename T>
void append(std::string& text, const T& value) {
    text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// A program of this machine with one segment, which has one entry.
std::string program(unsigned segment, long entry) {
    ElfW(Ehdr) header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    header.e_phoff = sizeof header;
    header.e_phnum = 1;
    ElfW(Phdr) part{};
    part.p_type = segment;
    part.p_offset = sizeof header + sizeof part;
    ElfW(Dyn) wanted{};
    wanted.d_tag = entry;
    part.p_filesz = 2 * sizeof wanted;
    std::string bytes;
    append(bytes, header);
    append(bytes, part);
    append(bytes, wanted);
    append(bytes, ElfW(Dyn){});
    return bytes;
}

TEST(Resolver, OnlyAProgramThatIsLinkedToTheCLibraryReadsTheFileEachTime) {
    const tests::TempDir dir;
    const std::string path = dir.path() / "dockerd";
    const auto reads = [&](const std::string& bytes, const std::string& godebug) {
        std::ofstream(path) << bytes;
        return reads_hosts_each_time(path, godebug);
    };
    const std::string linked = program(PT_DYNAMIC, DT_NEEDED);
    EXPECT_TRUE(reads(linked, "netdns=cgo"));
    EXPECT_TRUE(reads(linked, "a=1,netdns=cgo+1,b=2"));
    EXPECT_TRUE(reads(linked, "netdns=go,netdns=cgo"));
    for (const char* godebug : {"", "netdns=go", "netdns=cgo,netdns=go+1", "netdns="}) {
        EXPECT_FALSE(reads(linked, godebug)) << godebug;
    }
    for (const std::string& other :
         {program(PT_DYNAMIC, DT_STRTAB), program(PT_DYNAMIC, DT_NULL), program(PT_LOAD, DT_NEEDED),
          linked.substr(0, 70), linked.substr(0, 20), std::string("#!/bin/sh\n"), std::string()}) {
        EXPECT_FALSE(reads(other, "netdns=cgo")) << other.size();
    }
    EXPECT_FALSE(reads_hosts_each_time(dir.path() / "none", "netdns=cgo"));
    EXPECT_TRUE(reads_hosts_each_time("/bin/sh", "netdns=cgo"));
}

class HostsFileTest : public testing::Test {
  protected:
    /// Both files with the time of their last change, in milliseconds from now.
    void change(std::int64_t hosts_ms, std::int64_t engine_ms) {
        touch(file_.path, hosts_ms);
        touch(file_.stamp, engine_ms);
    }
    static void touch(const std::string& path, std::int64_t ms) {
        std::ofstream(path) << "127.0.0.1 localhost\n";
        const std::int64_t at = now_us() + ms * 1000;
        const timespec time{at / 1'000'000, at % 1'000'000 * 1000};
        const timespec times[] = {time, time};
        ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    }

    tests::TempDir dir_;
    HostsFile file_{dir_.path() / "hosts", dir_.path() / "stamp"};
};

TEST_F(HostsFileTest, OnlyAFreshChangeIsWaitedFor) {
    change(-60'000, -120'000);
    EXPECT_EQ(ms_until_hosts_are_read(file_), 0);
    change(-2'000, -1'000);  // changed before the engine's start
    EXPECT_EQ(ms_until_hosts_are_read(file_), 0);
    change(-2'000, -3'000);
    const auto left = ms_until_hosts_are_read(file_);
    EXPECT_GT(left, 0);
    EXPECT_LE(left, 3'050);
    change(3'600'000, -3'000);  // a clock that was changed does not make the wait longer
    EXPECT_EQ(ms_until_hosts_are_read(file_), 5'050);
}

TEST_F(HostsFileTest, NothingIsWaitedForWithoutAStampOrAFile) {
    change(0, -3'000);
    ::unlink(file_.stamp.c_str());
    EXPECT_EQ(ms_until_hosts_are_read(file_), 0);
    change(0, -3'000);
    ::unlink(file_.path.c_str());
    EXPECT_EQ(ms_until_hosts_are_read(file_), 0);
}

TEST_F(HostsFileTest, AnEngineLeavesAStampUnlessItReadsTheFileEachTime) {
    const auto stamped = [&](const char* program) {
        ::unsetenv("GODEBUG");
        prepare_resolver(program, file_);
        EXPECT_STREQ(::getenv("GODEBUG"), "netdns=cgo");
        return ::access(file_.stamp.c_str(), F_OK) == 0;
    };
    EXPECT_TRUE(stamped("/no/such/program"));
    EXPECT_FALSE(stamped("/bin/sh"));
    ::setenv("GODEBUG", "netdns=go", 1);
    prepare_resolver("/bin/sh", file_);
    EXPECT_EQ(::access(file_.stamp.c_str(), F_OK), 0);
    ::unsetenv("GODEBUG");
}

TEST(DockerCommands, ThoseThatMakeTheEngineResolveNamesAreKnown) {
    for (const Words& words :
         {Words{"docker", "login", "-u", "u", "reg.net"}, Words{"docker", "pull", "reg.net/a"},
          Words{"docker", "--config", "/c", "-H", "unix:///s", "push", "reg.net/a"},
          Words{"docker", "-D", "--log-level=debug", "run", "reg.net/a", "true"},
          Words{"docker", "image", "pull", "a"}, Words{"docker", "container", "run", "a"},
          Words{"docker", "compose", "-f", "x.yml", "up", "-d"},
          Words{"docker", "plugin", "install", "a"}}) {
        EXPECT_TRUE(makes_engine_resolve(words, false)) << words[1];
    }
    for (const Words& words :
         {Words{"docker"}, Words{"docker", "-H"}, Words{"docker", ""}, Words{"docker", "version"},
          Words{"docker", "-v"}, Words{"docker", "ps"}, Words{"docker", "exec", "c", "pull"},
          Words{"docker", "image", "ls"}, Words{"docker", "logout"}, Words{"docker", "build", "."},
          Words{"docker", "buildx", "create", "--name", "x"},
          Words{"docker", "--context", "pull", "images"}}) {
        EXPECT_FALSE(makes_engine_resolve(words, false)) << testing::PrintToString(words);
    }
    EXPECT_TRUE(makes_engine_resolve({"docker", "build", "."}, true));
    EXPECT_TRUE(makes_engine_resolve({"docker", "image", "build", "."}, true));
    EXPECT_FALSE(makes_engine_resolve({"docker", "image", "build", "."}, false));
}

}  // namespace
}  // namespace executors::helper
