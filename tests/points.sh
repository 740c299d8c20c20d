# Accidents at the durable writes of a small campaign: source after lib.sh.
#   points SIDE STEP   SIGKILL, and then EIO, at each call that makes something durable, and at each STEP-th pwrite64 (or
#                      $POINTS_STEP-th), of a SIDE as tests/tools/point has it
command -v strace >/dev/null && strace -f --seccomp-bpf -o /dev/null -e inject=getpid:error=EIO true 2>/dev/null || skip_all "strace cannot trace here"
case $BUILD in */asan | */tsan) skip_all "strace and the leak checker want to trace the same process" ;; esac
POINT=$TOP/tests/tools/point
points() {
	local side=$1 step=${POINTS_STEP:-$2} call n fault i met all
	if ! "$POINT" "$PWD/$side-count" "$side" count - 0 >"$side.calls" 2>&1; then
		fail "$side without an accident"
		diag "$side.calls"
		return
	fi
	for fault in kill eio; do
		while read -r call n; do
			for ((i = 1; i <= n; i++)); do
				[ "$call" = pwrite64 ] && [ $((i % step)) != $((1 % step)) ] ||
					echo "$PWD/$side-$fault-$call-$i $side $fault $call $i"
			done
		done <"$side.calls" >"$side.$fault"
		all=$(wc -l <"$side.$fault")
		xargs -P 8 -L 1 "$POINT" <"$side.$fault" >"$side.$fault.said" 2>"$side.$fault.log" # the shell tells of each that is killed
		is "$side, $fault at $all durable writes: all is there, once" "$(grep -v '^ok ' "$side.$fault.said"; grep -c '^ok ' "$side.$fault.said")" "$all"
		met=$(grep -c '^ok .* met$' "$side.$fault.said")
		diag <<<"$side $fault: $met of $all were met"
		# How much is written in one go depends on what comes together.
		ok "$side, $fault: most of them were met" [ $((met * 4)) -ge $((all * 3)) ]
	done
}
