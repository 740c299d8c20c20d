# A few of the nights of tests/tools/week: descriptors, memory and files of coordinator and agents stay bounded.
. "$TOP/tests/lib.sh"
is_sanitized && skip_all "it asks about memory, and simulates many nights; the programs are built with a sanitizer"
mkdir week && cd week || exit 1
ok "some nights" env WEEK_NAP=0.03 WEEK_LEAST=4 "$TOP/tests/tools/week" 8
diag "$tap_log"
is "a line each" "$(tail -n 1 week.tsv | cut -f 1) of $(wc -l <week.tsv)" '8 of 9'
is "outputs of the last three nights" "$(tail -n 1 week.tsv | cut -f 11)" "$((3 * 54))"
is "all runs are there" "$(tail -n 1 week.tsv | cut -f 9)" "$((8 * 54))"
ok "a backup was made" test -s backup.db
is "nothing is wrong with the store" "$(jq -r '[.findings[].state] | unique | join(" ")' doctor.json)" ok
done_testing
