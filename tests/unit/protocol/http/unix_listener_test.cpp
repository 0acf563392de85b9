#include "protocol/http/unix_listener.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "base/files.hpp"
#include "protocol/http/peer.hpp"
#include "tests/support/temp_dir.hpp"

namespace protocol::http {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using testing::HasSubstr;

base::UniqueFd connect_to(const fs::path& path) {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    if (::connect(fd.get(), generic, sizeof address) != 0) return {};
    return fd;
}

class UnixListenerTest : public testing::Test {
  protected:
    UnixListenerTest() { ::chmod(dir_.path().c_str(), 0700); }
    [[nodiscard]] fs::path path() const { return dir_.path() / "s.sock"; }
    tests::TempDir dir_;
};

TEST_F(UnixListenerTest, ListensForUserAndGroupUntilItsEnd) {
    {
        const auto listener = listen_on_unix(path(), ::getegid());
        ASSERT_TRUE(listener) << listener.error().message;
        struct stat about {};
        ASSERT_EQ(::lstat(path().c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 07777U, 0660U);
        EXPECT_EQ(about.st_gid, ::getegid());
        EXPECT_TRUE(connect_to(path()));
    }
    EXPECT_FALSE(fs::exists(path()));
}

TEST_F(UnixListenerTest, ReplacesTheSocketOfAProcessThatIsGone) {
    auto dead = listen_on_unix(path(), std::nullopt);
    ASSERT_TRUE(dead);
    dead->socket.reset();
    const auto listener = listen_on_unix(path(), std::nullopt);
    ASSERT_TRUE(listener) << listener.error().message;
    EXPECT_TRUE(connect_to(path()));
}

TEST_F(UnixListenerTest, LeavesTheSocketOfARunningProcess) {
    const auto first = listen_on_unix(path(), std::nullopt);
    ASSERT_TRUE(first);
    const auto second = listen_on_unix(path(), std::nullopt);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
    EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
    EXPECT_TRUE(connect_to(path()));
}

TEST_F(UnixListenerTest, LeavesTheSocketThatHasReplacedItsOwn) {
    auto first = std::optional(listen_on_unix(path(), std::nullopt));
    ASSERT_TRUE(*first);
    fs::remove(path());
    const auto second = listen_on_unix(path(), std::nullopt);
    ASSERT_TRUE(second);
    first.reset();
    EXPECT_TRUE(connect_to(path()));
}

TEST_F(UnixListenerTest, RefusesOtherFiles) {
    ASSERT_TRUE(base::write_file_atomic(path(), "x", 0600));
    const auto listener = listen_on_unix(path(), std::nullopt);
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().kind, ErrorKind::kInvalidInput);
    EXPECT_TRUE(fs::exists(path()));
}

TEST_F(UnixListenerTest, RefusesADirectoryThatOthersMayChange) {
    ::chmod(dir_.path().c_str(), 0777);
    const auto listener = listen_on_unix(path(), std::nullopt);
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().kind, ErrorKind::kForbidden);
    ::chmod(dir_.path().c_str(), 01777);
    EXPECT_TRUE(listen_on_unix(path(), std::nullopt));
}

TEST_F(UnixListenerTest, SaysThatAPathIsTooLong) {
    const auto listener = listen_on_unix(dir_.path() / std::string(108, 'x'), std::nullopt);
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(listener.error().message, HasSubstr("the system allows 107"));
}

TEST(Peer, IsTheProcessThatHasConnected) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const base::UniqueFd first(pair[0]);
    const base::UniqueFd second(pair[1]);
    const auto peer = peer_of(first.get());
    ASSERT_TRUE(peer);
    EXPECT_EQ(peer->user, ::geteuid());
    EXPECT_EQ(peer->process, ::getpid());
    EXPECT_THAT(peer->groups, testing::Contains(::getegid()));
}

}  // namespace
}  // namespace protocol::http
