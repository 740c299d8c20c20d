# Hosts with links of their own for tests: source it first of all, lib.sh and cluster.sh after it. The test goes on in a network
# namespace of its own, which is the coordinator's machine; the kernel removes all of it with the last process in it.
#   make_host N               a host on the link to 10.99.N.1 (the coordinator's end), as 10.99.N.2
#   start_agent_on N NAME     start_agent (cluster.sh) there
#   cut N both|up|down|link   from now on the link carries nothing: both ways, to the coordinator, from it (frames vanish without a
#                             word, as behind a broken switch), or it is down and the coordinator's kernel knows
#   mend N                    all is well again
#   stop_hosts
if [ -z "${OWN_NETWORK-}" ]; then
	for as in "" "--user --map-root-user"; do
		# shellcheck disable=SC2086
		if unshare $as --net sh -c 'ip link add one type veth peer name two && ip link set lo up && unshare --net true' 2>/dev/null; then
			OWN_NETWORK=1 exec unshare $as --net bash "$0"
		fi
	done
	echo "1..0 # SKIP no network namespaces with links can be made here"
	exit 0
fi
ip link set lo up
declare -A HOLDER=() IS_DOWN=()
on_host() { local n=$1; shift; nsenter --net="/proc/${HOLDER[$n]}/ns/net" "$@"; }
make_host() {
	unshare --net sleep 100000 &
	HOLDER[$1]=$!
	# Until then it is in ours.
	wait_for 60 sh -c "[ \"\$(readlink /proc/${HOLDER[$1]}/ns/net)\" != \"\$(readlink /proc/$$/ns/net)\" ]" || return 1
	ip link add "c$1" type veth peer name "h$1" && ip link set "h$1" netns "${HOLDER[$1]}" &&
		ip address add "10.99.$1.1/24" dev "c$1" && ip link set "c$1" up &&
		on_host "$1" ip address add "10.99.$1.2/24" dev "h$1" && on_host "$1" ip link set "h$1" up && on_host "$1" ip link set lo up
}
start_agent_on() { # the coordinator listens on all addresses
	local listens=$ADDRESS AGENT_IN=(nsenter --net="/proc/${HOLDER[$1]}/ns/net")
	ADDRESS=tcp://10.99.$1.1:${ADDRESS##*:}
	start_agent "${@:2}"
	ADDRESS=$listens
}
# Frames for a hardware address that nobody has are dropped by who gets them.
mislead() { # WHERE... ADDRESS DEVICE
	"${@:1:$#-2}" ip neighbour replace "${*: -2:1}" lladdr 02:00:00:00:00:99 dev "${*: -1}" nud permanent
}
cut() {
	case $2 in both | up) mislead on_host "$1" "10.99.$1.1" "h$1" ;; esac
	case $2 in both | down) mislead env "10.99.$1.2" "c$1" ;; link) ip link set "c$1" down && IS_DOWN[$1]=1 ;; esac
}
mend() {
	[ -z "${IS_DOWN[$1]-}" ] || ip link set "c$1" up
	unset "IS_DOWN[$1]"
	on_host "$1" ip neighbour del "10.99.$1.1" dev "h$1" 2>/dev/null
	ip neighbour del "10.99.$1.2" dev "c$1" 2>/dev/null
	return 0
}
stop_hosts() {
	local p
	for p in "${HOLDER[@]}"; do kill "$p" 2>/dev/null; done
}
