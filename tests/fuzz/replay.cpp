// The main() of a fuzz target without libFuzzer. It runs every file of a corpus, and then mutations
// of the files, which depend only on a seed: they are the same on every machine.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

constexpr unsigned kSecondsPerInput = 20;
constexpr std::size_t kLongestMutant = 64 * 1024;

struct Options {
    std::string name;
    std::size_t runs = 0;
    std::uint64_t seed = 1;
    std::string words;
    std::vector<fs::path> corpus;
};

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        std::cerr << "cannot read " << path << "\n";
        std::exit(2);
    }
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> read_corpus(const std::vector<fs::path>& roots) {
    std::vector<fs::path> files;
    for (const fs::path& root : roots) {
        if (!fs::is_directory(root))
            files.push_back(root);
        else
            for (const auto& entry : fs::recursive_directory_iterator(root)) {
                if (entry.is_regular_file()) files.push_back(entry.path());
            }
    }
    // The order of files in a directory differs between machines.
    std::sort(files.begin(), files.end());
    std::vector<std::string> texts;
    for (const fs::path& file : files) texts.push_back(read_file(file));
    return texts;
}

/// The words of a libFuzzer dictionary: "text" per line, with \\, \" and \xNN.
std::vector<std::string> read_words(const std::string& path) {
    std::vector<std::string> words;
    if (path.empty()) return words;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with('"') || line.size() < 2) continue;
        std::string word;
        for (std::size_t i = 1; i + 1 < line.size(); ++i) {
            if (line[i] != '\\')
                word += line[i];
            else if (line[i + 1] != 'x')
                word += line[++i];
            else {
                word += static_cast<char>(std::stoi(line.substr(i + 2, 2), nullptr, 16));
                i += 3;
            }
        }
        words.push_back(std::move(word));
    }
    return words;
}

class Mutator {
  public:
    Mutator(const std::vector<std::string>& corpus, std::vector<std::string> words,
            std::uint64_t seed)
        : corpus_(corpus), words_(std::move(words)), random_(seed) {}

    std::string next() {
        std::string text = corpus_[below(corpus_.size())];
        for (std::size_t changes = 1 + below(6); changes > 0; --changes) change(text);
        if (text.size() > kLongestMutant) text.resize(kLongestMutant);
        return text;
    }

  private:
    // std::uniform_int_distribution differs between standard libraries.
    std::size_t below(std::size_t end) {
        return end == 0 ? 0 : static_cast<std::size_t>(random_() % end);
    }

    void change(std::string& text) {
        const std::size_t at = below(text.size() + 1);
        const std::size_t length = std::min(below(32), text.size() - at);
        switch (below(8)) {
            case 0: flip(text, at); break;
            case 1: text.erase(at, length); break;
            case 2: text.insert(at, text.substr(at, length)); break;
            case 3: text.insert(at, 1, static_cast<char>(below(256))); break;
            case 4: splice(text, at); break;
            case 5: repeat_line(text, at); break;
            default:
                if (!words_.empty())
                    text.replace(at, below(2) * length, words_[below(words_.size())]);
        }
    }

    void flip(std::string& text, std::size_t at) {
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
    }

    void splice(std::string& text, std::size_t at) {
        const std::string& other = corpus_[below(corpus_.size())];
        const std::size_t from = below(other.size() + 1);
        text.insert(at, other, from, below(256));
    }

    void repeat_line(std::string& text, std::size_t at) {
        const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        if (begin >= end || end > text.size()) return;
        const std::string line = text.substr(begin, end - begin);
        std::string many;
        for (std::size_t i = below(12); i > 0; --i) many += line;
        text.insert(end, many);
    }

    const std::vector<std::string>& corpus_;
    std::vector<std::string> words_;
    std::mt19937_64 random_;
};

void too_slow(int) {
    constexpr std::string_view kText =
        "fuzz: one input took too long; it is in the .current file\n";
    const auto written = write(STDERR_FILENO, kText.data(), kText.size());
    _exit(written < 0 ? 3 : 4);
}

/// Runs one input. It is in the file `current` meanwhile, from which a crash can be repeated.
void run(const std::string& text, const std::string& current) {
    std::ofstream(current, std::ios::binary) << text;
    // With a copy of exactly this size, the address sanitizer detects a read beyond its end.
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    alarm(kSecondsPerInput);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    alarm(0);
}

Options parse(int argc, char** argv) {
    Options options;
    options.name = fs::path(argv[0]).filename().string();
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const bool more = i + 1 < argc;
        if (word == "--runs" && more)
            options.runs = std::stoul(argv[++i]);
        else if (word == "--seed" && more)
            options.seed = std::stoull(argv[++i]);
        else if (word == "--words" && more)
            options.words = argv[++i];
        else
            options.corpus.emplace_back(word);
    }
    if (options.corpus.empty()) {
        std::cerr << "usage: " << options.name
                  << " [--runs N] [--seed N] [--words FILE] FILE|DIR...\n";
        std::exit(2);
    }
    return options;
}

}  // namespace

// The address sanitizer calls this function by its name. The limit of memory holds for every input.
extern "C" const char* __asan_default_options() { return "hard_rss_limit_mb=2048"; }

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    const std::string current = options.name + ".current";
    ::signal(SIGALRM, too_slow);
    std::cout << options.name << ": seed " << options.seed << ", input in " << fs::absolute(current)
              << std::endl;
    auto corpus = read_corpus(options.corpus);
    for (const std::string& text : corpus) run(text, current);
    if (corpus.empty()) corpus.emplace_back();
    Mutator mutator(corpus, read_words(options.words), options.seed);
    for (std::size_t i = 0; i < options.runs; ++i) run(mutator.next(), current);
    fs::remove(current);
    std::cout << options.name << ": " << corpus.size() << " files, " << options.runs
              << " mutations\n";
    return 0;
}
