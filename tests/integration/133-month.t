# A month of nights (tests/tools/month): a planted regression and a host that breaks are told the morning after, once; nothing else is.
. "$TOP/tests/lib.sh"
is_sanitized && skip_all "it runs the campaigns of a month; the programs are built with a sanitizer"
mkdir month && cd month || exit 1
"$TOP/tests/tools/month" 30 >../month.log 2>&1
status=$?
cd ..
[ $status != 77 ] || skip_all "$(tail -n 1 month.log)"
is "the month goes by" "$status" 0
[ $status = 0 ] || diag month.log
is "one notice for the regression, one for the broken host, the next morning, and no other" "$(cat month/notices.txt)" \
	'12 regressed cost prog {"n":2}
17 failed host gamma'
is "every night was compared" "$(sqlite3 month/c.db "SELECT count(*), count(DISTINCT state), count(DISTINCT campaign) FROM sweep")" '30|1|30'
is "the clock on the wall decided" "$(sqlite3 month/c.db "SELECT group_concat(DISTINCT strftime('%H:%M', due_at / 1000000000, 'unixepoch')) FROM sweep")" '01:00,00:00'
is "of the regression both contents ran" "$(sqlite3 month/c.db "SELECT json_extract(json, '\$.cause') FROM notice WHERE kind = 'regressed'")" content
done_testing
