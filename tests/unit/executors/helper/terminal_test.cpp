#include "executors/helper/terminal.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "executors/helper/supervisor.hpp"
#include "tests/unit/executors/helper/log_records.hpp"
#include "tests/unit/executors/helper/supervisor_client.hpp"

namespace executors::helper {
namespace {

using namespace tests_support;
using Json = nlohmann::json;

class TerminalTest : public testing::Test {
  protected:
    void SetUp() override {
        Doorway doorway(directory_.path());
        pid_ = ::fork();
        ASSERT_GE(pid_, 0);
        if (pid_ > 0) return;
        try {
            Supervisor supervisor(doorway, "");
            ::_exit(supervisor.run());
        } catch (const std::exception&) {
            ::_exit(99);
        }
    }
    void TearDown() override {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }

    [[nodiscard]] std::unique_ptr<SupervisorClient> ask(const Json& command) const {
        auto client = std::make_unique<SupervisorClient>(directory_.path());
        client->send(command);
        return client;
    }
    [[nodiscard]] Json terminal() const {
        return {{"op", "terminal"},
                {"version", kProtocolVersion},
                {"shells", {"/bin/sh"}},
                {"env", {{"WORD", "from the job"}, {"PS1", "ready> "}}},
                {"cwd", directory_.path()}};
    }
    /// The protocol wants the answer to be waited for before the first byte.
    [[nodiscard]] std::unique_ptr<SupervisorClient> open(const Json& command) const {
        auto client = ask(command);
        client->wait_for_text(make_frame(opened_json()));
        return client;
    }
    /// A terminal whose shell waits; the descriptor tells when the shell is gone.
    std::unique_ptr<SupervisorClient> open_shell(UniqueFd& shell) {
        auto client = open(terminal());
        client->send_bytes("echo \"pid=$$.\"\n");
        client->wait_for_text(".\r\n");
        const std::string text = client->received();
        const auto at = text.rfind("pid=") + 4;
        const int number = std::stoi(text.substr(at, text.find('.', at) - at));
        shell = open_pidfd(number);
        EXPECT_TRUE(shell) << text;
        return client;
    }
    static bool has_ended(const UniqueFd& process) {
        pollfd wait{process.get(), POLLIN, 0};
        return ::poll(&wait, 1, kAnswerLimitMs) == 1;
    }

