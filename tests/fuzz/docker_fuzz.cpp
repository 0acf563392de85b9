// Data from the Docker engine and from images: image names, credentials, multiplexed output, tar
// archives, and answers to inspect requests.

#include <string>

#include "executors/docker/docker_reference.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/engine_json.hpp"
#include "executors/docker/pull_progress.hpp"
#include "executors/docker/registry_auth.hpp"
#include "executors/docker/stream_demux.hpp"
#include "executors/docker/tar_archive.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace executors::docker;
using tests::fuzz::require;

struct Demuxed {
    bool refused = false;
    std::string output;
    std::string errors;
    friend bool operator==(const Demuxed&, const Demuxed&) = default;
};

Demuxed demux(std::string bytes, std::size_t step) {
    StreamDemux stream;
    Demuxed result;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        const std::size_t count = std::min(step, bytes.size() - at);
        const auto kept = stream.extract({bytes.data() + at, count}, result.errors);
        if (!kept) return {true, {}, {}};
        require(*kept <= count, "taking frames off adds nothing");
        result.output.append(bytes, at, *kept);
    }
    return result;
}

void check_reference(std::string_view text) {
    service_names(text);
    registry_path(text);
    const auto reference = parse_reference(text);
    if (!reference || reference->is_id) return;
    const std::string full = reference->host + "/" + reference->path +
                             (reference->tag.empty() ? "" : ":") + reference->tag +
                             (reference->digest.empty() ? "" : "@") + reference->digest;
    const auto again = parse_reference(full);
    require(again.has_value(), "a full name is a name");
    require(again->host == reference->host && again->path == reference->path,
            "a full name is the same image");
    require(again->tag == reference->tag && again->digest == reference->digest,
            "a full name is the same version");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = tests::fuzz::as_text(data, size);
    check_reference(text.substr(0, text.find('\n')));
    if (const auto auth = parse_docker_auth(text); !auth) {
        require(auth.error().message.find("SECRET") == std::string::npos,
                "an error message contains no secret");
    }
    if (!text.empty()) {
        require(demux(std::string(text), text.size()) == demux(std::string(text), 1),
                "frames do not depend on their pieces");
    }
    static_cast<void>(first_tar_entry(text));
    static_cast<void>(parse_image_info(text));
    static_cast<void>(parse_container_state(text));
    PullProgress progress;
    progress.add(text);
    progress.finish();
    engine_error(500, text);
    return 0;
}
