# The file of settings: what is good, what is wrong with it, SIGHUP, and how a service logs.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
check() { joulerig serve --settings "$1" --check 2>&1; }

is "the example is good" "$(check "$TOP/configs/service/settings.yaml")" "$TOP/configs/service/settings.yaml: good"
# With all that is commented out there, but what stands in words.
sed -E 's/^# (( *- \{)|[a-z]+:( |$))/\1/' "$TOP/configs/service/settings.yaml" >all.yaml
if [ -d /usr/share/zoneinfo/Europe ]; then
	is "and with all that it shows" "$(check all.yaml)" "all.yaml: good"
	ok "which is every key" test "$(grep -cE '^(listen|db|keys|http|notify|sendmail|maintenance|retention):' all.yaml)" = 8
else
	skip "and with all that it shows" "no time zones here"
fi
echo '# nothing' >empty.yaml
is "a file may say nothing" "$(check empty.yaml)" "empty.yaml: good"

cat >bad.yaml <<'YAML'
lsten: tcp://127.0.0.1:0
http: 7711
notify:
  - {webhok: "https://chat.example"}
  - {webhook: "ftp://chat.example", mail: x}
  - {mail: lab@example.org, kinds: [regresed, failed]}
  - {mail: "lab@example.org, root@example.org"}
  - {command: x, from: x@example.org}
  - {kinds: failed}
maintenance:
  - {hosts: ["lab[01-08]", "x["], cron: "0 4 * * 9", for: 2}
retention: {keep: -3, what: everything}
YAML
is "each mistake is told with its place and the nearest word" "$(check bad.yaml | sed 's/^bad.yaml:/ /' | cut -c1-78)" "$(sed 's/^bad.yaml:/ /' <<'END' | cut -c1-78
 1:1: error: unknown key 'lsten' in the settings; did you mean 'listen'?
 2:7: error: 'http' is '7711', expected an address and a port such as 127.0.0.1:7711
 4:6: error: unknown key 'webhok' in a way of 'notify'; did you mean 'webhook'?
 5:5: error: a way of 'notify' has 2 of 'webhook', 'mail' and 'command'; each is an entry of its own: - {webhook: ...}
 5:15: error: 'webhook' is 'ftp://chat.example', expected a URL that begins with https:// or http://
 5:43: error: 'mail' is 'x', expected one address such as lab@example.org
 6:37: error: 'kinds' is 'regresed', expected one of regressed, improved, returned, failed, sweep, recovered; did you mean
 7:12: error: 'mail' is 'lab@example.org, root@example.org', expected one address such as lab@example.org
 8:18: error: 'from' is for 'mail' alone
 9:5: error: a way of 'notify' has no 'webhook', 'mail' or 'command'
 11:28: error: 'x[' is no good host name, expected a name, or several as lab[01-08] or lab[1,3]
 11:41: error: 'cron': weekday '9': expected 0 to 7, or a name such as mon, also as a list, a range, a step
 11:59: error: 'for' is '2' without a unit, expected a duration such as 250ms, 10s, 5min or 1h, at least 60 s
 12:12: error: retention has no 'older_than'
 12:19: error: 'keep' is '-3', expected a whole number from 0
 12:29: error: 'what' is 'everything', expected one of samples, output, all
END
)"
fails "and the exit status is 2" 2 joulerig serve --settings bad.yaml --check
fails "which a coordinator does not start with" 2 joulerig serve --settings bad.yaml
fails "nor without the file" 2 joulerig serve --settings nowhere.yaml
like "which is said" "$(joulerig serve --settings nowhere.yaml 2>&1)" 'settings: nowhere.yaml: No such file'
fails "--check needs a file" 2 joulerig serve --check
printf 'notify:\n  - {mail: a@b.de}\n  - {mail: a@b.de, kinds: failed}\n' >twice.yaml
like "no way stands there twice" "$(check twice.yaml)" "^twice.yaml:3:5: error: 'mail a@b.de' stands in 'notify' twice"
echo 'listen: tcp://127.0.0.1:77100' >port.yaml
like "a port that is none is told with its place" "$(check port.yaml)" "^port.yaml:1:9: error: 'tcp://127.0.0.1:77100' has no port from 0 to 65535"
: >none.yaml
for bad in '--http 127.0.0.1:77100' '--http 127.0.0.1:' '--http lab.example:1' '--listen tcp://127.0.0.1:77100'; do
	# shellcheck disable=SC2086 # two words
	fails "--check refuses '$bad'" 2 joulerig serve --settings none.yaml --check $bad --db refused.db
	cp "$tap_log" said
	# shellcheck disable=SC2086
	fails "as a start does" 2 timeout 60 joulerig serve --settings none.yaml $bad --db refused.db
	is "with the same words" "$(cat said)" "$(cat "$tap_log")"
done
ok "without making a store" test ! -e refused.db
ok "a good one is fine" joulerig serve --settings none.yaml --check --http '[::1]:7711' --listen 127.0.0.1
echo 'listen: tcp://192.0.2.1:7710' >elsewhere.yaml
fails "an address that this machine does not have" 4 timeout 60 joulerig serve --settings elsewhere.yaml --db e.db
like "it says what could be given" "$(cat "$tap_log")" 'no address of this machine; .*tcp://0.0.0.0:7710'
fails "there is nothing to try without a way" 2 joulerig serve --settings empty.yaml --notify-test

