# files - which files the checks look at: to be sourced. Runs in the root folder of the tree.
#
# files_of PATTERN...: all files of the tree whose path matches one of the shell patterns, one a line. What git
# ignores is passed over; without git (a tarball, a planted tree) build folders are.
files_of()
{
    if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$PWD" ]; then
        git ls-files -co --exclude-standard
    else
        find . -type d \( -name .git -o -name 'build' -o -name 'build-*' \) -prune -o -type f -print |
            sed 's|^\./||'
    fi | sort -u | while IFS= read -r files_path; do
        [ -f "$files_path" ] || continue # removed but not yet committed
        for files_pattern in "$@"; do
            # shellcheck disable=SC2254 # a pattern on purpose
            case $files_path in $files_pattern)
                echo "$files_path"
                break
                ;;
            esac
        done
    done
}

# folders_of_programs: of every program, from the root folder, one a line; felucca's own is cli.
folders_of_programs()
{
    sed -n '/^set(program_table/,/^)/s/^ *"\([a-z]*\) *|.*/\1/p' cmake/rooms.cmake
}

# need PROGRAM: ends the check with a sentence when a tool is missing.
need()
{
    command -v "$1" >/dev/null 2>&1 && return
    echo "$1 is not installed; \`make packages\` installs what packages.txt names" >&2
    exit 1
}

# compile_command BUILD: how the build compiles C, without the file and its output, as words for eval.
compile_command()
{
    sed -n 's/^ *"command": "\(.*\)",$/\1/p' "$1/compile_commands.json" | grep -- ' -c [^ ]*/common/base/err\.c$' |
        head -n 1 | sed 's/\\\(.\)/\1/g; s/ -o [^ ]*//; s/ -c [^ ]*//'
}
