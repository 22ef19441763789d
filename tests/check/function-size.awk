# function-size - awk program: names functions of more than 65 lines or 8 parameters. The files are formatted, so a
# function's braces stand alone in their lines, at its own indentation.

function report(what) { printf "%s:%d: %s %s\n", FILENAME, begin, name, what; found = 1 }

# How many parameters a declarator has: commas of its outermost parentheses, and one.
function parameters(text,    i, c, depth, count)
{
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        depth += (c == "(") - (c == ")")
        count += c == "," && depth == 1
    }
    return count + 1
}

FNR == 1 { declarator = ""; inside = 0 }

!inside && /^ *\{$/ && declarator ~ /\)( const| override| noexcept)*$/ {
    inside = 1
    indentation = substr($0, 1, index($0, "{") - 1)
    begin = FNR
    name = declarator
    sub(/\(.*/, "", name)
    sub(/.*[ *:]/, "", name)
    if (parameters(declarator) > 8)
        report("has more than 8 parameters")
    next
}

inside && $0 == indentation "}" {
    inside = 0
    declarator = ""
    if (FNR - begin - 1 > 65)
        report("has " FNR - begin - 1 " lines, more than 65")
    next
}

# What stands before the brace, without the comments and statements before it.
!inside {
    if ($0 ~ /^$|[;}]$|^#|\*\/$|^ *\/\//)
        declarator = ""
    else
        declarator = declarator (declarator ? " " : "") $0
}

END { exit found }
