#include "runner/pipeline/glob/path_glob.hpp"

namespace runner::pipeline::glob {

ExistsPattern::ExistsPattern(std::string_view pattern)
    : form_(Form::kGlob), text_(pattern), glob_(pattern) {
    if (pattern.find_first_of("*?[{") == std::string_view::npos) {
        form_ = pattern.ends_with('/') ? Form::kPrefix : Form::kExact;
    } else if (pattern.find('/') == std::string_view::npos &&
               pattern.find("**") == std::string_view::npos) {
        form_ = Form::kTopLevel;
    }
}

bool ExistsPattern::matches(std::string_view path) const {
    switch (form_) {
        case Form::kExact: return path == text_;
        case Form::kPrefix: return path.starts_with(text_);
        case Form::kTopLevel:
            return path.find('/') == std::string_view::npos && glob_.matches(path);
        case Form::kGlob: return glob_.matches(path);
    }
    return false;
}

}  // namespace runner::pipeline::glob
