# Reads C and C++ files; prints what breaks a rule of layers.sh, one violation a line.

function complain(sentence) { print FILENAME ":" FNR ": " sentence }
function starts(text, prefix) { return substr(text, 1, length(prefix)) == prefix }

function folder_of(path,    n, parts) {
    n = split(path, parts, "/")
    return parts[1] == "common" && n > 2 ? "common/" parts[2] : parts[1]
}

BEGIN {
    # What a folder may include from.
    below["common/base"] = "common/base"
    below["common/condition"] = "common/base common/condition"
    below["common/dicom"] = "common/base common/condition common/dicom"
    below["common/pipeline"] = "common/base common/condition common/dicom common/pipeline"
    for (n = split("receiver router sender sharer cli", processes, " "); n > 0; n--)
        below[processes[n]] = below["common/pipeline"] " " processes[n]

    # The owners of each foreign interface: include, then a pattern of files.
    owner["sqlite3.h"] = "^common/pipeline/jobdb[a-z_]*\\.[ch]$|^tests/"
    owner["common/pipeline/jobdb_sql.h"] = "^common/pipeline/jobdb[a-z_]*\\.[ch]$|^tests/"
    owner["zmq.h"] = "^common/pipeline/bus(_gate)?\\.c$"
    owner["common/pipeline/bus_gate.h"] = "^common/pipeline/bus(_gate)?\\.c$"
    owner["curl/"] = "^common/pipeline/http[a-z_]*\\.c$"
    owner["dcmtk/"] = "^(common/dicom|receiver)/[a-z_]*\\.cc$"
    owner["yaml.h"] = "^common/pipeline/config_yaml\\.c$"
    owner["microhttpd.h"] = "^common/pipeline/metrics_http\\.c$|^tests/kheops-sim/"
    owner["pcre2.h"] = "^common/condition/[a-z_]*\\.c$"
    owner["expat.h"] = "^sender/stow_answer_xml\\.c$"
    owner["expat.h"] = "^sender/stow_answer_xml\\.c$"
    owner["zlib.h"] = "^tests/kheops-sim/"
    owner["check.h"] = "^tests/"

    # What a process must never see, so that it cannot (docs/architecture.md).
    never["receiver"] = "jobdb http secret header"
    never["router"] = "http secret"
    never["sender"] = "jobdb header"
    never["sharer"] = "jobdb header spool"
}

FNR == 1 && FILENAME ~ /\.(cc|cpp|cxx|hpp|hh)$/ && FILENAME !~ /^(common\/dicom|receiver)\/[a-z_]*\.cc$/ {
    complain("C++ is only for the bridges to DCMTK, common/dicom/*.cc and receiver/*.cc")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    path = $0
    sub(/^[^"]*"/, "", path)
    sub(/".*/, "", path)
    if (path == "schema_sql.h" || path == "migrations_sql.h") { # made by the build
        if (FILENAME !~ /^common\/pipeline\/jobdb/)
            complain(path " belongs to the database module")
        next
    }
    folder = folder_of(FILENAME)
    if ((getline ignored < path) < 0)
        complain("\"" path "\" is not a path from the root folder")
    close(path)
    if (folder in below) {
        allowed = 0
        for (n = split(below[folder], names, " "); n > 0; n--)
            allowed = allowed || starts(path, names[n] "/")
        if (!allowed)
            complain(folder "/ must not include \"" path "\": layers look only down, processes never sideways")
    }
    for (n = split(never[folder], names, " "); n > 0; n--)
        if (path ~ ("^common/(pipeline|dicom)/" names[n] "\\.h$"))
            complain(folder "/ must not know " names[n] ".h")
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    path = $0
    sub(/^[^<"]*[<"]/, "", path)
    sub(/[>"].*/, "", path)
    for (name in owner)
        if ((path == name || (name ~ /\/$/ && starts(path, name))) && FILENAME !~ owner[name])
            complain("<" path "> has one owner, this is not it")
}

/"[ \t]*(SELECT|INSERT|UPDATE|DELETE FROM|CREATE|ALTER|DROP|PRAGMA|BEGIN|COMMIT|ROLLBACK|WITH) ?[^"]*"/ {
    if (FILENAME !~ /^(common\/pipeline\/jobdb|tests\/)/ &&
        $0 ~ /"[ \t]*(SELECT |INSERT (INTO|OR) |UPDATE [a-z_]+ SET|DELETE FROM |CREATE (TABLE|INDEX|VIEW) |ALTER TABLE |DROP (TABLE|INDEX|VIEW) |PRAGMA |BEGIN( IMMEDIATE)?;?"|COMMIT;?"|ROLLBACK;?"|WITH [a-z_]+ AS)/)
        complain("SQL stands only in the database module, common/pipeline/jobdb*.c")
}
