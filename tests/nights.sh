# Nights of a coordinator whose clock is set forward from one to the next (libfaketime): source after lib.sh and cluster.sh.
#   begin_nights EVENING        'YYYY-MM-DD hh:mm:ss', UTC; false where there is no libfaketime
#   start_coordinator           has that clock, then and later; agents and what asks have the real one
#   pass_night [EVENINGS]       so many evenings further at once (1); the sweep is waited for, until $SWEEPS of them have ended; notices of it
#                               are added to notices.txt as "NIGHT KIND SUBJECT" and are in $TOLD, "nothing" where there are none
#   at WORDS..., sql TEXT, stop_agent NAME, idle N
NIGHT=0 SWEEPS=0 NOTICES=0
begin_nights() {
	FAKETIME_LIBRARY=$(find /usr/lib /usr/local/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
	[ -n "$FAKETIME_LIBRARY" ] || return 1
	EVENING=$(date -u -d "$1" +%s)
	set_clock "$1"
	REAL_JOULERIG=$(type -P joulerig)
}
# It stands where clock.txt says, and goes on from there.
set_clock() {
	echo "@$1" >clock.new && mv clock.new clock.txt
}
joulerig() {
	if [ "$1" = serve ]; then
		# What it starts has the same clock.
		exec env LD_PRELOAD="$FAKETIME_LIBRARY" FAKETIME_TIMESTAMP_FILE="$PWD/clock.txt" FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1 TZ=UTC \
			"$REAL_JOULERIG" "$@"
	fi
	"$REAL_JOULERIG" "$@"
}
sql() { sqlite3 -readonly -cmd '.timeout 5000' c.db "$1"; }
ended() { [ "$(sql "SELECT count(*) FROM sweep WHERE ended_at IS NOT NULL")" -ge "$1" ]; }
idle() { [ "$(at hosts --format ndjson 2>/dev/null | grep -c '"idle"')" = "$1" ]; }
stop_agent() { kill -TERM "${AGENT_PID[$1]}"; wait "${AGENT_PID[$1]}" 2>/dev/null; }
in_night() { :; } # what is done meanwhile; it gets $SWEEPS
pass_night() {
	NIGHT=$((NIGHT + ${1:-1})) SWEEPS=$((SWEEPS + ${SWEEPS_A_NIGHT:-1})) EVENING=$((EVENING + 86400 * ${1:-1}))
	set_clock "$(date -u -d "@$((EVENING - 64800))" '+%F %T')"
	in_night "$SWEEPS"
	wait_for 120 ended "$SWEEPS" || { echo "night $NIGHT does not end"; sql 'SELECT * FROM sweep'; tail serve.log; return 1; }
	sql "SELECT '$NIGHT ' || kind || ' ' || subject FROM notice WHERE id > $NOTICES ORDER BY id" >>notices.txt
	TOLD=$(sql "SELECT coalesce(group_concat(kind || ' ' || subject, '; '), 'nothing') FROM notice WHERE id > $NOTICES")
	NOTICES=$(sql 'SELECT coalesce(max(id), 0) FROM notice')
	set_clock "$(date -u -d "@$EVENING" '+%F %T')"
}
answer() { sql 'SELECT answer FROM sweep ORDER BY id DESC LIMIT 1'; }
