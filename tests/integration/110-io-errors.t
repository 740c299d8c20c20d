# Writes fail with I/O errors, or as on a read-only file system, on either side in the middle of a campaign: status or hosts tells
# it, and all goes on when they do not fail any more, with every run once.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
command -v strace >/dev/null && strace -o /dev/null -e inject=getpid:error=EIO true 2>/dev/null || skip_all "strace cannot trace here"
trap stop_cluster EXIT

# No more runs than `most` says end until it says more.
at_most() { : >begun; echo "$1" >most; }
any_number() { echo 1000000 >most; }
cat >errors.yaml <<YAML
campaign: errors
benchmarks:
  nap: {command: 'echo >>$PWD/begun; until [ \$(wc -l <$PWD/begun) -le \$(cat $PWD/most) ]; do sleep 0.05; done'}
measure: {energy: off}
repeat: {warmup: 1, blocks: 20}
YAML
at_least() { [ "$(joulerig export "$1" "${at[@]}" 2>/dev/null | jq -r 'select(.state == "done") | .run' | wc -l)" -ge "$2" ]; }
# From now on these calls of a process fail; until it is called off.
begin_failing() { # PID CALLS:error=E[:when=N]
	strace -f -p "$1" -e "inject=$2" -o /dev/null 2>strace.log &
	STRACE=$!
	wait_for 60 grep -q attached strace.log
}
end_failing() { kill -INT "$STRACE"; wait "$STRACE" 2>/dev/null; }
status_says() { joulerig status "${at[@]}" 2>&1 | grep -q "$1"; }
hosts_says() { joulerig hosts --format csv "${at[@]}" | grep -q "$1"; }
ends() { joulerig watch "$1" "${at[@]}"; } # which cannot begin in the middle of a trouble
check_complete() { # LABEL WHAT
	ok "$2: it goes on by itself, to the end" wait_for 120 ends "$1"
	joulerig export "$1" "${at[@]}" >runs
	is "$2: every run is there, once, and done" "$(jq -r .run runs | sort -n | uniq | wc -l) of $(wc -l <runs), $(jq -r .state runs | sort -u)" "20 of 20, done"
}

start_coordinator
at=(--coordinator "$ADDRESS" --keys keys)
start_agent alpha
n=0
try() { # WHAT PID CALLS:error=E HOW TEXT
	n=$((n + 1))
	at_most 8
	joulerig submit errors.yaml "${at[@]}" >/dev/null 2>&1
	wait_for 120 at_least errors.$n 5
	begin_failing "$2" "$3"
	any_number
	ok "$1: it is told" wait_for 30 "$4" "$5"
	end_failing
	check_complete errors.$n "$1"
}
try "the coordinator's fsync fails" "$SERVE_PID" fsync,fdatasync:error=EIO status_says 'store: .*I/O error'
try "the coordinator's disk is read-only" "$SERVE_PID" pwrite64:error=EROFS status_says 'store: c\.db: read-only file system'
try "the agent's fsync fails" "${AGENT_PID[alpha]}" fsync,fdatasync:error=EIO hosts_says 'spool: .*Input/output error'
try "the agent's disk is read-only" "${AGENT_PID[alpha]}" pwrite64:error=EROFS hosts_says 'spool: .*Read-only file system'

# Once alone, of many.
for side in coordinator agent; do
	n=$((n + 1))
	at_most 8
	joulerig submit errors.yaml "${at[@]}" >/dev/null 2>&1
	wait_for 120 at_least errors.$n 5
	case $side in coordinator) pid=$SERVE_PID ;; agent) pid=${AGENT_PID[alpha]} ;; esac
	begin_failing "$pid" fdatasync:error=EIO:when=3
	any_number
	check_complete errors.$n "one fsync of the $side fails"
	end_failing
done
ok "the coordinator was one process all the time" kill -0 "$SERVE_PID"
ok "the agent, too" kill -0 "${AGENT_PID[alpha]}"
kill -TERM "$SERVE_PID"
wait "$SERVE_PID"
is "the store is whole" "$(sqlite3 c.db 'PRAGMA quick_check')" ok
kill -TERM "${AGENT_PID[alpha]}"
wait "${AGENT_PID[alpha]}"

# At the start.
. "$TOP/tests/small_disk.sh"
if [ -n "${SMALL_DISK:-}" ] || ! unshare -rm true 2>/dev/null && ! unshare -m true 2>/dev/null; then
	skip "read-only file systems at the start" "no file system can be mounted here"
else
	mkdir ro ro/state
	how=-m
	unshare -m mount -t tmpfs tmpfs /mnt 2>/dev/null || how=-rm
	in_read_only() { unshare $how bash -c 'mount --bind ro ro && mount -o remount,bind,ro ro && exec "$@"' - "$@"; }
	fails "a coordinator on a read-only file system says so" 2 in_read_only joulerig serve --listen tcp://127.0.0.1:0 --db ro/c.db --keys keys
	like "with the file" "$(in_read_only joulerig serve --listen tcp://127.0.0.1:0 --db ro/c.db --keys keys 2>&1)" 'ro/c\.db.*[Rr]ead-only file system'
	like "and an agent" "$(in_read_only joulerig-agent --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --state ro/state 2>&1)" 'ro/state.*[Rr]ead-only file system'
fi
done_testing
