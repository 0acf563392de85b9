#include "executors/helper/provenance.hpp"

#include <fcntl.h>
#include <nettle/sha2.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <vector>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "executors/helper/long_path.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

using Json = nlohmann::json;

namespace {

std::string date_of(std::int64_t now_us) {
    const std::time_t seconds = now_us / 1'000'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), size};
}

/// Lower-case hex digits.
std::string sha256_of(int fd, const std::string& path) {
    sha256_ctx state;
    ::nettle_sha256_init(&state);
    std::vector<std::uint8_t> buffer(256 * 1024);
    ssize_t count = 0;
    while ((count = read_some(fd, reinterpret_cast<char*>(buffer.data()), buffer.size())) > 0)
        ::nettle_sha256_update(&state, static_cast<std::size_t>(count), buffer.data());
    if (count < 0) fail_errno("read " + path);
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    ::nettle_sha256_digest(&state, digest.size(), digest.data());
    return base::to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Json subjects_of(const Selection& selection) {
    Json subjects = Json::array();
    for (const auto& [path, status] : selection) {
        if (!S_ISREG(status.st_mode)) continue;
        const UniqueFd file = open_long(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        if (!file && errno == ENOENT) continue;
        if (!file) fail_errno("read " + path);
        subjects.push_back({{"name", path}, {"digest", {{"sha256", sha256_of(file.get(), path)}}}});
    }
    return subjects;
}

}  // namespace

std::string complete_statement(const std::string& statement, const Selection& selection,
                               std::int64_t now_us) {
    Json complete = base::parse_foreign_json(statement);
    if (!complete.is_object()) throw Failure("the provenance statement is no JSON object");
    complete["subject"] = subjects_of(selection);
    complete["predicate"]["runDetails"]["metadata"]["finishedOn"] = date_of(now_us);
    return base::dump_json(complete, 1) + "\n";
}

}  // namespace executors::helper
