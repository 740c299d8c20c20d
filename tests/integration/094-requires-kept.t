# What `requires` says is kept: here, on a cluster, through kills of both sides, and shown by export and report.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
sql() { sqlite3 -readonly "$1" "$2"; }
there() { [ "$(sql c.db "$1" 2>/dev/null)" = "$2" ]; }

# ---- here ----
version=$PWD/version asked=$PWD/asked
echo 1 >"$version"
mkdir tools
cat >tools/find <<SH
#!/bin/sh
echo "\$@" >>$asked
echo "looking for \$1" >&2
case \$1 in
none) echo 'no <none> here'; exit 1;;
plain) echo 'it is <there>';;
long) head -c 90000 /dev/zero | tr '\0' x; echo; echo '{"end": "of it"}';;
quiet) ;;
*) printf '{"version": "%s", "gil": true, "note": "a</td>", "list": [1, null]}\\n' "\$(cat $version)";;
esac
SH
chmod +x tools/find
cat >here.yaml <<'YAML'
campaign: here
files: [tools]
matrix: {which: [json, plain, long, quiet, none]}
requires: [tools/find, "{which}", 'a "b"']
benchmarks: {a: {command: [/bin/true]}}
measure: {energy: off}
repeat: {warmup: 1, blocks: 2}
YAML
joulerig run here.yaml --quiet >/dev/null 2>&1
is 'it ends well' $? 0
is 'each is asked once' "$(sort asked | uniq -c | awk '{print $2 "=" $1}' | paste -sd' ')" 'json=1 long=1 none=1 plain=1 quiet=1'
is 'what each said is a row' "$(sql joulerig.db "SELECT command ->> 1 || ' ' || answer || ' ' || verdict || ' ' || coalesce(reason, '-') || ' ' || total
	FROM v_requirement WHERE campaign = 'here.1' AND first_at = last_at ORDER BY command" | paste -sd';')" \
	'json 1 met - 84;long 1 met - 90035;none 1 unmet requires: no <none> here 32;plain 1 met - 32;quiet 1 met - 18'
is 'with its command as it was asked' "$(sql joulerig.db "SELECT command FROM requirement WHERE command LIKE '%plain%'")" \
	'["tools/find","plain","a \"b\""]'
is 'of what is long, head and tail' "$(sql joulerig.db "SELECT length(output) || ' ' || head FROM requirement WHERE command LIKE '%long%'")" '65536 32768'
joulerig export here --what requirements >found.ndjson
is 'an export has them' "$(jq -r '[.campaign, .command[1], .answer, .verdict] | @text' found.ndjson | sort | head -n 1)" '["here.1","json",1,"met"]'
is 'with what the last line says' "$(jq -c 'select(.found) | .found' found.ndjson | sort | paste -sd' ')" \
	'{"end":"of it"} {"version":"1","gil":true,"note":"a</td>","list":[1,null]}'
like 'and where something is left out' "$(jq -r 'select(.command[1] == "long").output' found.ndjson | cut -c1-60)" '^\[24499 bytes are left out here\]$'
is 'in csv as well' "$(joulerig export here --what requirements --format csv | head -n 1)" \
	'campaign,host,command,answer,verdict,reason,first_at,last_at,total,found,output'
joulerig report here -o here.html
own=$(sed '/^<script>/,/^<\/script>/d' here.html)
like 'a report shows what was found' "$own" '<dt>version</dt><dd>1</dd>'
like 'as text' "$own" '<dd>a&lt;/td&gt;</dd>'
like 'a last line that is no JSON' "$own" '<p>it is &lt;there&gt;</p>'
like 'what printed nothing is there' "$(joulerig export here --what requirements | jq -c 'select(.command[1] == "quiet") | [.output, .verdict]')" '^\["looking for quiet\\n","met"\]$'
like 'what is not there' "$own" '<p>skipped: requires: no &lt;none&gt; here</p>'
like 'the whole output' "$own" '^looking for plain$'
unlike 'nothing has changed' "$own" 'class="changed"'
# planned: warm-up, done, skipped (warm-up, too)
numbers() { sed -n '/Planned and completed/,/<\/table>/p' "$1" | sed -n 's/.*<th scope="row">\([^<]*\)<\/th>/\1/p' | sed 's/<[^>]*>/ /g' | tr -s ' ' | sed 's/ $//'; }
is 'planned is the sum of what became of them' "$(numbers here.html | cut -d' ' -f2-9)" '15 8 0 0 3 0 0 4'
is 'a campaign without it has none' "$(printf 'campaign: none\nbenchmarks: {a: {command: [/bin/true]}}\nmeasure: {energy: off}\nrepeat: {blocks: 1}\n' >none.yaml
	joulerig run none.yaml --quiet >/dev/null 2>&1; joulerig export none --what requirements; joulerig report none | grep -c 'id="found"')" 0

