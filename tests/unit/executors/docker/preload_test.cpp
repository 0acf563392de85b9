#include "executors/docker/preload.hpp"

#include <gtest/gtest.h>

#include "tests/support/run_to_end.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"

namespace {

using executors::docker::copy_image;
using executors::docker::EngineScript;
using executors::docker::exec_frame;
using executors::docker::PreloadImage;
using executors::docker::scripted_api;

base::Result<bool> copy_with_answer(const std::string& stream) {
    EngineScript script;
    script.exec_stream = stream;
    script.answers = {{"POST /containers/c/exec", {201, R"({"Id": "e"})"}},
                      {"GET /exec/e/json", {200, R"({"Running": false, "ExitCode": 0})"}}};
    auto api = scripted_api(script);
    const PreloadImage image{"app:1", "sha256:1", "image-0"};
    return tests::run_to_end(copy_image(api, "c", image));
}

std::string line_of(std::size_t bytes) {
    std::string stream;
    for (std::size_t sent = 0; sent < bytes; sent += 64)
        stream += exec_frame('1', std::string(64, 'x'));
    return stream + exec_frame('1', "\n");
}

TEST(CopyImage, SendsNothingWhenTheEngineHasTheImage) {
    const auto copied = copy_with_answer(exec_frame('1', "there\n"));
    ASSERT_TRUE(copied.has_value()) << copied.error().message;
    EXPECT_FALSE(*copied);
}

TEST(CopyImage, ReadsAnAnswerOfAtMost4KiB) {
    const auto shorter = copy_with_answer(line_of(4000));
    ASSERT_TRUE(shorter.has_value()) << shorter.error().message;
    EXPECT_FALSE(*shorter);
    const auto longer = copy_with_answer(line_of(8192));
    ASSERT_FALSE(longer.has_value());
    EXPECT_TRUE(longer.error().is(base::ErrorKind::kProtocol));
}

}  // namespace
