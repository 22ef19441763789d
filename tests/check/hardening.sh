#!/bin/sh
# hardening - the built programs have what the compiler and the linker can do against a mistake that somebody
# uses: they are position independent, their tables are read-only once they are bound (all at the start), no
# stack can be executed, and stacks and copies are guarded.
#
# Usage: hardening.sh ROOT BUILD
set -eu
. "$(dirname "$0")/files.sh"
need readelf
status=0

# complain PROGRAM SENTENCE
complain()
{
    echo "$1 $2"
    status=1
}

# look FILE: what it lacks.
look()
{
    readelf -hW "$1" | grep -q 'Type: *DYN' || complain "$1" 'is not position independent (-fPIE -pie)'
    readelf -lW "$1" | grep -q GNU_RELRO || complain "$1" 'has no read-only relocations (-Wl,-z,relro)'
    readelf -dW "$1" | grep -Eq 'BIND_NOW|FLAGS_1.*NOW' || complain "$1" 'binds late (-Wl,-z,now)'
    readelf -lW "$1" | grep 'GNU_STACK' | grep -q ' RW ' || complain "$1" 'has a stack that can be executed'
    readelf -sW "$1" | grep -q '__stack_chk_fail' || complain "$1" 'has no guarded stacks (-fstack-protector-strong)'
    readelf -sW "$1" | grep -Eq ' __[a-z]+_chk@' || complain "$1" 'has no guarded copies (-D_FORTIFY_SOURCE=2 -O2)'
}

count=0
for program in "$2"/bin/felucca*; do
    [ -x "$program" ] || continue
    look "$program"
    count=$((count + 1))
done
[ "$count" -ge 5 ] || complain "$2/bin" 'lacks programs'
found=$status

# A program without any of it must be noticed, or nothing above means anything.
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
echo 'int main(void) { return 0; }' >"$planted/main.c"
cc -O0 -no-pie -fno-stack-protector -Wl,-z,norelro,-z,lazy,-z,execstack -o "$planted/bare" "$planted/main.c"
look "$planted/bare" >"$planted/out"
[ "$(wc -l <"$planted/out")" -eq 6 ] || { echo 'hardening does not notice a bare program:'; cat "$planted/out"; found=1; }
exit "$found"
