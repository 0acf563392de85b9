#include "executors/helper/reactor.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace executors::helper {
namespace {

TEST(Reactor, CallsTimersInTheOrderOfTheirTimes) {
    Reactor reactor;
    std::string calls;
    reactor.after(2, [&] {
        calls += "c";
        reactor.stop();
    });
    reactor.after(0, [&] { calls += "a"; });
    reactor.after(0, [&] { calls += "b"; });
    const auto cancelled = reactor.after(1, [&] { calls += "x"; });
    reactor.cancel(cancelled);
    reactor.cancel(cancelled);
    reactor.cancel(0);
    reactor.run();
    EXPECT_EQ(calls, "abc");
}

TEST(Reactor, LetsATimerCancelAnotherAndStartOne) {
    Reactor reactor;
    std::string calls;
    Reactor::TimerId second = 0;
    reactor.after(0, [&] {
        reactor.cancel(second);
        reactor.after(0, [&] { reactor.stop(); });
    });
    second = reactor.after(0, [&] { calls += "x"; });
    reactor.run();
    EXPECT_EQ(calls, "");
}

TEST(Reactor, TellsOfReadableDescriptorsUntilTheyAreForgotten) {
    Reactor reactor;
    const Pipe pipe = make_pipe();
    ASSERT_TRUE(write_all(pipe.write.get(), "ab"));
    std::string text;
    reactor.watch(pipe.read.get(), EPOLLIN, [&](std::uint32_t) {
        char c = 0;
        ASSERT_EQ(read_some(pipe.read.get(), &c, 1), 1);
        text += c;
        if (text == "a") return;
        reactor.forget(pipe.read.get());
        reactor.after(0, [&] { reactor.stop(); });
        write_all(pipe.write.get(), "c");
    });
    reactor.run();
    EXPECT_EQ(text, "ab");
}

TEST(Reactor, ChangesTheEventsOfADescriptor) {
    Reactor reactor;
    const Pipe pipe = make_pipe();
    int calls = 0;
    reactor.watch(pipe.write.get(), 0, [&](std::uint32_t events) {
        EXPECT_NE(events & EPOLLOUT, 0U);
        ++calls;
        reactor.stop();
    });
    reactor.after(0, [&] { reactor.change(pipe.write.get(), EPOLLOUT); });
    reactor.run();
    EXPECT_EQ(calls, 1);
}

TEST(Reactor, DropsEventsOfADescriptorWhoseNumberWasReused) {
    Reactor reactor;
    std::optional<Pipe> first = make_pipe();
    std::optional<Pipe> second = make_pipe();
    std::optional<Pipe> fresh;
    ASSERT_TRUE(write_all(first->write.get(), "a"));
    ASSERT_TRUE(write_all(second->write.get(), "a"));
    int calls = 0;
    // Both have events in the same round; whichever is called first closes the other, and a new
    // pipe gets its number.
    const auto replace = [&](std::optional<Pipe>& mine, std::optional<Pipe>& other) {
        ++calls;
        reactor.forget(mine->read.get());
        reactor.forget(other->read.get());
        other.reset();
        fresh = make_pipe();
        reactor.watch(fresh->read.get(), EPOLLIN, [&](std::uint32_t) { ++calls; });
    };
    reactor.watch(first->read.get(), EPOLLIN, [&](std::uint32_t) { replace(first, second); });
    reactor.watch(second->read.get(), EPOLLIN, [&](std::uint32_t) { replace(second, first); });
    reactor.after(1, [&] { reactor.stop(); });
    reactor.run();
    EXPECT_EQ(calls, 1);
}

TEST(Reactor, CallsBackAfterEveryRound) {
    Reactor reactor;
    int rounds = 0;
    reactor.set_after_round([&] {
        if (++rounds == 3) return reactor.stop();
        reactor.after(0, [] {});
    });
    reactor.after(0, [] {});
    reactor.run();
    EXPECT_EQ(rounds, 3);
}

}  // namespace
}  // namespace executors::helper
