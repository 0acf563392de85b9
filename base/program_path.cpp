#include "base/program_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/strings.hpp"

namespace base {

Result<std::string> find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const std::string& directory : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
        std::string file = (directory.empty() ? "." : directory) + "/" + name;
        struct stat status {};
        const bool is_file = ::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode);
        if (is_file && ::access(file.c_str(), X_OK) == 0) return file;
    }
    return make_error(ErrorKind::kNotFound, name + " is in no directory of PATH");
}

}  // namespace base
