# Reads cmake/rooms.cmake, then C and C++ files; prints what breaks a rule of layers.sh, one violation a line.

function complain(sentence) { print FILENAME ":" FNR ": " sentence }
function starts(text, prefix) { return substr(text, 1, length(prefix)) == prefix }

# "common/base" of a file in a room, the first folder of any other.
function folder_of(path,    n, parts) {
    n = split(path, parts, "/")
    return parts[1] == "common" && n > 2 ? "common/" parts[2] : parts[1]
}

# Whether files of the folder may include the path.
function may_include(folder, path,    n, names) {
    for (n = split(below[folder], names, " "); n > 0; n--)
        if (starts(path, names[n] "/"))
            return 1
    return 0
}

# The header of the folder's never row that the path is, or "".
function forbidden(folder, path,    n, names) {
    for (n = split(never[folder], names, " "); n > 0; n--)
        if (path == "common/" names[n])
            return path
    return ""
}

# Follows the includes of path, which file includes (through way).
function follow(file, folder, path, way,    n, names) {
    if ((file, path) in followed)
        return
    followed[file, path] = 1
    for (n = split(includes[path], names, " "); n > 0; n--) {
        if (!may_include(folder, names[n]) || forbidden(folder, names[n]))
            print file ": " folder "/ must not know \"" names[n] "\", which it includes through " way path
        else
            follow(file, folder, names[n], way path ", ")
    }
}

BEGIN {
    # The owners of each foreign interface: include, then a pattern of files.
    owner["sqlite3.h"] = "^common/jobs/(jobdb|migrate|row|volume)\\.c$|^tests/"
    owner["common/jobs/connection.h"] = "^common/jobs/[a-z_]*\\.[ch]$|^tests/"
    owner["common/jobs/counts.h"] = "^common/jobs/[a-z_]*\\.[ch]$"
    owner["common/jobs/item.h"] = "^common/jobs/[a-z_]*\\.[ch]$"
    owner["common/jobs/lane.h"] = "^common/jobs/[a-z_]*\\.[ch]$"
    owner["common/jobs/move.h"] = "^common/jobs/[a-z_]*\\.[ch]$"
    owner["common/jobs/row.h"] = "^common/jobs/[a-z_]*\\.[ch]$|^tests/"
    owner["common/jobs/share.h"] = "^common/jobs/[a-z_]*\\.[ch]$|^tests/"
    owner["common/jobs/token.h"] = "^common/jobs/[a-z_]*\\.[ch]$"
    owner["zmq.h"] = "^common/wire/bus(_gate)?\\.c$"
    owner["common/wire/bus_gate.h"] = "^common/wire/bus(_gate)?\\.c$"
    owner["curl/"] = "^common/http/[a-z_]*\\.c$"
    owner["dcmtk/"] = "^receiver/[a-z_]*\\.cc$|^committer/report\\.cc$|^tests/tools/commitment_scu\\.cc$"
    owner["yaml.h"] = "^common/config/yaml\\.c$"
    owner["microhttpd.h"] = "^common/service/web_server\\.c$|^tests/kheops-sim/"
    owner["pcre2.h"] = "^common/condition/[a-z_]*\\.c$"
    owner["jansson.h"] = "^common/base/json\\.h$|^tests/"
    owner["kainjow/"] = "^console/template\\.cc$"
    owner["expat.h"] = "^sender/stow_answer_xml\\.c$"
    owner["zlib.h"] = "^(common/dicom/(identity|kept|source)\\.c$|tests/)"
    owner["seccomp.h"] = "^common/sandbox/filter\\.c$"
    owner["crypt.h"] = "^common/users/users\\.c$"
    owner["check.h"] = "^tests/"

    # Headers that the build makes, and where they belong.
    made["schema_sql.h"] = "common/jobs/"
    made["migrations_sql.h"] = "common/jobs/"
    made["console_assets.h"] = "console/"
    made["answers_txt.h"] = "tests/kheops-sim/"

    # What a process must never see of a room that it has (docs/architecture.md).
    never["receiver"] = "config/secret.h dicom/header.h"
    never["router"] = "config/secret.h"
    never["console"] = "config/secret.h dicom/header.h"
    never["sender"] = "dicom/header.h"
    never["sharer"] = "dicom/header.h"
}

# The two tables of the rooms: "name | rooms | foreign libraries", in quotes.
FILENAME == "cmake/rooms.cmake" {
    if ($0 ~ /^set\((room|program)_table/)
        table = $0 ~ /room_table/ ? "common/" : ""
    if ($0 ~ /^ *"[a-z]+ *\|.*\|/) {
        split($0, columns, /[|"]/)
        name = columns[2]
        gsub(/ /, "", name)
        folder = table name
        below[folder] = folder
        for (n = split(columns[3], rooms, " "); n > 0; n--)
            below[folder] = below[folder] " common/" rooms[n]
        rows++
    }
    next
}

FNR == 1 && FILENAME ~ /\.(cc|cpp|cxx|hpp|hh)$/ && FILENAME !~ /^((common\/dicom|receiver)\/[a-z_]*|committer\/report|console\/template|tests\/tools\/commitment_scu)\.cc$/ {
    complain("C++ is only for bridges: to DCMTK, common/dicom/*.cc, receiver/*.cc and committer/report.cc, and to Mustache, console/template.cc")
}

FNR == 1 && starts(FILENAME, "common/") && !(folder_of(FILENAME) in below) {
    complain("no room of cmake/rooms.cmake")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    path = $0
    sub(/^[^"]*"/, "", path)
    sub(/".*/, "", path)
    if (path in made) {
        if (!starts(FILENAME, made[path]))
            complain(path " belongs to " made[path])
        next
    }
    folder = folder_of(FILENAME)
    if ((getline ignored < path) < 0)
        complain("\"" path "\" is not a path from the root folder")
    close(path)
    includes[FILENAME] = includes[FILENAME] " " path
    if (folder in below) {
        if (!may_include(folder, path))
            complain(folder "/ must not include \"" path "\": it is in no row of cmake/rooms.cmake")
        else if (forbidden(folder, path))
            complain(folder "/ must not know \"" path "\"")
    }
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
    if (FILENAME !~ /^(common\/jobs|tests)\// &&
        $0 ~ /"[ \t]*(SELECT |INSERT (INTO|OR) |UPDATE [a-z_]+ SET|DELETE FROM |CREATE (TABLE|INDEX|VIEW) |ALTER TABLE |DROP (TABLE|INDEX|VIEW) |PRAGMA |BEGIN( IMMEDIATE)?;?"|COMMIT;?"|ROLLBACK;?"|WITH [a-z_]+ AS)/)
        complain("SQL belongs to the database module, common/jobs/")
}

END {
    if (!rows)
        print "cmake/rooms.cmake: no row found"
    for (file in includes) {
        folder = folder_of(file)
        if (!(folder in below))
            continue
        for (n = split(includes[file], paths, " "); n > 0; n--)
            if (may_include(folder, paths[n]) && !forbidden(folder, paths[n]))
                follow(file, folder, paths[n], "")
    }
}
