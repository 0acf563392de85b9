#include "base/journal_entry.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using base::JournalEntry;
using base::JournalSocket;
using namespace std::string_literals;

TEST(JournalEntry, IsEncodedAsTheProtocolSays) {
    JournalEntry entry;
    entry.add("MESSAGE", "Job failed");
    entry.add("ERROR", "two\nlines");
    entry.add("PRIORITY", "3");
    entry.add("EMPTY", "");
    EXPECT_EQ(entry.bytes(),
              "MESSAGE=Job failed\n"s
              "ERROR\n\x09\0\0\0\0\0\0\0two\nlines\n"s
              "PRIORITY=3\n"s
              "EMPTY=\n"s);
}

TEST(JournalEntry, ALongValueHasItsLengthInEightBytes) {
    JournalEntry entry;
    entry.add("M", "\n" + std::string(0x1234, 'x'));
    EXPECT_EQ(entry.bytes().substr(0, 10), "M\n\x35\x12\0\0\0\0\0\0"s);
}

TEST(JournalEntry, NamesAreThoseThatTheJournalAllows) {
    for (const auto& [key, name] : std::vector<std::pair<std::string, std::string>>{
             {"job", "JOB"},
             {"correlation_id", "CORRELATION_ID"},
             {"job-status", "JOB_STATUS"},
             {"_trusted", "TRUSTED"},
             {"1st", "ST"},
             {"ConfigFile", "CONFIGFILE"},
             {"", "FIELD"},
             {"__", "FIELD"},
             {std::string(70, 'a'), std::string(64, 'A')}}) {
        EXPECT_EQ(base::journal_field_name(key), name) << key;
    }
}

TEST(JournalEntry, OfALogLineHasPriorityAndFields) {
    using base::log::Field;
    const std::vector<Field> fields{{"job", 7}, {"error", "a b\nc"}};
    EXPECT_EQ(base::log::format_line(base::log::Format::kJournal, false, base::log::Level::kWarning,
                                     "Careful", fields.data(), fields.size(), 0),
              "MESSAGE=Careful job=7 error=\"a b\\\\nc\"\n"s
              "PRIORITY=4\n"s
              "SYSLOG_IDENTIFIER=runner\n"s
              "JOB=7\n"s
              "ERROR\n\x05\0\0\0\0\0\0\0a b\nc\n"s);
}

TEST(JournalStream, IsStandardErrorOnlyWithItsDeviceAndInode) {
    struct stat about {};
    ASSERT_EQ(::fstat(STDERR_FILENO, &about), 0);
    const std::string own = std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino);
    for (const auto& [value, wanted] : std::vector<std::pair<std::string, bool>>{
             {own, true}, {own + "1", false}, {"", false}, {"0:0", false}}) {
        ::setenv("JOURNAL_STREAM", value.c_str(), 1);
        EXPECT_EQ(base::stderr_is_journal(), wanted) << value;
    }
    ::unsetenv("JOURNAL_STREAM");
    EXPECT_FALSE(base::stderr_is_journal());
}

/// A socket that takes entries as the journal does.
class Journal {
  public:
    explicit Journal(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    }
    ~Journal() { ::close(socket_); }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// The next entry; `in_file`: it came as a file.
    std::string take(bool& in_file) {
        std::array<char, 4096> buffer{};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        iovec part{buffer.data(), buffer.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t size = ::recvmsg(socket_, &message, MSG_DONTWAIT);
        if (size < 0) return "nothing";
        const cmsghdr* header = CMSG_FIRSTHDR(&message);
        in_file = header != nullptr;
        if (!in_file) return {buffer.data(), static_cast<std::size_t>(size)};
        int file = -1;
        std::memcpy(&file, CMSG_DATA(header), sizeof(int));
        EXPECT_EQ(size, 0) << "an entry is in the datagram or in the file";
        EXPECT_LT(::write(file, "x", 1), 0) << "the file can still be changed";
        struct stat about {};
        EXPECT_EQ(::fstat(file, &about), 0);
        std::string content(static_cast<std::size_t>(about.st_size), '\0');
        EXPECT_EQ(::pread(file, content.data(), content.size(), 0), about.st_size);
        ::close(file);
        return content;
    }

  private:
    int socket_;
};

TEST(JournalSocket, SendsAnEntryAsADatagramOrAsAFile) {
    const tests::TempDir directory;
    const std::string path = (directory.path() / "socket").string();
    Journal journal(path);
    const JournalSocket socket(path);
    for (const std::size_t size : {std::size_t{10}, std::size_t{4} << 20U}) {
        const std::string entry = "MESSAGE=" + std::string(size, 'x') + "\n";
        ASSERT_TRUE(socket.send(entry));
        bool in_file = false;
        EXPECT_TRUE(journal.take(in_file) == entry) << size;
        EXPECT_EQ(in_file, size > 10);
    }
}

TEST(JournalSocket, SaysThatNobodyListens) {
    const tests::TempDir directory;
    EXPECT_FALSE(JournalSocket((directory.path() / "missing").string()).send("MESSAGE=x\n"));
    EXPECT_FALSE(JournalSocket(std::string(200, 'x')).send("MESSAGE=x\n"));
}

}  // namespace
