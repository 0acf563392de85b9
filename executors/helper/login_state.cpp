#include "executors/helper/login_state.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/encoding.hpp"

namespace executors::helper {

namespace {

constexpr std::string_view kComplete = "# complete\n";

/// For bash: prints commands that repeat what the profiles have changed. Variables that bash sets
/// by itself are left out, and those that the shell was started with and that are unchanged: they
/// may be large, and every stage is started with them. The options of `shopt` come before the
/// functions, whose syntax may need them (extglob), and aliases after them, because a function that
/// is defined again would have them expanded twice. Traps and the options of `set` would change how
/// the other commands run (errexit, posix), so they come last.
constexpr std::string_view kPrintChanges = R"sh(
(
  trap - DEBUG ERR EXIT RETURN
  set +eux
  compgen -v > /dev/null || exit 1
  declare -p IFS
  IFS=$'\n'
  declare -A _runner_before=()
  while IFS= read -r -d '' _runner_entry; do
    [[ $_runner_entry == [a-zA-Z_]*=* ]] || continue
    _runner_before[${_runner_entry%%=*}]=${_runner_entry#*=}
  done < /proc/self/environ
  for _runner_name in "${!_runner_before[@]}"; do
    [[ $_runner_name == *[!a-zA-Z0-9_]* || -v $_runner_name ]] || echo "unset $_runner_name"
  done
  for _runner_name in $(compgen -v); do
    case $_runner_name in
      BASH_ENV) ;;
      BASH|BASHOPTS|BASHPID|BASH_*|COMP_*|DIRSTACK|EPOCH*|EUID|FUNCNAME|GROUPS|HISTCMD) continue ;;
      IFS|LINENO|OLDPWD|OPTARG|OPTERR|OPTIND|PIPESTATUS|PPID|PWD|RANDOM|REPLY|SECONDS) continue ;;
      SHELLOPTS|SHLVL|SRANDOM|UID|_|_runner_*) continue ;;
    esac
    [[ -v _runner_before[$_runner_name] && ${_runner_before[$_runner_name]} == "${!_runner_name}" ]] ||
      declare -p "$_runner_name"
  done
  for _runner_name in c d e f i l m n q r s t u v x; do
    printf 'ulimit -S -%s ' $_runner_name; ulimit -S -$_runner_name || echo
    printf 'ulimit -H -%s ' $_runner_name; ulimit -H -$_runner_name || echo
  done
  exit 0
) && {
  umask -p
  shopt -p
  declare -f
  declare -Fx
  alias -p
  trap -p
  set +o
}
)sh";

/// The lines before the first script: bash writes its changes to `target`.
std::string write_changes(const std::string& target) {
    return "if [ -n \"${BASH_VERSION-}\" ]; then { eval " + base::shell_quote(kPrintChanges) +
           " && printf '%s' " + base::shell_quote(kComplete) + "; } 2>/dev/null > " +
           base::shell_quote(target) + " || :; fi\n";
}

/// The line before a later script. Some lines cannot be carried out, for example those of read-only
/// variables.
std::string repeat_changes(const std::string& text) {
    return "{ eval " + base::shell_quote(text) + "; } 2>/dev/null || :\n";
}

}  // namespace

RunStage LoginState::prepare(RunStage run) {
    if (!run.login_once) return run;
    if (!begun_) {
        begun_ = true;
        written_ = UniqueFd(::memfd_create("login", MFD_CLOEXEC));
        if (!written_) return run;
        const std::string target =
            "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(written_.get());
        run.script.insert(0, write_changes(target));
        return run;
    }
    if (written_) take_text();
    if (!text_) return run;
    run.arguments.clear();
    run.script.insert(0, *text_);
    return run;
}

void LoginState::take_text() {
    const off_t size = ::lseek(written_.get(), 0, SEEK_END);
    std::string text(static_cast<std::size_t>(std::max<off_t>(size, 0)), '\0');
    const ssize_t got = ::pread(written_.get(), text.data(), text.size(), 0);
    written_.reset();
    if (got == size && text.ends_with(kComplete)) text_ = repeat_changes(text);
}

}  // namespace executors::helper
