#include "executors/docker/preload.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/run_together.hpp"
#include "executors/docker/builder_options.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/image_puller.hpp"

namespace executors::docker {

using base::Result;
using base::Task;
using protocol::http::ByteStream;

namespace {

constexpr const char* kBuildxDefault = "moby/buildkit:buildx-stable-1";
constexpr std::size_t kBlock = 256 * 1024;
constexpr std::size_t kLongestAnswer = 4096;

/// The helper's answer: up to the end of a line, or of the stream. A job can put another program in
/// the helper's place, whose answer has no end.
Task<Result<std::string>> read_answer(ByteStream& stream) {
    std::string answer;
    std::array<char, 256> buffer{};
    while (answer.size() < kLongestAnswer) {
        const std::span<char> target(buffer);
        auto got = co_await stream.read_some(target);
        if (!got) co_return got.error();
        if (*got == 0) co_return answer;
        const std::string_view piece(buffer.data(), *got);
        answer += piece;
        if (piece.find('\n') != std::string_view::npos) co_return answer;
    }
    co_return base::make_error(base::ErrorKind::kProtocol,
                               "runner-helper in the container answered with a line of more than "
                               "4 KiB; the image is not copied");
}

Task<Result<void>> obtain(ImagePuller& puller, PreloadImage& preload, JobLog& log) {
    ImageSpec spec;
    spec.name = preload.name;
    auto image = co_await puller.obtain(std::move(spec));
    if (image) {
        preload.id = image->id;
        preload.content = image->content;
    } else if (!image.error().is(base::ErrorKind::kCancelled)) {
        log.warning("The image " + preload.name +
                    " of preload_images cannot be had: " + image.error().message);
    }
    co_return Result<void>();
}

/// Only an image that is here already: buildx pulls it itself where there is a registry.
Task<Result<void>> look_for_image(EngineApi& api, PreloadImage& preload) {
    auto image = co_await api.inspect_image(preload.name);
    if (image) {
        preload.id = image->id;
        preload.content = image->content;
    }
    co_return Result<void>();
}

Task<Result<void>> send_image(EngineApi& api, ByteStream& stream, std::string name) {
    auto archive = co_await api.save_image(std::move(name));
    if (!archive) co_return archive.error();
    while (true) {
        auto block = co_await (*archive)->read_some(kBlock);
        if (!block) co_return block.error();
        if (block->empty()) break;
        auto written = co_await stream.write_all(*block);
        if (!written) co_return written.error();
    }
    co_return Result<void>();
}

}  // namespace

std::string builder_image_name(const DindSettings& settings) {
    std::string name = kBuildxDefault;
    for (const auto& option : driver_options(settings)) {
        if (option.starts_with("image=")) name = option.substr(6);
    }
    return name;
}

Task<Result<std::vector<PreloadImage>>> plan_preloads(EngineApi& api, ImagePuller& puller,
                                                      const DindSettings& settings, JobLog& log) {
    const std::string builder = settings.builder ? builder_image_name(settings) : "";
    std::vector<PreloadImage> preloads;
    for (const auto& name : settings.preload_images) {
        const bool builders = name == builder;
        const std::string mark =
            builders ? kBuilderMark : "image-" + std::to_string(preloads.size());
        preloads.push_back({name, "", mark});
    }
    std::vector<Task<Result<void>>> tasks;
    for (auto& preload : preloads) tasks.push_back(obtain(puller, preload, log));
    const bool extra =
        !builder.empty() && std::none_of(preloads.begin(), preloads.end(), [](const auto& preload) {
            return preload.mark == kBuilderMark;
        });
    PreloadImage own{builder, "", kBuilderMark};
    if (extra) tasks.push_back(look_for_image(api, own));
    auto known = co_await base::run_every(std::move(tasks));
    if (!known) co_return known.error();
    if (extra) preloads.push_back(std::move(own));
    std::erase_if(preloads, [](const auto& preload) { return preload.id.empty(); });
    co_return preloads;
}

Task<Result<bool>> copy_image(EngineApi& api, std::string container, PreloadImage image) {
    ExecSpec spec;
    spec.command = {kHelper, "load", "--image", image.name, "--id", image.id, "--mark", image.mark};
    if (!image.content.empty()) {
        spec.command.insert(spec.command.end(), {"--content", image.content});
    }
    spec.user = "0";
    spec.input = true;
    auto stream = co_await open_exec(api, std::move(container), std::move(spec));
    if (!stream) co_return stream.error();
    auto answer = co_await read_answer(**stream);
    if (!answer) co_return answer.error();
    if (*answer != "send\n") co_return false;
    auto sent = co_await send_image(api, **stream, image.name);
    (*stream)->shutdown_write();
    // The helper ends when the inner engine has taken or refused the image.
    auto end = co_await read_answer(**stream);
    if (!sent) co_return sent.error();
    if (!end) co_return end.error();
    co_return true;
}

}  // namespace executors::docker
