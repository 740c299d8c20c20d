# Runs the commands of a guide: source after lib.sh.
#   replace FROM TO     what stands for something else where the guide is run: an address, a key, a path
#   shim NAME <<'SH'    a program NAME that the guide's commands find first: what cannot be had in a test (ssh, systemctl, apt)
#   guide FILE          one test for each block of commands, in the order of the page, in this folder
# In a guide, ```sh is a block of commands; a block of another language whose first line is a comment that names a file
# (`# nightly.yaml: ...`) is that file; all else is shown, not run. `<!-- not run: WHY -->` on the line before a block leaves it out. A
# block is one bash -e: what it exports and where it goes is known to the next one, what it puts into the background goes on.
guide_from=() guide_to=()
mkdir -p .guide/bin && : >.guide/env && pwd >.guide/pwd
replace() { guide_from+=("$1") guide_to+=("$2"); }
shim() { { echo '#!/bin/bash'; cat; } >".guide/bin/$1" && chmod +x ".guide/bin/$1"; }

# The blocks of a page as files NNN.sh, NNN.file, NNN.skip, each with the line of the page that it begins at in NNN.line.
guide_blocks() {
	awk -v to="$1" '
		function file(suffix) { return sprintf("%s/%03d.%s", to, n, suffix) }
		!inside && /^ *```/ {
			inside = 1; language = $0; sub(/^ *```/, "", language); first = 1; n++
			print NR + 1 >file("line"); close(file("line"))
			kind = language == "sh" ? (why == "" ? "sh" : "skip") : ""
			if (kind == "skip") print why >file("skip")
			next
		}
		inside && /^ *```/ { if (kind != "") close(file(kind)); inside = 0; why = ""; next }
		inside {
			if (first && kind == "" && language != "" && match($0, /^# [A-Za-z0-9_.\/-]+\.[a-z]+(:|$)/)) {
				kind = "file"
				name = substr($0, 3, RLENGTH - 2); sub(/:$/, "", name)
				print name >file("name"); close(file("name"))
			}
			first = 0
			if (kind == "sh" || kind == "file") print >file(kind)
			next
		}
		/^<!-- not run: .* -->$/ { why = $0; sub(/^<!-- not run: /, "", why); sub(/ -->$/, "", why); next }
		NF { why = "" }
		/^    +[a-z.\/]/ && !list { print FILENAME ":" NR ": commands of a guide stand in a block that begins with ```sh" >to "/wrong" }
		{ list = /^ *[*0-9]/ || (list && /^ /) }
	' "$2"
}

guide() {
	local page=$1 line block text body i where=$PWD/.guide
	rm -f .guide/[0-9]*.* .guide/wrong
	guide_blocks .guide "$page"
	is "$(basename "$page"): commands stand in blocks that can be run" "$(cat .guide/wrong 2>/dev/null)" ''
	for line in .guide/[0-9]*.line; do
		block=${line%.line}
		if [ -f "$block.skip" ]; then
			skip "$(basename "$page"):$(cat "$line")" "$(cat "$block.skip")"
			continue
		fi
		for text in "$block.sh" "$block.file"; do
			[ -f "$text" ] || continue
			body=$(cat "$text")
			for i in "${!guide_from[@]}"; do body=${body//"${guide_from[i]}"/"${guide_to[i]}"}; done
			printf '%s\n' "$body" >"$text"
		done
		if [ -f "$block.file" ]; then
			mkdir -p "$(dirname "$(cat .guide/pwd)/$(cat "$block.name")")"
			cp "$block.file" "$(cat .guide/pwd)/$(cat "$block.name")"
		elif [ -f "$block.sh" ]; then
			ok "$(basename "$page"):$(cat "$line"): $(head -n 1 "$block.sh")" guide_run "$where" "$block.sh"
		fi
	done
}

# In a shell of its own; what goes on in the background must not hold this test's output.
guide_run() {
	local where=$1 block=$PWD/$2
	{
		echo "PATH='$where/bin':\$PATH; . '$where/env'; cd \"\$(cat '$where/pwd')\""
		echo "trap 'guide_status=\$?; export -p >\"$where/env\"; pwd >\"$where/pwd\"; exit \$guide_status' EXIT"
		cat "$block"
	} >"$block.run"
	bash -e "$block.run" >"$block.out" 2>&1 </dev/null || { local s=$?; cat "$block.out"; return $s; }
}
