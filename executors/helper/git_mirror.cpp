#include "executors/helper/git_mirror.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <future>

#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "executors/helper/arguments.hpp"
#include "executors/helper/mirror_copy.hpp"
#include "executors/helper/mirror_server.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

/// A job waits for it.
constexpr int kSilenceOfProof = 20;

std::string read_line(int fd) {
    std::string text;
    char byte = 0;
    while (read_some(fd, &byte, 1) == 1 && byte != '\n') text += byte;
    return text;
}

unsigned seconds_of(const std::string& text) {
    const auto seconds = std::strtoul(text.c_str(), nullptr, 10);
    if (seconds == 0) throw Failure("mirror needs a number of seconds");
    return static_cast<unsigned>(seconds);
}

int wait_as_first_process(unsigned seconds) {
    while (seconds > 0) seconds = ::sleep(seconds);
    return 0;
}

MirrorAnswer run_action(const std::string& action, Arguments arguments) {
    const std::string volume = arguments.take_value("--volume");
    const std::string target = arguments.take_value("--target");
    const std::string work = arguments.take_value("--work");
    const std::string limit = arguments.take_value("--limit");
    arguments.expect_none();
    const MirrorRequest request = parse_mirror_request(read_line(STDIN_FILENO));
    if (action == "seed") return seed_mirror(request, {volume, target, work});
    if (action != "fill") throw Failure("unknown action for a mirror: " + action);
    FillLimits limits;
    limits.time = std::chrono::seconds(seconds_of(limit));
    return fill_mirror(request, volume, limits);
}

}  // namespace

MirrorRequest parse_mirror_request(const std::string& json) {
    const Json value = Json::parse(json, nullptr, false);
    if (!value.is_object()) throw Failure("the request for a mirror is no JSON object");
    MirrorRequest request;
    request.url = base::text_at(value, "url");
    request.username = base::text_at(value, "username");
    request.password = base::text_at(value, "password");
    request.authority = base::text_at(value, "authority");
    request.ref = base::text_at(value, "ref");
    request.depth = value.value("depth", std::int64_t{0});
    request.sha256 = value.value("sha256", false);
    request.renew = value.value("renew", false);
    request.environment = value.value("environment", std::vector<std::string>{});
    return request;
}

MirrorAnswer prove_mirror(const MirrorRequest& request, std::chrono::milliseconds limit) {
    const auto begin = std::chrono::steady_clock::now();
    const MirrorServer server(request, kSilenceOfProof, {begin + limit, 0});
    MirrorAnswer answer{"done"};
    try {
        static_cast<void>(server.git().run({"ls-remote", request.url, "HEAD"}));
    } catch (const GitTimeout&) {
        answer.state = "silent";
    } catch (const GitFailure& failure) {
        answer.state = "refused";
        answer.reason = failure.what();
    }
    answer.proof = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    return answer;
}

MirrorAnswer seed_mirror(const MirrorRequest& request, const MirrorPlaces& places) {
    const MirrorCopy::Proof proof =
        std::async(std::launch::async, [&request] { return prove_mirror(request); }).share();
    MirrorCopy copy(request, places, proof);
    std::string state;
    std::exception_ptr failure;
    try {
        state = copy.prepare();
    } catch (const Failure&) {
        failure = std::current_exception();
    }
    MirrorAnswer answer = proof.get();
    // Whoever may not read the repository does not learn either why it could not be copied.
    if (answer.state != "done") return answer;
    if (failure) std::rethrow_exception(failure);
    answer.state = state;
    if (state == "done") answer.bytes = copy.publish();
    return answer;
}

int run_mirror_command(const std::vector<std::string>& words) {
    const std::string action = words.empty() ? "" : words.front();
    if (action == "wait")
        return wait_as_first_process(seconds_of(words.size() > 1 ? words[1] : ""));
    const MirrorAnswer answer =
        run_action(action, Arguments({words.begin() + (words.empty() ? 0 : 1), words.end()}));
    const Json line{{"state", answer.state},
                    {"bytes", answer.bytes},
                    {"reason", answer.reason},
                    {"proof_ms", answer.proof.count()}};
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace);
    return write_all(STDOUT_FILENO, text + "\n") ? 0 : 1;
}

}  // namespace executors::helper
