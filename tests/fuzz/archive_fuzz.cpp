// Archives that jobs hand to each other: whatever bytes come, nothing appears outside of the
// directory they are unpacked into, and only Failure is thrown.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "executors/helper/file_work.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/staged_files.hpp"
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

/// Path, kind, mode and content of everything in a directory, or that unpacking has failed.
using Outcome = std::map<std::string, std::string>;

Outcome outcome_of(const fs::path& root) {
    Outcome outcome;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const auto status = entry.symlink_status();
        std::string text = std::to_string(static_cast<int>(status.type())) + " " +
                           std::to_string(static_cast<unsigned>(status.permissions()));
        if (entry.is_symlink()) text += fs::read_symlink(entry.path()).string();
        const bool readable = entry.is_regular_file() && !entry.is_symlink();
        if (readable) text += helper::read_file_end(entry.path(), 1U << 20U);
        outcome[fs::relative(entry.path(), root)] = text;
    }
    return outcome;
}

Outcome unpacks(int archive) {
    const tests::TempDir directory;
    ::lseek(archive, 0, SEEK_SET);
    try {
        helper::unpack_archive(archive, directory.path());
    } catch (const helper::Failure&) {
        return {{"failed", ""}};
    }
    return outcome_of(directory.path());
}

Outcome unpacks_when_received(int archive) {
    const Place place;
    const tests::TempDir tmp;
    const std::string path = tmp.path() / "archive";
    ::lseek(archive, 0, SEEK_SET);
    helper::FileCommand command;
    command.kind = helper::FileCommand::Kind::kPutFile;
    command.path = path;
    command.unpack = 2;
    helper::do_file_command(command, archive);
    const helper::UniqueFd file(::open(path.c_str(), O_RDONLY));
    const tests::TempDir directory;
    try {
        helper::StagedFiles staged(path);
        helper::unpack_archive(file.get(), place.inside(), &staged);
    } catch (const helper::Failure&) {
    }
    require(place.is_untouched(), "nothing is written outside");
    helper::StagedFiles staged(path);
    try {
        helper::unpack_archive(file.get(), directory.path(), &staged);
    } catch (const helper::Failure&) {
        return {{"failed", ""}};
    }
    return outcome_of(directory.path());
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
    require(unpacks(file.get()) == unpacks_when_received(file.get()),
            "an archive that is unpacked while it arrives gives the same files");
    ::lseek(file.get(), 0, SEEK_SET);
    try {
        helper::list_archive(file.get());
    } catch (const helper::Failure&) {
    }
    return 0;
}
