# Test meters, whose truth is known: source after lib.sh.
#   mount_meter AT OPTIONS...   build/tests/meter, mounted at AT; fails where nothing can be mounted here, and AT.log says why
#   unmount_meter AT            unmount_meters   all of them: for the trap at the end
declare -A METER_PID
METER_FIRST=() # a command that starts it, as chrt
is_decided() { test -e "$1/truth" || ! kill -0 "${METER_PID[$1]}"; }
mount_meter() {
	local at=$1; shift
	mkdir -p "$at"
	"${METER_FIRST[@]}" "$BUILD/tests/meter" "$@" "$at" >"$at.log" 2>&1 &
	METER_PID[$at]=$!
	wait_for 120 is_decided "$at"
	test -e "$at/truth"
}
unmount_meter() {
	kill -TERM "${METER_PID[$1]}" 2>/dev/null
	wait "${METER_PID[$1]}" 2>/dev/null
	unset "METER_PID[$1]"
}
unmount_meters() {
	local at
	for at in "${!METER_PID[@]}"; do unmount_meter "$at"; umount -l "$at" 2>/dev/null; done
}
