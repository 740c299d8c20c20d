# `make deb`: two packages with all that belongs in them, and nothing else; of what is built already.
. "$TOP/tests/lib.sh"
[ "$(cd "$BUILD" && pwd)" = "$TOP/build" ] || skip_all "packages the release build alone"
version=$(sed -n 's/^#define JOULERIG_VERSION "\(.*\)"/\1/p' "$TOP/proto/message.h")
is "debian/changelog begins with this version" "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$TOP/debian/changelog")" "$version"
command -v dh >/dev/null || { skip "make deb" "no debhelper here"; done_testing; exit; }

# With the compiler that the build was made with, nothing is made anew.
compiler=$(sed 's/ -std=.*//' "$BUILD/.flags")
ok "make deb" env -u MAKEFLAGS -u MAKELEVEL -u BUILD make -s -C "$TOP" deb CC="$compiler"
arch=$(dpkg --print-architecture)
main=$BUILD/deb/joulerig_${version}_$arch.deb agent=$BUILD/deb/joulerig-agent_${version}_$arch.deb
is "two packages" "$(cd "$BUILD/deb" && echo *.deb)" "joulerig-agent_${version}_$arch.deb joulerig_${version}_$arch.deb"
list() { dpkg-deb -c "$1" | awk '!/^d/ {print substr($6, 2)}' | grep -vE '^/usr/share/(doc|man|joulerig)/' | sort; }
is "joulerig" "$(list "$main")" "/etc/joulerig/settings.yaml
/lib/systemd/system/joulerig.service
/usr/bin/joulerig
/usr/lib/sysusers.d/joulerig.conf
/usr/lib/tmpfiles.d/joulerig.conf
/usr/share/bash-completion/completions/joulerig
/usr/share/fish/vendor_completions.d/joulerig.fish"
is "joulerig-agent" "$(list "$agent")" "/etc/joulerig/agent.env
/lib/systemd/system/joulerig-agent.service
/lib/udev/rules.d/70-joulerig.rules
/usr/bin/joulerig-agent
/usr/lib/sysusers.d/joulerig-agent.conf
/usr/lib/tmpfiles.d/joulerig-agent.conf
/usr/libexec/joulerig/joulerig-exec
/usr/libexec/joulerig/libjoulerig-pin.so
/usr/share/bash-completion/completions/joulerig-agent
/usr/share/fish/vendor_completions.d/joulerig-agent.fish
/usr/share/lintian/overrides/joulerig-agent
/usr/share/zsh/vendor-completions/_joulerig"
is "no file is in both" "$({ dpkg-deb -c "$main"; dpkg-deb -c "$agent"; } | awk '!/^d/ {print $6}' | sort | uniq -d)" ""
unlike "the agent needs no database, no YAML and no HTTP" "$(dpkg-deb -f "$agent" Depends)" 'sqlite|yaml|gsl|lua|curl|microhttpd'
like "the notices of what is in the program are there" "$(dpkg-deb -c "$main")" '/usr/share/doc/joulerig/licenses\.txt'
is "settings are the administrator's" "$(for p in "$main" "$agent"; do dpkg-deb -I "$p" conffiles; done | tr '\n' ' ')" "/etc/joulerig/settings.yaml /etc/joulerig/agent.env "
if command -v lintian >/dev/null; then
	is "lintian has nothing to say" "$(lintian --allow-root --fail-on none "$main" "$agent" 2>&1 | grep -E '^[EW]:')" ""
else
	skip "lintian" "no lintian here"
fi
done_testing
