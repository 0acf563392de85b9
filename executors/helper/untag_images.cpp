#include "executors/helper/untag_images.hpp"

#include <string_view>

#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "executors/helper/data_outcome.hpp"
#include "executors/helper/engine_client.hpp"

namespace executors::helper {

namespace {

/// An engine that a job has changed may never answer. The daemon waits a little longer.
constexpr unsigned kLimitSeconds = 20;
constexpr const char* kEmpty = "runner-helper/empty";
/// Two blocks of zeros are the end of a tar archive.
constexpr std::size_t kEmptyArchive = 1024;

class Engine {
  public:
    explicit Engine(std::string socket) : socket_(std::move(socket)) {}

    void ask(const std::string& method, const std::string& path, const std::string& body = {}) {
        const auto reply = ask_engine(socket_, method, path, body);
        if (reply.status >= 200 && reply.status < 300) return;
        const std::string message = base::text_at(base::parse_foreign_json(reply.body), "message");
        throw Failure("the engine answered " + method + " " + path + " with status " +
                      std::to_string(reply.status) + ": " + message);
    }

  private:
    std::string socket_;
};

void untag(const UntagOptions& options, const std::vector<std::string>& names) {
    Engine engine(options.socket);
    engine.ask("POST", std::string("/images/create?fromSrc=-&tag=latest&repo=") + kEmpty,
               std::string(kEmptyArchive, '\0'));
    for (const auto& text : names) {
        const auto name = split_image_name(text);
        if (!name) continue;
        engine.ask("POST", std::string("/images/") + kEmpty +
                               ":latest/tag?repo=" + name->repository + "&tag=" + name->tag);
        engine.ask("DELETE", "/images/" + text + "?noprune=1");
    }
    engine.ask("DELETE", std::string("/images/") + kEmpty + ":latest");
}

}  // namespace

std::optional<ImageName> split_image_name(const std::string& name) {
    constexpr std::string_view kAllowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:";
    const auto colon = name.rfind(':');
    if (colon == std::string::npos || name.find_first_not_of(kAllowed) != std::string::npos)
        return std::nullopt;
    ImageName parts{name.substr(0, colon), name.substr(colon + 1)};
    if (parts.repository.empty() || parts.tag.empty() || parts.tag.find('/') != std::string::npos)
        return std::nullopt;
    return parts;
}

int untag_images(const UntagOptions& options) {
    const EndAfter limit(kLimitSeconds);
    const std::string file = options.outcome_file.empty() ? kOutcomeFile : options.outcome_file;
    auto outcome = read_outcome(file);
    if (!outcome || outcome->names.empty()) return 0;
    untag(options, outcome->names);
    outcome->names.clear();
    write_outcome(*outcome, file);
    return 0;
}

}  // namespace executors::helper