# ---- a cluster ----
: >asked
start_coordinator
start_agent lab1
start_agent lab2
for n in lab1 lab2; do wait_for 30 eval 'joulerig hosts --coordinator "$ADDRESS" --keys keys 2>/dev/null | grep -q "'$n' .*idle"'; done
cat >far.yaml <<YAML
campaign: far
files: [tools]
matrix: {n: [1, 2]}
requires: [tools/find, json]
benchmarks: {a: {command: 'while ! test -e $PWD/go.{host.name}; do sleep 0.05; done'}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 3}
YAML
# The first run of each waits for us: it was asked, and nothing of that is known yet.
joulerig submit far.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
wait_for 30 eval '[ "$(wc -l <asked)" = 2 ]'
wait_for 30 there "SELECT count(*) FROM run WHERE state = 'running'" 2
is 'nothing is told before a result' "$(sql c.db 'SELECT count(*) FROM requirement')" 0
# An agent that is killed with what it knows asks anew.
kill_agent lab1
: >asked
start_agent lab1
wait_for 30 eval '[ "$(wc -l <asked)" = 1 ]'
wait_for 60 there "SELECT count(*) FROM run WHERE state = 'running'" 2
# Results that the coordinator does not live to see wait in the spool, and so does what they tell.
kill_coordinator
touch go.lab1 go.lab2
for n in lab1 lab2; do wait_for 30 eval 'cat agents/'$n'/spool/* | grep -aq "looking for json"'; done
kill_agent lab1
kill_agent lab2
echo 2 >"$version"
start_coordinator
start_agent lab1
start_agent lab2
wait_for 60 there "SELECT state FROM campaign WHERE name = 'far'" done
is 'all is done' "$(sql c.db "SELECT state || '=' || count(*) FROM run GROUP BY state")" done=12
rows() { sql c.db "SELECT host || ' ' || answer || ' ' || verdict || ' ' || substr(output, instr(output, '\"version'), 14)
	FROM v_requirement WHERE campaign = 'far.1' ORDER BY host, answer" | paste -sd';'; }
is 'what was asked before the kills is there once, and what it says since' "$(rows)" \
	'lab1 1 met "version": "1";lab1 2 met "version": "2";lab2 1 met "version": "1";lab2 2 met "version": "2"'
is 'in their order' "$(sql c.db 'SELECT count(*) FROM requirement a JOIN requirement b ON a.host = b.host AND a.answer < b.answer WHERE a.last_at < b.first_at')" 2
ask="--coordinator $ADDRESS --keys keys"
is 'a coordinator gives the same' "$(joulerig export far --what requirements $ask | jq -c '[.host, .answer, .found.version]' | paste -sd' ')" \
	'["lab1",1,"1"] ["lab1",2,"2"] ["lab2",1,"1"] ["lab2",2,"2"]'
joulerig report far $ask -o far.html
own=$(sed '/^<script>/,/^<\/script>/d' far.html)
like 'a report says that it changed' "$own" '2 commands said something else in the course of the campaign'
like 'and what of it' "$own" 'changed, first seen [^<]*: version<'
is 'planned and completed, host by host' "$(numbers far.html | cut -d' ' -f1-9 | paste -sd';')" 'lab1 6 6 0 0 0 0 0 0;lab2 6 6 0 0 0 0 0 0;all 12 12 0 0 0 0 0 0'
is 'lost attempts are told' "$([ "$(numbers far.html | awk '$1 == "all" {print $11}')" -gt 0 ] && echo yes)" yes
# The same answer of an agent that was started anew is the same row.
kill_agent lab1
start_agent lab1
joulerig submit far.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
wait_for 60 there "SELECT state FROM campaign WHERE name = 'far' AND number = 2" done
is 'another campaign asks anew, and is told once a host' "$(sql c.db "SELECT count(*) || ' ' || max(answer) FROM v_requirement WHERE campaign = 'far.2'")" '2 1'

# ---- a store of the version before ----
kill_coordinator
sqlite3 c.db 'DROP VIEW v_requirement; DROP TABLE requirement; PRAGMA user_version = 2;
	DROP TABLE delivery; DROP TABLE notice; DROP TABLE sweep; DROP TABLE clock; DROP TABLE lane_part; DROP TABLE part; ALTER TABLE store DROP COLUMN is_clean;
	ALTER TABLE host DROP COLUMN admission; ALTER TABLE host DROP COLUMN admission_reason;
	ALTER TABLE host DROP COLUMN admission_at; ALTER TABLE campaign DROP COLUMN priority;
	ALTER TABLE campaign DROP COLUMN pruned_at' >/dev/null
is 'can be read, without' "$(joulerig export far --what requirements --db c.db; joulerig export far.1 --db c.db | wc -l)" 12
start_coordinator
is 'and is brought up to date' "$(sql c.db 'PRAGMA user_version; SELECT count(*) FROM v_requirement' | paste -sd' ')" '5 0'
done_testing
