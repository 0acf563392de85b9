// Archives of artifacts and caches. Whatever the bytes are, unpacking writes nothing outside of the
// target directory, and throws only Failure.

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

/// The target directory of unpacking, and next to it a directory into which nothing may be written.
class Directories {
  public:
    Directories() {
        fs::create_directory(root_ / "inside");
        fs::create_directory(root_ / "outside");
        // A checkout may already contain symbolic links that lead outside.
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

helper::Fd file_of(const std::uint8_t* data, std::size_t size) {
    helper::Fd file(::memfd_create("archive", MFD_CLOEXEC));
    require(file && helper::write_all(file.get(), tests::fuzz::as_text(data, size)),
            "the memory file can be written");
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Directories directories;
    const helper::Fd file = file_of(data, size);
    for (int turn = 0; turn < 2; ++turn) {  // the second time into a directory with files
        ::lseek(file.get(), 0, SEEK_SET);
        try {
            helper::unpack_archive(file.get(), directories.inside());
        } catch (const helper::Failure&) {
        }
        require(directories.is_untouched(), "nothing is written outside");
    }
    ::lseek(file.get(), 0, SEEK_SET);
    try {
        helper::list_archive(file.get());
    } catch (const helper::Failure&) {
    }
    return 0;
}
