#!/bin/sh
# banned - each call that common/base/banned.h names is a compile error, with the project's own flags.
#
# Usage: banned.sh ROOT BUILD
set -eu
. "$(dirname "$0")/files.sh"
build=$(cd "$2" && pwd)
cd "$1"
compile=$(compile_command "$build" | sed "s|-include [^ ]*/common/base/banned.h|-include $PWD/common/base/banned.h|")
[ -n "$compile" ] || { echo "no compile command in $build" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

compiles()
{
    eval "$compile -fsyntax-only \"\$folder/try.c\"" >/dev/null 2>&1
}

calls=$(sed -n 's/^#define \([a-z_0-9]*\)(\.\.\.) BANNED(\1)$/\1/p' common/base/banned.h)
for call in strcpy strcat sprintf gets strtok atoi system sleep; do
    echo "$calls" | grep -qx "$call" || { echo "banned.h does not name $call any more"; exit 1; }
done
printf 'extern int try(void);\nint try(void)\n{\n    return puts("allowed");\n}\n' >"$folder/try.c"
compiles || { echo "a harmless file does not compile: $compile"; exit 1; }
status=0
for call in $calls; do
    printf 'extern int try(char *a);\nint try(char *a)\n{\n    (void)%s(a);\n    return 0;\n}\n' "$call" \
        >"$folder/try.c"
    if compiles || ! eval "$compile -fsyntax-only \"\$folder/try.c\"" 2>&1 | grep -q "banned_call_$call"; then
        echo "$call is not banned"
        status=1
    fi
done
exit $status
