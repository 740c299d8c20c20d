# Notices on their ways: webhook, mail and command; tried again, after a SIGKILL too; what is given up.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
command -v python3 >/dev/null || skip_all "no python3 here, which plays the receiver"
command -v sqlite3 >/dev/null || skip_all "no sqlite3 here"
trap 'kill "${HOOK_PID:-}" 2>/dev/null; stop_cluster' EXIT

mkdir hook mail told
"$TOP/tests/tools/webhook" hook &
HOOK_PID=$!
wait_for 60 test -s hook/port
PORT=$(cat hook/port)
cat >sendmail <<SH
#!/bin/sh
n=\$(ls "$PWD/mail" | wc -l)
echo "\$*" >"$PWD/args"
cat >"$PWD/mail/\$n.part" && mv "$PWD/mail/\$n.part" "$PWD/mail/\$n"
SH
cat >tell <<SH
#!/bin/sh
[ ! -e "$PWD/broken" ] || { echo no paper >&2; exit 7; }
echo "\$1 \$JOULERIG_NOTICE_KIND: \$JOULERIG_NOTICE_TEXT" >>"$PWD/told/words"
cat >>"$PWD/told/json"
SH
chmod +x sendmail tell
cat >s.yaml <<YAML
listen: tcp://127.0.0.1:0
db: c.db
keys: keys
sendmail: $PWD/sendmail
notify:
  - {webhook: "http://me:secret@127.0.0.1:$PORT/token", name: chat}
  - {mail: lab@example.org, from: rig@example.org, kinds: [regressed, improved]}
  - {command: [$PWD/tell, nightly], name: printer}
YAML
serve() {
	: >serve.log
	joulerig serve --settings s.yaml "$@" 2>serve.log &
	SERVE_PID=$!
	wait_for 120 grep -q 'listening on' serve.log || diag serve.log
}
end_serve() { kill -TERM "$SERVE_PID"; wait "$SERVE_PID"; }
sql() { sqlite3 c.db "$@"; }
# notice ID KIND TEXT [SWEEP]: what is to be told, on all ways
notice() {
	sql "INSERT INTO notice (id, schedule, at, kind, subject, text, json) VALUES ($1, 'nightly', 1790000000000000000, '$2', 'x', '$3', '{\"factor\":1.03}')"
	local way
	for way in 'webhook chat' 'mail lab@example.org' 'command printer' "${@:4}"; do
		sql "INSERT INTO delivery (notice, channel, state, attempts, next_at) VALUES ($1, '$way', 'waiting', 0, 0)"
	done
}
states() { sql "SELECT notice, channel, state, attempts, coalesce(reason, '') FROM delivery WHERE notice >= ${1:-1} ORDER BY notice, channel"; }
none_waits() { [ "$(sqlite3 -readonly c.db "SELECT count(*) FROM delivery WHERE state = 'waiting' AND (attempts = 0 OR next_at = 0)")" = 0 ]; }

