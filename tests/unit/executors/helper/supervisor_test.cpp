#include "executors/helper/supervisor.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/unit/executors/helper/log_records.hpp"
#include "tests/unit/executors/helper/supervisor_client.hpp"

namespace executors::helper {
namespace {

using namespace tests_support;
using Json = nlohmann::json;

using Client = SupervisorClient;

/// A Supervisor in a process of its own, because it takes over the signals and the children of its
/// process.
class SupervisorTest : public testing::Test {
  protected:
    void SetUp() override { start(); }
    void TearDown() override {
        if (pid_ < 0) return;
        ::kill(pid_, SIGTERM);
        wait_end();
    }

    void start() {
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
    /// The exit code of the supervisor.
    int wait_end() {
        int status = 0;
        EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    void kill_supervisor() {
        ::kill(pid_, SIGKILL);
        EXPECT_EQ(wait_end(), 128 + SIGKILL);
    }
    [[nodiscard]] Client connect(std::uint64_t from = 0) const {
        Client client(directory_.path());
        client.hello(from);
        return client;
    }
    static Json run(std::uint16_t stage, const std::string& script) {
        return {{"op", "run"}, {"stage", stage}, {"script", script}, {"shells", {"/bin/sh"}}};
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_.path() + "/" + name;
    }
    [[nodiscard]] bool exists(const std::string& name) const {
        struct stat status {};
        return ::stat(path(name).c_str(), &status) == 0;
    }
    [[nodiscard]] std::string content(const std::string& name) const {
        return read_file_end(path(name), 1 << 20);
    }

    JobDirectory directory_;
    pid_t pid_ = -1;
};

TEST_F(SupervisorTest, SendsTheLogOfAStageToEveryClientFromItsOffset) {
    Client client = connect();
    client.send(run(1, "echo hello; exit 3"));
    const Json exit = client.wait_for(RecordType::kExited, 1).json();
    EXPECT_EQ(exit["code"], 3);
    EXPECT_EQ(output_of(client.records(), 1), "hello\n");
    Client second = connect();
    second.wait_for(RecordType::kExited, 1);
    EXPECT_EQ(output_of(second.records(), 1), "hello\n");
    const auto first_record = second.records().front();
    Client third = connect(kHeaderBytes + first_record.header.length);
    third.wait_for(RecordType::kExited, 1);
    EXPECT_EQ(third.records().size(), second.records().size() - 1);
}

TEST_F(SupervisorTest, ComesBackWhenAScriptRemovesOrClosesItsDirectory) {
    const std::string directory = directory_.path();
    const std::string place = "cd '" + directory + "' && ";
    std::uint16_t stage = 0;
    for (const std::string& script :
         {place + "rm -rf ./*", place + "chmod 000 ./* .",
          "mv '" + directory + "' '" + directory + "-old'", "rm -rf '" + directory + "'",
          place + "mkfifo x && mv x sock"}) {
        Client client = connect();
        client.send(run(++stage, script));
        EXPECT_EQ(client.wait_for(RecordType::kExited, stage).json()["code"], 0) << script;
        Client again = connect();
        EXPECT_EQ(again.wait_for(RecordType::kExited, stage).json()["code"], 0) << script;
        EXPECT_TRUE(exists("lock"));
    }
}

TEST_F(SupervisorTest, SendsMoreThanASocketTakesAtOnce) {
    Client slow = connect();
    Client client = connect();
    client.send(run(1, "head -c 3000000 /dev/zero"));
    client.wait_for(RecordType::kExited, 1);
    EXPECT_EQ(output_of(client.records(), 1).size(), 3'000'000U);
    slow.wait_for(RecordType::kExited, 1);
    EXPECT_EQ(output_of(slow.records(), 1).size(), 3'000'000U);
}

TEST_F(SupervisorTest, RunsAStageOnceHoweverOftenItIsSent) {
    Client client = connect();
    client.send(run(1, "echo once; sleep 1000"));
    client.send(run(1, "echo twice"));
    client.wait_for(RecordType::kOutput, 1);
    client.send({{"op", "stop"}, {"stage", 1}, {"grace_ms", kAnswerLimitMs}});
    client.wait_for(RecordType::kExited, 1);
    client.send(run(1, "echo again"));
    client.wait_for(RecordType::kExited, 1);
    EXPECT_EQ(output_of(client.records(), 1), "once\n");
    EXPECT_EQ(count_of(client.records(), RecordType::kStarted), 1U);
    EXPECT_EQ(count_of(client.records(), RecordType::kExited), 2U);
}

TEST_F(SupervisorTest, StopsTheStageThatIsNamed) {
    Client client = connect();
    client.send(run(1, "echo 1; sleep 1000"));
    client.send(run(2, "echo 2; sleep 1000"));
    client.wait_for(RecordType::kOutput, 2);
    client.send({{"op", "stop"}, {"stage", 7}, {"grace_ms", 1}});  // there is none
    client.send({{"op", "stop"}, {"stage", 2}, {"grace_ms", kAnswerLimitMs}});
    EXPECT_EQ(client.wait_for(RecordType::kExited, 2).json()["reason"], "stopped");
    client.send({{"op", "stop"}, {"stage", 1}, {"grace_ms", kAnswerLimitMs}});
    EXPECT_EQ(client.wait_for(RecordType::kExited, 1).json()["reason"], "stopped");
}

TEST_F(SupervisorTest, LimitsTheOutputOfTheJob) {
    Client client = connect();
    client.send({{"op", "limit"}, {"max_output_bytes", 4}});
    client.send(run(1, "echo 123456789"));
    client.wait_for(RecordType::kExited, 1);
    EXPECT_EQ(output_of(client.records(), 1), "1234");
    EXPECT_EQ(count_of(client.records(), RecordType::kNotice), 1U);
}

TEST_F(SupervisorTest, TakesOverTheLogOfASupervisorThatDied) {
    Client before = connect();
    before.send(run(1, "echo ended"));
    before.wait_for(RecordType::kExited, 1);
    before.send({{"op", "mkdir"}, {"id", "a-1"}, {"path", path("made")}});
    before.wait_answer("a-1");
    before.send(run(2, "echo running; sleep 1000"));
    const Json started = before.wait_for(RecordType::kStarted, 2).json();
    before.wait_for(RecordType::kOutput, 2);
    kill_supervisor();
    ::kill(-started["pid"].get<pid_t>(), SIGKILL);
    start();

    Client after = connect();
    const Json lost = after.wait_for(RecordType::kExited, 2).json();
    EXPECT_EQ(lost["reason"], "lost");
    EXPECT_EQ(lost["message"], "the job's supervisor died while the script ran");
    after.send(run(2, "echo again"));
    EXPECT_EQ(after.wait_for(RecordType::kExited, 2).json()["reason"], "lost");
    after.send(run(1, "echo again"));
    EXPECT_EQ(after.wait_for(RecordType::kExited, 1).json()["code"], 0);
    after.send({{"op", "mkdir"}, {"id", "a-1"}, {"path", path("again")}});
    after.send({{"op", "mkdir"}, {"id", "a-2"}, {"path", path("other")}});
    after.wait_answer("a-2");
    EXPECT_FALSE(exists("again"));
    EXPECT_EQ(output_of(after.records(), 1), "ended\n");
    EXPECT_EQ(output_of(after.records(), 2), "running\n");
}

TEST_F(SupervisorTest, CarriesOutFileCommands) {
    Client client = connect();
    client.send({{"op", "mkdir"}, {"id", "1"}, {"path", path("a/b")}, {"mode", 0700}});
    EXPECT_EQ(client.wait_answer("1")["ok"], true);
    EXPECT_TRUE(exists("a/b"));
    client.send({{"op", "remove"}, {"id", "2"}, {"path", path("a")}});
    EXPECT_EQ(client.wait_answer("2")["ok"], true);
    EXPECT_FALSE(exists("a"));
    client.send({{"op", "mkdir"}, {"id", "3"}, {"path", "/proc/no/such"}});
    const Json failed = client.wait_answer("3");
    EXPECT_EQ(failed["ok"], false);
    EXPECT_NE(failed["error"], "");
}

TEST_F(SupervisorTest, TakesAnUpload) {
    Client client = connect();
    client.send({{"op", "put_file"}, {"id", "1"}, {"path", path("file")}, {"mode", 0600}});
    std::string expected;
    for (int i = 0; i < 40; ++i) {
        const std::string piece(10'000, static_cast<char>('a' + i % 26));
        client.send_data(piece);
        expected += piece;
    }
    client.send(run(1, "echo between"));  // commands may come between the pieces
    client.send_data("end");
    client.send_data("");
    EXPECT_EQ(client.wait_answer("1")["ok"], true);
    EXPECT_TRUE(content("file") == expected + "end");
    client.send({{"op", "put_tar"}, {"id", "2"}, {"dest", path("no-such-directory")}});
    client.send_data("");
    EXPECT_EQ(client.wait_answer("2")["ok"], false);
}

TEST_F(SupervisorTest, DropsAnUploadThatIsCutOff) {
    Client client = connect();
    {
        Client lost = connect();
        lost.send({{"op", "put_file"}, {"id", "1"}, {"path", path("file")}});
        lost.send_data("a part");
        lost.send(run(1, "true"));
        lost.wait_for(RecordType::kStarted, 1);  // all before it was read
    }
    EXPECT_EQ(client.wait_answer("1")["error"], "the connection was lost during the upload");
    EXPECT_FALSE(exists("file"));
    client.send({{"op", "put_file"}, {"id", "2"}, {"path", path("file")}});
    client.send_data("a part");
    client.send({{"op", "abort_upload"}});
    EXPECT_EQ(client.wait_answer("2")["error"], "the upload was given up");
    EXPECT_FALSE(exists("file"));
    client.send({{"op", "put_file"}, {"id", "3"}, {"path", path("file")}});
    client.send_data("whole");
    client.send_data("");
    EXPECT_EQ(client.wait_answer("3")["ok"], true);
    EXPECT_EQ(content("file"), "whole");
}

TEST_F(SupervisorTest, ReadsAFileForAClient) {
    Client client = connect();
    Json write = run(1, "printf content > file");
    write["cwd"] = directory_.path();
    client.send(write);
    client.wait_for(RecordType::kExited, 1);
    const auto read = [&](const std::string& name, int offset = 0) {
        Client reader(directory_.path());
        reader.send({{"op", "read"},
                     {"version", kProtocolVersion},
                     {"path", path(name)},
                     {"offset", offset}});
        return reader.read_to_end();
    };
    EXPECT_EQ(read("file"), make_frame(R"({"offset":0,"ok":true,"size":7})") + "content");
    EXPECT_EQ(read("file", 4), make_frame(R"({"offset":4,"ok":true,"size":7})") + "ent");
    EXPECT_EQ(read("file", 7), make_frame(R"({"offset":7,"ok":true,"size":7})"));
    EXPECT_NE(read("file", 8).find("it has become shorter"), std::string::npos);
    EXPECT_NE(read("missing").find("No such file"), std::string::npos);
    EXPECT_NE(read(".").find("not a regular file"), std::string::npos);
}

TEST_F(SupervisorTest, WaitsForAnEngine) {
    Client client = connect();
    client.send({{"op", "wait_engine"},
                 {"id", "1"},
                 {"socket", path(std::string(kSocketName))},
                 {"timeout_ms", kAnswerLimitMs},
                 {"listening", true}});
    EXPECT_EQ(client.wait_answer("1")["ok"], true);
    Json write = run(1, "printf 'one\\ntwo\\n' > log");
    write["cwd"] = directory_.path();
    client.send(write);
    client.wait_for(RecordType::kExited, 1);
    client.send({{"op", "wait_engine"},
                 {"id", "2"},
                 {"socket", path("none")},
                 {"timeout_ms", 1},
                 {"log", path("log")}});
    const Json answer = client.wait_answer("2");
    EXPECT_EQ(answer["ok"], false);
    EXPECT_EQ(answer["log_tail"], "one\ntwo\n");
}

TEST_F(SupervisorTest, DisconnectsAClientThatBreaksTheProtocolAndGoesOn) {
    const Json hello{{"op", "hello"}, {"version", kProtocolVersion}, {"from", 0}};
    const Json other_version{{"op", "hello"}, {"version", 99}, {"from", 0}};
    const Json behind_the_end{{"op", "hello"}, {"version", kProtocolVersion}, {"from", 1}};
    const Json read{{"op", "read"}, {"version", kProtocolVersion}, {"path", "/etc/passwd"}};
    const Json upload{{"op", "put_file"}, {"id", "x"}, {"path", path("file")}};
    const std::string greeting = make_frame(hello.dump());
    const auto too_long = encode_frame_prefix(kMaxCommandBytes + 1, false);
    const auto too_much_data = encode_frame_prefix(kMaxDataBytes + 1, true);
    const std::vector<std::pair<std::string, std::string>> cases{
        {"no JSON", make_frame("{")},
        {"a command before hello", make_frame(run(1, "true").dump())},
        {"another version", make_frame(other_version.dump())},
        {"an offset behind the end", make_frame(behind_the_end.dump())},
        {"a second hello", greeting + greeting},
        {"a read after hello", greeting + make_frame(read.dump())},
        {"an unknown command", greeting + make_frame(R"({"op":"dance"})")},
        {"a command that is too long", greeting + std::string(too_long.data(), 4)},
        {"data that is too long", greeting + std::string(too_much_data.data(), 4)},
    };
    for (const auto& [name, bytes] : cases) {
        SCOPED_TRACE(name);
        Client client(directory_.path());
        client.send_bytes(bytes);
        EXPECT_EQ(client.read_to_end(), "");
    }
    Client client = connect();
    client.send(upload);
    client.send({{"op", "put_file"}, {"id", "y"}, {"path", path("second")}});
    client.read_to_end();
    Client working = connect();
    working.send(run(1, "echo works"));
    working.wait_for(RecordType::kExited, 1);
    EXPECT_EQ(output_of(working.records(), 1), "works\n");
}

TEST_F(SupervisorTest, EndsEveryProcessAtAShutdown) {
    Client client = connect();
    client.send(run(1, "setsid sleep 1000 & echo $!; trap '' TERM; sleep 1000; sleep 1000"));
    const auto background =
        static_cast<pid_t>(std::stol(client.wait_for(RecordType::kOutput, 1).text));
    client.send({{"op", "wait_engine"}, {"id", "1"}, {"socket", "/none"}, {"timeout_ms", 60'000}});
    client.send({{"op", "shutdown"}, {"grace_ms", 10}});
    client.read_to_end();
    const auto records = client.records();
    ASSERT_GE(records.size(), 2U);
    EXPECT_EQ(records.back().json()["event"], kEventShutdown);
    EXPECT_EQ(records.back().json()["left"], 0);
    const LogRecord& exit = records[records.size() - 2];
    EXPECT_EQ(exit.header.type, RecordType::kExited);
    EXPECT_EQ(exit.json()["reason"], "stopped");
    EXPECT_EQ(wait_end(), 0);
    EXPECT_NE(::kill(background, 0), 0);
}

TEST_F(SupervisorTest, EndsAtOnceWhenNothingRuns) {
    Client client = connect();
    client.send({{"op", "shutdown"}, {"grace_ms", 60'000}});
    client.read_to_end();
    EXPECT_EQ(client.records().back().json()["event"], kEventShutdown);
    EXPECT_EQ(wait_end(), 0);
}

TEST_F(SupervisorTest, TakesTermForAShutdown) {
    Client client = connect();
    client.send(run(1, "echo ready; sleep 1000"));
    client.wait_for(RecordType::kOutput, 1);
    ::kill(pid_, SIGTERM);
    client.read_to_end();
    EXPECT_EQ(client.records().back().json()["event"], kEventShutdown);
    EXPECT_EQ(wait_end(), 0);
}

}  // namespace
}  // namespace executors::helper