# ---- a coordinator that runs ----
serve() {
	: >serve.log
	joulerig serve "$@" 2>serve.log &
	SERVE_PID=$!
	wait_for 120 grep -q 'listening on' serve.log || diag serve.log
}
end_serve() { kill -TERM "$SERVE_PID"; wait "$SERVE_PID"; }
printf 'listen: tcp://127.0.0.1:0\ndb: here.db\nkeys: here.keys\nhttp: 127.0.0.1:0\n' >s.yaml
serve --settings s.yaml
port=$(sed -n 's|.*http://127\.0\.0\.1:\([0-9]*\)/.*|\1|p' serve.log)
exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
like "and has /healthz where it says" "$(timeout 60 cat <&3)" '^HTTP/1.1 200'
exec 3>&-
like "listens, with store and keys, where the file says" "$(cat serve.log)" 'listening on tcp://127.0.0.1:[0-9]*, store here.db, key '
ok "with its keys there" test -f here.keys/secret-key
is "each line has its time" "$(grep -vcE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z joulerig: ' serve.log)" 0
echo 'lsten: x' >s.yaml
kill -HUP "$SERVE_PID"
ok "a broken file is told at SIGHUP" wait_for 60 grep -q "s.yaml is not good; it goes on" serve.log
like "with its place" "$(cat serve.log)" "s.yaml:1:1: error: unknown key 'lsten' in the settings; did you mean 'listen'"
printf 'listen: tcp://127.0.0.1:0\ndb: there.db\nkeys: here.keys\nnotify: [{mail: a@b.de}]\n' >s.yaml
kill -HUP "$SERVE_PID"
ok "a good one is read" wait_for 60 grep -q "s.yaml was read again: 1 way of notices" serve.log
like "and what needs a restart is told" "$(cat serve.log)" "warning: settings: 'db' is another now, which needs a restart; it stays 'here.db'"
kill -HUP "$SERVE_PID"
again() { [ "$(grep -c "'db' is another now, which needs a restart; it stays 'here.db'" serve.log)" = 2 ]; }
ok "each time" wait_for 60 again
ok "it goes on" kill -0 "$SERVE_PID"
ok "and ends in order" end_serve
like "saying so" "$(tail -n 1 serve.log)" 'joulerig: told to end'
serve --settings s.yaml --db c.db --keys keys
like "the command line goes before the file" "$(cat serve.log)" 'store c.db, key '
end_serve
serve --listen tcp://127.0.0.1:0 --db c.db --keys keys
kill -HUP "$SERVE_PID"
ok "without a file SIGHUP is no harm" wait_for 60 grep -q 'no settings to read again' serve.log
end_serve

# ---- logs ----
serve --listen tcp://127.0.0.1:0 --db c.db --keys keys --log json
end_serve
is "as JSON, an object a line" "$(jq -r '[.level, .program, (.time | test("^[0-9-]{10}T[0-9:.]{12}Z$")), (.message | length > 0)] | join(" ")' serve.log | sort -u)" "info joulerig true true"
: >journal
JOURNAL_STREAM=$(stat -c %d:%i journal) joulerig serve --listen tcp://127.0.0.1:0 --db c.db --keys keys 2>>journal &
SERVE_PID=$!
wait_for 120 grep -q 'listening on' journal
end_serve
like "to the journal with priorities, without time and name" "$(head -n 1 journal)" '^<6>listening on '
JOURNAL_STREAM=1:1 joulerig serve --settings nowhere.yaml 2>plain
like "which is there where stderr is that alone" "$(cat plain)" '^joulerig: error: '

# ---- an agent at SIGHUP ----
# The coordinator goes on with the store of its first settings, whose memory holds other bytes by then.
printf 'listen: tcp://127.0.0.1:0\ndb: c.db\nkeys: keys\n' >s.yaml
MALLOC_PERTURB_=165 serve --settings s.yaml
kill -HUP "$SERVE_PID"
wait_for 60 grep -q 's.yaml was read again' serve.log
ADDRESS=$(sed -n 's/.*listening on \([^,]*\),.*/\1/p' serve.log)
SERVER_KEY=$(joulerig key show --keys keys)
start_agent alpha
wait_for 120 grep -q 'connected to' agents/alpha.log
kill -HUP "${AGENT_PID[alpha]}"
ok "an agent looks at its machine again" wait_for 60 grep -q 'looked at this machine again; the coordinator is told' agents/alpha.log
ok "and is welcome again" wait_for 120 sh -c '[ "$(grep -c "connected to" agents/alpha.log)" = 2 ]'
like "its lines have a time too" "$(head -n 1 agents/alpha.log)" '^[0-9-]{10}T[0-9:.]{12}Z joulerig-agent: '
cat >c.yaml <<'YAML'
campaign: after
benchmarks: {a: {command: 'true'}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
YAML
joulerig submit c.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
ok "runs go on" joulerig watch after.1 --coordinator "$ADDRESS" --keys keys
sed 's/after/night/; 1a schedule: {cron: "0 2 1 1 *", timezone: UTC}' c.yaml >night.yaml
joulerig schedule add night.yaml --coordinator "$ADDRESS" --keys keys 2>/dev/null >/dev/null
ok "a sweep is judged" timeout 120 joulerig schedule run night --coordinator "$ADDRESS" --keys keys
is "of that store" "$(sqlite3 c.db "SELECT state || coalesce(reason, '') FROM sweep")" 'done'
end_serve
done_testing
