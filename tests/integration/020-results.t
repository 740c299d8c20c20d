# What the readers of results say where there is nothing to read, and what they refuse.
. "$TOP/tests/lib.sh"

for command in results runs export status hosts; do
	fails "$command without a store" 4 joulerig "$command"
	like "$command names the file and the way out" "$(joulerig "$command" 2>&1)" \
		'\./joulerig\.db: no such file; run a campaign first, name the store with --db, or a coordinator with --coordinator$'
	is "$command writes nothing to stdout" "$(joulerig "$command" 2>/dev/null)" ""
done
is "a reader makes no file" "$(ls joulerig* 2>/dev/null)" ""

printf 'this is no store\n%.0s' {1..500} >notes.txt
fails "a text is no store" 2 joulerig results --db notes.txt
like "and is called so" "$(joulerig results --db notes.txt 2>&1)" 'notes\.txt: cannot .* this store: file is not a database; name a store'
sqlite3 other.db 'CREATE TABLE t (a)'
like "another program's database is refused" "$(joulerig results --db other.db 2>&1)" 'other\.db: this is no store of joulerig'
is "and left alone" "$(sqlite3 other.db .schema)" "CREATE TABLE t (a);"

fails "export of an unknown kind" 2 joulerig export --what everything
like "export in another format" "$(joulerig export --format xml 2>&1)" "'xml' is none of"

for name in first second; do
	printf 'campaign: %s\nbenchmarks: {a: {command: ["true"]}}\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 1}\n' $name >$name.yaml
	joulerig run $name.yaml --db n.db --quiet >/dev/null && joulerig run $name.yaml --db n.db --quiet >/dev/null
done
near() { joulerig results "$1" --db n.db 2>&1; }
like "a wrong number: the last submission" "$(near first.7)" "no campaign 'first\.7'; did you mean 'first\.2'\?$"
like "its file" "$(near ./first.yaml)" "did you mean 'first\.2'\?$"
like "a wrong name" "$(near frist)" "did you mean 'first\.2'\?$"
like "a name of its own kind" "$(near x)" "the last one is 'second\.2'$"
done_testing
