#include "runner/job/job_interaction.hpp"

#include <gmock/gmock.h>

#include "executors/helper/protocol.hpp"
#include "runner/interactive/session.hpp"
#include "tests/support/memory_stream.hpp"
#include "tests/unit/runner/job/job_fixture.hpp"

namespace runner::job {
namespace {

using protocol::http::Request;
using protocol::http::Response;
using testing::HasSubstr;

class JobInteractionTest : public tests::JobFixture {
  protected:
    JobInteractionTest() {
        auto config = std::make_shared<config::Config>();
        config->session_server.session_timeout_seconds = 1800;
        config_ = config;
        executor_.connect = [this] { return connect(); };
        executor_.info.user = "build";
    }

    static protocol::gitlab::Image image(std::string name, std::string alias,
                                         std::vector<protocol::gitlab::Port> ports) {
        protocol::gitlab::Image made;
        made.name = std::move(name);
        made.alias = std::move(alias);
        made.ports = std::move(ports);
        return made;
    }
    static base::Task<bool> done(base::Task<void> task) {
        co_await std::move(task);
        co_return true;
    }
    std::unique_ptr<Parts> job() {
        auto made = setup();
        made.config = config_;
        made.session = session_of_job_;
        return std::make_unique<Parts>(context_.get_executor(), std::move(made), session_);
    }
    Request request() const {
        Request made;
        made.headers.set("Authorization", session_of_job_->authorization().reveal());
        made.headers.set("Connection", "Upgrade");
        made.headers.set("Upgrade", "websocket");
        made.headers.set("Sec-WebSocket-Version", "13");
        made.headers.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        return made;
    }
    /// The terminal is connected as long as the response lives.
    Response connect_terminal() { return run(session_of_job_->answer(request(), "/exec")); }
    Response proxy(const std::string& path) {
        return run(session_of_job_->answer(request(), "/proxy/" + path));
    }

    /// As the connection of a real client, which ends with the session.
    void drop_when_told(const std::shared_ptr<Response>& terminal) {
        boost::asio::post(context_, [terminal, this] {
            if (channel_.log.find(time_is_over_ ? "timed out" : "is connected") ==
                std::string::npos) {
                drop_when_told(terminal);
            } else {
                *terminal = Response();
            }
        });
    }

    bool time_is_over_ = false;
    std::shared_ptr<const config::Config> config_;
    std::shared_ptr<interactive::Session> session_of_job_ =
        std::make_shared<interactive::Session>(context_.get_executor());
    tests::MemoryPeer supervisor_{context_.get_executor()};
    bool answers_ = true;

  private:
    base::Task<base::Result<tests::FakeExecutorScript::Connection>> connect() {
        supervisor_ = tests::MemoryPeer(context_.get_executor());
        supervisor_.send(executors::helper::make_frame(
            answers_ ? R"({"ok":true})" : R"({"ok":false,"error":"shell not found"})"));
        tests::FakeExecutorScript::Connection stream = supervisor_.stream();
        co_return std::move(stream);
    }
};

TEST_F(JobInteractionTest, AJobWithoutATerminalIsNotHeldUp) {
    auto parts = job();
    JobInteraction interaction(parts->context);
    interaction.open();
    run(done(interaction.wait_for_terminal()));
    EXPECT_THAT(channel_.log, testing::Not(HasSubstr("erminal")));
    EXPECT_EQ(connect_terminal().status, 503U);  // too late
}

TEST_F(JobInteractionTest, AShellHasWhatTheScriptsHave) {
    auto parts = job();
    JobInteraction interaction(parts->context);
    interaction.open();
    EXPECT_EQ(connect_terminal().status, 101U);
    EXPECT_THAT(supervisor_.written(), HasSubstr(R"("op":"terminal")"));
    EXPECT_THAT(supervisor_.written(), HasSubstr(R"("CI_PROJECT_DIR":")"));
    EXPECT_THAT(supervisor_.written(), HasSubstr(R"("TERM":"xterm-256color")"));
    EXPECT_THAT(supervisor_.written(), HasSubstr(R"("user":"build")"));
    EXPECT_TRUE(supervisor_.is_closed());
    EXPECT_FALSE(interaction.has_terminal());
    run(done(interaction.end(base::StopReason::kAbort)));
}

TEST_F(JobInteractionTest, TheJobWaitsUntilItsTerminalIsClosed) {
    auto parts = job();
    JobInteraction interaction(parts->context);
    interaction.open();
    auto terminal = std::make_shared<Response>(connect_terminal());
    drop_when_told(terminal);
    run(done(interaction.wait_for_terminal()));
    EXPECT_THAT(channel_.log, HasSubstr("Terminal is connected, will time out in 30m0s..."));
    EXPECT_THAT(channel_.log, HasSubstr("Terminal disconnected"));
}

TEST_F(JobInteractionTest, TheTimeIsLimited) {
    auto limited = std::make_shared<config::Config>();
    limited->session_server.session_timeout_seconds = 0;
    time_is_over_ = true;
    config_ = limited;
    auto parts = job();
    JobInteraction interaction(parts->context);
    interaction.open();
    auto terminal = std::make_shared<Response>(connect_terminal());
    drop_when_told(terminal);
    run(done(interaction.wait_for_terminal()));
    EXPECT_THAT(channel_.log, HasSubstr("terminal session timed out (maximum time allowed - 0s)"));
}

TEST_F(JobInteractionTest, AStoppedJobDoesNotWait) {
    auto parts = job();
    JobInteraction interaction(parts->context);
    interaction.open();
    auto terminal = std::make_shared<Response>(connect_terminal());
    interaction.stop_waiting();
    boost::asio::post(context_, [terminal]() mutable { *terminal = Response(); });
    run(done(interaction.wait_for_terminal()));
    EXPECT_THAT(channel_.log, testing::Not(HasSubstr("Terminal is connected")));
}

TEST_F(JobInteractionTest, TellsWhyThereIsNoShell) {
    auto parts = job();
    JobInteraction interaction(parts->context);
    interaction.open();
    answers_ = false;
    const auto response = connect_terminal();
    EXPECT_EQ(response.status, 503U);
    EXPECT_THAT(response.body, HasSubstr("shell not found"));
}

TEST_F(JobInteractionTest, FindsThePortsThatTheJobNames) {
    payload_.image = image("debian", "", {{3000, "http", "app"}});
    payload_.services = {
        image("registry.example.com/group/web:1.2", "", {{80, "http", "default_port"}}),
        image("db", "one two", {{443, "https", "tls"}, {99999, "http", ""}})};
    auto parts = job();
    JobInteraction interaction(parts->context);
    interaction.open();
    const std::vector<std::pair<std::string, unsigned>> table{
        {"build/3000/x", 0},
        {"build/app", 0},
        {"registry.example.com-group-web/80/", 0},
        {"registry.example.com__group__web/default_port/", 0},
        {"one/443/", 502},
        {"two/tls/", 502},
        {"one/99999/", 404},
        {"one/80/", 404},
        {"db/443/", 404},
        {"none/80/", 404}};
    for (const auto& [path, status] : table) EXPECT_EQ(proxy(path).status, status) << path;
    EXPECT_EQ(proxy("build/3000/").status, 0U);
    EXPECT_THAT(supervisor_.written(), HasSubstr(R"("host":"127.0.0.1")"));
    EXPECT_THAT(supervisor_.written(), HasSubstr(R"("port":3000)"));
}

}  // namespace
}  // namespace runner::job