# ---- trying the ways ----
ok "each way can be tried" joulerig serve --settings s.yaml --notify-test
is "with a line for each" "$(cat "$tap_log")" "notify: webhook chat: delivered
notify: mail lab@example.org: delivered
notify: command printer: delivered"
is "the receiver has a test" "$(jq -r '.version, .subject, .notices[0].kind' hook/1.json | paste -sd' ')" '1 joulerig: 1 test test'
: >broken
fails "and one that does not work is told" 1 joulerig serve --settings s.yaml --notify-test
like "with why" "$(cat "$tap_log")" "^notify: command printer: not delivered: $PWD/tell ended with 7: no paper"
rm -r broken hook/*.json hook/*.type mail told && mkdir mail told
sed 's/name: chat/name: a/; s/me:secret@//; s/:'"$PORT"'/:1/' s.yaml >wrong.yaml
fails "nobody there" 1 joulerig serve --settings wrong.yaml --notify-test
like "is said in words" "$(cat "$tap_log")" '^notify: webhook a: not delivered: failed to connect to 127.0.0.1 port 1'
rm -r mail told && mkdir mail told

# ---- two notices of a sweep, text that tries to be a header ----
serve
end_serve
notice 1 regressed 'sort: 3.1 % slower, ä
.
Bcc: evil@example.org'
notice 2 failed 'lab03 is not there'
sql "UPDATE delivery SET state = 'delivered' WHERE notice = 2 AND channel LIKE 'mail%'"
serve
ok "all is delivered" wait_for 120 none_waits
end_serve
is "each by all ways that want it" "$(states | cut -d'|' -f 3,4 | sort | uniq -c | tr -s ' ')" " 1 delivered|0
 5 delivered|1"
message() { ls hook/*.json | tail -n 1; }
is "two notices of a sweep are one message" "$(ls hook/*.json | wc -l) $(jq -r '[.notices[].id | sub(".*-"; "")] | join("+")' "$(message)")" "1 1+2"
is "as JSON" "$(cat hook/*.type)" application/json
is "with what is documented" "$(jq -c '[.version, .id == .store + "-1-2-2", .subject, (.store | length), .coordinator != ""]' "$(message)")" \
	'[1,true,"joulerig: nightly: 1 regressed, 1 failed",32,true]'
is "of each notice all" "$(jq -c '.notices[1] | [.kind, .schedule, .sweep, .subject, .at, .text, .details]' "$(message)")" \
	'["failed","nightly",null,"x","2026-09-21T14:13:20.000Z","lab03 is not there",{"factor":1.03}]'
is "the store's id is in it" "$(jq -r .store "$(message)" | tr a-f A-F)" "$(sql 'SELECT hex(id) FROM store')"
is "the command has text and kinds" "$(head -n 1 told/words)" "nightly regressed,failed: sort: 3.1 % slower, ä"
ok "and the JSON" test "$(jq -cS . told/json)" = "$(jq -cS . "$(message)")"
is "sendmail is asked to read the recipient" "$(cat args)" "-t -oi"
cat >read-mail <<'PY'
import email, email.policy, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
print(mail["From"], mail["To"], mail["Subject"], mail["Bcc"], mail["Auto-Submitted"], mail.defects, sep="|")
print(mail["Date"].datetime.year > 2000, mail["Message-ID"].startswith("<joulerig."))
print(mail.get_content())
PY
is "the mail is a good one, whatever the text says" "$(python3 read-mail mail/0)" "rig@example.org|lab@example.org|joulerig: nightly: 1 regressed|None|auto-generated|[]
True True
sort: 3.1 % slower, ä
.
Bcc: evil@example.org

-- 
joulerig on $(hostname)"
is "no line of it ends a mail" "$(grep -c '^\.$' mail/0)" 0

# ---- what fails is tried again, after a SIGKILL too ----
rm -f hook/*.json
echo 503 >hook/status
: >broken
notice 3 regressed 'again' 'webhook old'
serve
ok "what fails waits" wait_for 120 none_waits
kill_coordinator
is "with the reason, for about a minute" "$(states 3)" "3|command printer|waiting|1|$PWD/tell ended with 7: no paper
3|mail lab@example.org|delivered|1|
3|webhook chat|waiting|1|it answers 503: so be it
3|webhook old|given up|0|it is not in the settings any more"
is "from now on" "$(sql "SELECT count(*) FROM delivery WHERE state = 'waiting' AND next_at / 1000000000 - strftime('%s') BETWEEN -600 AND 60")" 2
like "and the log says so" "$(cat serve.log)" 'warning: notify: webhook chat: it answers 503: so be it; 1 notice, tried again in 60 s'
like "also of a way that is gone" "$(cat serve.log)" 'warning: notify: webhook old is not in the settings any more; given up: again'
unlike "without secrets" "$(cat serve.log; sql 'SELECT channel, reason FROM delivery')" 'secret|token'
rm hook/status broken
sql "UPDATE delivery SET next_at = 0 WHERE state = 'waiting'"
serve
ok "it goes on when it is started again" wait_for 120 none_waits
end_serve
is "and is delivered" "$(states 3 | cut -d'|' -f 2-4 | head -n 3)" "command printer|delivered|2
mail lab@example.org|delivered|1
webhook chat|delivered|2"
is "with the same id as the first time" "$(jq -r .id hook/*.json | uniq -c | tr -s ' ')" " 2 $(jq -r .store "$(message)")-3-3-1"

# ---- killed in the middle of it ----
rm -f hook/*.json
echo hang >hook/status
notice 4 regressed 'in the middle'
serve
ok "a message is on its way" wait_for 120 sh -c 'ls hook/*.json'
kill_coordinator
is "which is not taken for delivered" "$(states 4 | grep chat)" "4|webhook chat|waiting|0|"
rm hook/status
serve
ok "it comes again" wait_for 120 none_waits
end_serve
is "once more, then no more" "$(ls hook/*.json | wc -l) $(states 4 | grep chat)" "2 4|webhook chat|delivered|1|"

# ---- what is given up ----
echo 404 >hook/status
notice 5 regressed 'never'
serve
ok "what is refused is not tried again" wait_for 120 none_waits
end_serve
is "but given up" "$(states 5 | grep chat)" "5|webhook chat|given up|1|it answers 404: so be it"
like "which the log says, with what it was" "$(cat serve.log)" 'error: notify: webhook chat: it answers 404: so be it; 1 notice given up after 1 attempt: never'
echo 302 >hook/status
notice 6 regressed 'elsewhere'
sql "UPDATE delivery SET attempts = 7 WHERE notice = 6"
serve
ok "a redirection is not followed" wait_for 120 none_waits
end_serve
like "and two days of attempts are enough" "$(states 6 | grep chat)" '^6\|webhook chat\|given up\|8\|it answers 302, which leads to file:///etc/passwd; that is not followed'
sql "UPDATE notice SET at = strftime('%s') * 1000000000"
fails "doctor tells of what was given up" 1 joulerig doctor --db c.db --keys keys
like "with the way and the reason" "$(cat "$tap_log")" 'given up in the last 30 days, the last by webhook chat: it answers 302'

# ---- without settings ----
notice 7 regressed 'later'
joulerig serve --listen tcp://127.0.0.1:0 --db c.db --keys keys 2>serve.log &
SERVE_PID=$!
wait_for 120 grep -q 'listening on' serve.log
end_serve
is "a coordinator without settings leaves what waits alone" "$(states 7 | cut -d'|' -f 3 | uniq)" waiting
done_testing