    JobDirectory directory_;
    pid_t pid_ = -1;
};

std::string opened() { return make_frame(opened_json()); }

TEST_F(TerminalTest, AShellHasATerminalAndTheJobsEnvironment) {
    auto client = open(terminal());
    client->send_bytes("tty; stty size; echo \"$WORD in $(pwd)\"; exit\n");
    const std::string text = client->read_to_end();
    EXPECT_TRUE(text.starts_with(opened())) << text;
    EXPECT_NE(text.find("ready> "), std::string::npos) << text;
    EXPECT_NE(text.find("/dev/pts/"), std::string::npos) << text;
    EXPECT_NE(text.find("24 80\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find("from the job in " + directory_.path()), std::string::npos) << text;
}

TEST_F(TerminalTest, NothingOfItIsInTheLogOfTheJob) {
    auto client = open(terminal());
    client->send_bytes("echo secret; exit\n");
    EXPECT_NE(client->read_to_end().find("secret"), std::string::npos);
    EXPECT_EQ(directory_.log_bytes(), "");
}

TEST_F(TerminalTest, WhatAShellPrintedLastComesEvenWhenAProcessKeepsTheTerminal) {
    auto client = open(terminal());
    client->send_bytes("trap '' HUP; sleep 100 & seq 20000; exit\n");
    const std::string text = client->read_to_end();
    EXPECT_NE(text.find("\n20000\r\n"), std::string::npos);
}

TEST_F(TerminalTest, AShellHasNoDescriptorsOfTheSupervisor) {
    auto client = open(terminal());
    client->send_bytes(
        "for fd in /proc/$$/fd/*; do echo \"${fd##*/} $(readlink $fd)\"; done; exit\n");
    const std::string text = client->read_to_end();
    EXPECT_NE(text.find("0 /dev/pts/"), std::string::npos) << text;
    EXPECT_EQ(text.find("socket:"), std::string::npos) << text;
}

TEST_F(TerminalTest, TheEndOfTheConnectionEndsTheShell) {
    UniqueFd shell;
    auto client = open_shell(shell);
    // KILL follows. The terminal's echo has the quotes, the shell's answer has not.
    client->send_bytes("trap '' HUP TERM; echo 'trap'ped\n");
    client->wait_for_text("trapped");
    client.reset();
    EXPECT_TRUE(has_ended(shell));
}

TEST_F(TerminalTest, TheEndOfTheJobEndsTheShell) {
    UniqueFd shell;
    auto client = open_shell(shell);
    SupervisorClient job(directory_.path());
    job.hello();
    job.send({{"op", "shutdown"}, {"grace_ms", 100}});
    EXPECT_TRUE(has_ended(shell));
    client->read_to_end();
}

TEST_F(TerminalTest, ASupervisorServesItsJobBesideATerminal) {
    UniqueFd shell;
    auto client = open_shell(shell);
    SupervisorClient job(directory_.path());
    job.hello();
    job.send({{"op", "run"}, {"stage", 1}, {"script", "exit 4"}, {"shells", {"/bin/sh"}}});
    EXPECT_EQ(job.wait_for(RecordType::kExited, 1).json()["code"], 4);
}

TEST_F(TerminalTest, TellsWhyThereIsNoShell) {
    Json command = terminal();
    command["shells"] = {"/no/such/shell"};
    EXPECT_NE(ask(command)->read_to_end().find("shell not found"), std::string::npos);
    command = terminal();
    command["user"] = "nobody-has-this-name";
    EXPECT_NE(ask(command)->read_to_end().find("nobody-has-this-name"), std::string::npos);
}

TEST_F(TerminalTest, BeginsElsewhereWhenTheDirectoryIsNotThereYet) {
    Json command = terminal();
    command["cwd"] = directory_.path() + "/later";
    auto client = open(command);
    client->send_bytes("echo works; exit\n");
    EXPECT_NE(client->read_to_end().find("works\r\n"), std::string::npos);
}

TEST_F(TerminalTest, IsNotOpenedBehindAHelloOrInAnotherVersion) {
    SupervisorClient client(directory_.path());
    client.hello();
    client.send(terminal());
    EXPECT_EQ(client.read_to_end(), "");
    Json command = terminal();
    command["version"] = kProtocolVersion + 1;
    EXPECT_EQ(ask(command)->read_to_end(), "");
}

class DialTest : public TerminalTest {
  protected:
    DialTest() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener_.get(), plain, size), 0);
        EXPECT_EQ(::getsockname(listener_.get(), plain, &size), 0);
        port_ = ntohs(address.sin_port);
    }
    [[nodiscard]] Json dial(const std::string& host) const {
        return {{"op", "dial"}, {"version", kProtocolVersion}, {"host", host}, {"port", port_}};
    }

    UniqueFd listener_;
    int port_ = 0;
};

TEST_F(DialTest, CopiesBytesInBothDirectionsUntilTheOtherSideEnds) {
    ASSERT_EQ(::listen(listener_.get(), 1), 0);
    auto client = open(dial("localhost"));
    UniqueFd server(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(server);
    client->send_bytes("question");
    std::string question(8, ' ');
    ASSERT_EQ(::recv(server.get(), question.data(), question.size(), MSG_WAITALL), 8);
    EXPECT_EQ(question, "question");
    const std::string answer(300'000, 'x');
    EXPECT_TRUE(write_all(server.get(), answer));
    server.reset();
    EXPECT_EQ(client->read_to_end(), opened() + answer);
}

TEST_F(DialTest, TheEndOfTheConnectionEndsTheOtherOne) {
    ASSERT_EQ(::listen(listener_.get(), 1), 0);
    auto client = open(dial("127.0.0.1"));
    UniqueFd server(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    client.reset();
    char byte = 0;
    EXPECT_LE(read_some(server.get(), &byte, 1), 0);
}

TEST_F(DialTest, TellsWhichPortDoesNotAnswer) {
    const std::string text = ask(dial("127.0.0.1"))->read_to_end();
    EXPECT_NE(text.find("connect to 127.0.0.1:" + std::to_string(port_) + ": "), std::string::npos)
        << text;
}

}  // namespace
}  // namespace executors::helper
