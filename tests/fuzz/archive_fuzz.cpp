// Archives that jobs hand to each other: whatever bytes come, nothing appears outside of the
// directory they are unpacked into, and only Failure is thrown.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "executors/helper/posix.hpp"
#include "executors/helper/unpack.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace executors;
using tests::fuzz::require;
namespace fs = std::filesystem;

/// A place with a file that must stay as it is, beside the directory to unpack into.
class Place {
  public:
    Place() {
        fs::create_directory(root_ / "inside");
        fs::create_directory(root_ / "outside");
        // What a checkout may hold already: ways out.
        fs::create_directory_symlink("../outside", root_ / "inside/way");
        fs::create_symlink("../outside/file", root_ / "inside/link");
    }
    [[nodiscard]] std::string inside() const { return root_ / "inside"; }
    [[nodiscard]] bool is_untouched() const {
        const auto entries = std::distance(fs::directory_iterator(root_), fs::directory_iterator());
        return entries == 2 && fs::is_empty(root_ / "outside");
    }

  private:
    tests::TempDir directory_;
    const fs::path& root_ = directory_.path();
};

helper::UniqueFd file_of(const std::uint8_t* data, std::size_t size) {
    helper::UniqueFd file(::memfd_create("archive", MFD_CLOEXEC));
    require(file && helper::write_all(file.get(), tests::fuzz::as_text(data, size)),
            "memory can be written");
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Place place;
    const helper::UniqueFd file = file_of(data, size);
    for (int turn = 0; turn < 2; ++turn) {  // a second time over what the first has left
        ::lseek(file.get(), 0, SEEK_SET);
        try {
            helper::unpack_archive(file.get(), place.inside());
        } catch (const helper::Failure&) {
        }
        require(place.is_untouched(), "nothing is written outside");
    }
    ::lseek(file.get(), 0, SEEK_SET);
    try {
        helper::list_archive(file.get());
    } catch (const helper::Failure&) {
    }
    return 0;
}
