# A file system that can be full, for tests: source after lib.sh, before anything else.
#   small_disk DIR SIZE [OPTIONS]   mount a tmpfs there, in a mount namespace of this test's own (the test begins anew within it);
#                         fails where none can be made
#   fill DIR              take all its room        make_room DIR     give it back
#   read_only DIR, read_write DIR
small_disk() {
	if [ -z "${SMALL_DISK:-}" ]; then
		local how
		for how in -m -rm; do
			if unshare $how mount -t tmpfs tmpfs /mnt 2>/dev/null; then SMALL_DISK=1 exec unshare $how bash "$0"; fi
		done
		return 1
	fi
	mkdir -p "$1" && mount -t tmpfs -o "size=$2,mode=0755" tmpfs "$1"
}
fill() { head -c 1G /dev/zero >"$1/ballast" 2>/dev/null; [ "$(df --output=avail "$1" | tail -n 1)" -eq 0 ]; }
make_room() { rm -f "$1/ballast"; }
read_only() { mount -o remount,ro "$1"; }
read_write() { mount -o remount,rw "$1"; }
