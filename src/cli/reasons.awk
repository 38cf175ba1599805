# Makes reasons_table.h of the table "Reason words" in docs/errors.md: the word,
# what it means, what to do. SPDX-License-Identifier: MIT

function quote(text) {
    gsub(/[`*]/, "", text)
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

BEGIN {
    print "/* Made by reasons.awk. SPDX-License-Identifier: MIT */"
}

/^## / {
    inside = $0 == "## Reason words"
}

inside && /^\| `[a-z_]+` \|/ {
    line = $0
    sub(/^\| */, "", line)
    sub(/ *\|? *$/, "", line)
    count = split(line, cell, / \| /)
    printf "    {%s,\n     {%s,\n      %s}},\n", quote(cell[1]),
        quote(cell[2]), quote(cell[count])
    rows++
}

END {
    exit rows == 0
}
