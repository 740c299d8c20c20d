# `make install` under a DESTDIR: what it puts where, and that it runs from there.
. "$TOP/tests/lib.sh"
[ "$(cd "$BUILD" && pwd)" = "$TOP/build" ] || skip_all "installs the release build alone"

# The build is up to date here, so this compiles nothing; a make that runs the tests must not hand its jobs down.
install_it() { env -u MAKEFLAGS -u MAKELEVEL -u BUILD make -s -C "$TOP" install DESTDIR="$PWD/root" PREFIX=/usr; }
ok "make install DESTDIR PREFIX" install_it

is "files" "$(cd root && find usr -type f ! -path '*/configs/*' ! -path '*/man/*' | sort)" "usr/bin/joulerig
usr/bin/joulerig-agent
usr/libexec/joulerig/joulerig-exec
usr/libexec/joulerig/libjoulerig-pin.so
usr/share/bash-completion/completions/joulerig
usr/share/doc/joulerig/CHANGELOG.md
usr/share/doc/joulerig/LICENSE
usr/share/doc/joulerig/PROTOCOL.md
usr/share/doc/joulerig/README.md
usr/share/doc/joulerig/licenses.txt
usr/share/fish/vendor_completions.d/joulerig.fish
usr/share/zsh/site-functions/_joulerig"
is "completions are for the agent, too" "$(cd root/usr/share && for f in bash-completion/completions/joulerig-agent \
	fish/vendor_completions.d/joulerig-agent.fish; do grep -c 'complete .*joulerig-agent' "$f"; done | grep -c '^0')" 0
is "a manual page for each built one" "$(cd root/usr/share/man && find . -type f | sort)" "$(cd "$BUILD/man" && find . -type f ! -name '.*' | sort)"
ok "the quickstart and its workloads" test -f root/usr/share/joulerig/configs/workloads/Makefile
ok "campaigns in folders, with their programs" test -x root/usr/share/joulerig/configs/python-gil/find-python -a \
	-f root/usr/share/joulerig/configs/python-gil/workloads/mandelbrot.py
is "nothing outside PREFIX" "$(ls root)" usr

cat >one.yaml <<'YAML'
campaign: one
benchmarks: {nothing: {command: ["true"]}}
measure: {energy: "off"}
repeat: {warmup: 0, blocks: 2}
YAML
PATH=$PWD/root/usr/bin:/usr/bin:/bin
like "the installed program is the one that runs" "$(command -v joulerig)" "root/usr/bin/joulerig\$"
ok "it checks the quickstart" joulerig check root/usr/share/joulerig/configs/quickstart.yaml
ok "it runs a campaign, and finds its agent and its launcher" joulerig run one.yaml --db one.db --quiet
is "both runs are done" "$(joulerig export one.1 --db one.db --what runs --format ndjson | grep -c '"state": *"done"')" 2
done_testing
