# Which interpreter a host's campaigns get, the link to it, and what is said where there is none. Most interpreters here are
# little scripts that answer what they are asked, so that a machine with any set of versions can be had.
. "$TOP/tests/lib.sh"

find_python=$TOP/configs/python-gil/find-python

# fake FILE VERSION LEVEL BUILD PROFILES [MODULE]
fake() {
	mkdir -p "$(dirname "$1")"
	cat >"$1" <<-END
		#!/bin/sh
		case "\$*" in
		*stdlib_module_names*) [ "\${3%%.*}" != concurrent ] || exit 1 ;;
		*releaselevel*) echo "$2 $3 $4 $5" ;;
		*import_module*) [ "\${3-}" = "${6-}" ] || { echo Traceback >&2; echo "ModuleNotFoundError: no \$3" >&2; exit 1; } ;;
		*) echo '{"path": "$1", "version": "$2", "build": "$4"}' ;;
		esac
	END
	chmod +x "$1"
}

# find DIRS ARGUMENT...: the last line
find() { FIND_PYTHON_DIRS=$1 "$find_python" "${@:2}" 2>&1 | tail -n 1; }
taken() { find "$@" | jq -r .path 2>&1; }

# ---- which one ----

fake a/python3.14 3.14.2 final gil 1
fake a/python3.14t 3.14.2 final nogil 1
fake b/python3 3.15.0 final gil 1
fake b/python3.13 3.13.9 final gil 0
fake b/python3.13t 3.13.9 final nogil 0
fake b/python3.16t 3.16.0 alpha nogil 0
fake b/python3.16 3.16.0 alpha gil 0
is "any: the newest version that is there in both builds" "$(taken a:b gil any) $(taken a:b nogil any)" 'a/python3.14 a/python3.14t'
is "in whatever order the directories are" "$(taken b:a gil any) $(taken b:a nogil any)" 'a/python3.14 a/python3.14t'
is "the links lead there" "$(readlink python/gil/any) $(readlink python/nogil/any)" "$PWD/a/python3.14 $PWD/a/python3.14t"
is "a minor version" "$(taken a:b gil 3.15)" b/python3
is "a whole version" "$(taken a:b nogil 3.13.9)" b/python3.13t
like "a minor version is not the beginning of another" "$(find a:b gil 3.1)" '^no CPython 3\.1 with the GIL here'
is "a pre-release only by its name" "$(taken a:b nogil 3.16)" b/python3.16t
fake c/python3.14 3.14.3 final gil 1
fake c/python3.13t 3.13.2 final nogil 1
is "the same release goes before a newer one" "$(taken c:a gil any) $(taken c:a nogil any)" 'a/python3.14 a/python3.14t'
is "else the same minor version does" "$(taken c:b gil any) $(taken c:b nogil any)" 'b/python3.13 b/python3.13t'
fake d/python3.14t 3.14.1 final nogil 1
is "in releases that differ, where it must be" "$(taken c:d gil any) $(taken c:d nogil any)" 'c/python3.14 d/python3.14t'
fake e/python3.14 3.14.2 final gil 1
is "of one version, the directory that has both" "$(taken e:a gil any)" a/python3.14
fake u/cpython-3.14.2-linux/bin/python3.14 3.14.2 final gil 0
fake u/cpython-3.14.2+freethreaded-linux/bin/python3.14t 3.14.2 final nogil 0
fake v/3.14.2/bin/python3.14 3.14.2 final gil 1
fake v/3.14.2t/bin/python3.14t 3.14.2 final nogil 1
twins=v/3.14.2t/bin:e:v/3.14.2/bin
is "or the two that are called alike" "$(taken $twins gil any)" v/3.14.2/bin/python3.14
twins=e:u/cpython-3.14.2-linux/bin:u/cpython-3.14.2+freethreaded-linux/bin
is "by whoever made them" "$(taken $twins gil any)" u/cpython-3.14.2-linux/bin/python3.14
fake f/python3.14 3.14.2 final gil 0
is "then the one that was built with profiles" "$(taken f:e gil any)" e/python3.14
is "then the first" "$(taken e:./e gil any)" e/python3.14
fake g/python3.11 3.11.2 final gil 0
is "a host with one version and the GIL" "$(taken g gil any)" g/python3.11
like "has no other" "$(find g nogil any)" '^no free-threaded CPython 3\.13 or later here \(there is: 3\.11\.2 gil\); .*build-interpreters.*python-gil\.md'

# ---- names ----

mkdir h && for name in python3-config python3.13-gdb.py python2 python3.9 python3.13d; do cp a/python3.14 h/$name; done
like "other programs are left alone" "$(find h gil any)" '^no CPython 3\.11 or later with the GIL here \(there is: none\)'
mkdir i && printf '#!/bin/sh\nexit 127\n' >i/python3.14 && chmod +x i/python3.14
like "one that does not start is told of" "$(FIND_PYTHON_DIRS=i:a "$find_python" gil any 2>&1)" '/i/python3\.14: left out: it does not start'
is "and another taken" "$(taken i:a gil any)" a/python3.14
mkdir stuck && printf '#!/bin/sh\nexec sleep 100000\n' >stuck/python3.14 && chmod +x stuck/python3.14
like "one that does not answer is told of" "$(FIND_PYTHON_PATIENCE=1 FIND_PYTHON_DIRS=stuck:a "$find_python" gil any 2>&1)" \
	'/stuck/python3\.14: left out: it does not answer within 1 s'
is "and another taken, too" "$(export FIND_PYTHON_PATIENCE=1; taken stuck:a gil any)" a/python3.14
mkdir chatty && printf '#!/bin/sh\necho 9.9.9 final nogil 1\nexec "%s/a/python3.14" "$@"\n' "$PWD" >chatty/python3.14 && chmod +x chatty/python3.14
like "what a wrapper prints at its start is no answer" "$(find chatty nogil any)" '\(there is: 3\.14\.2 gil\)'
mkdir j && ln -s ../a/python3.14 j/python3 && ln -s ../a/python3.14 j/python3.14
is "a link is as good" "$(taken j gil any)" a/python3.14
fake 'with space/python3.14' 3.14.2 final gil 1
is "a directory with a space" "$(taken 'with space' gil any)" 'with space/python3.14'
is "an interpreter by its path" "$(taken g gil "$PWD/a/python3.14")" a/python3.14
is "two versions of one build share no link" \
	"$(find a:b gil 3.15 >/dev/null; find a:b gil any >/dev/null; readlink python/gil/3.15 python/gil/any "python/gil$PWD/a/python3.14" | tr '\n' ' ')" \
	"$PWD/b/python3 $PWD/a/python3.14 $PWD/a/python3.14 "
is "what is asked for again may be a newer one" "$(find a:b:i gil 3.15 >/dev/null; fake b/python3.15 3.15.1 final gil 1; find a:b gil 3.15 >/dev/null; readlink python/gil/3.15)" \
	"$PWD/b/python3.15"
rm b/python3.15
is "and a build may be called otherwise" "$(find a:b gil-mine 3.15 >/dev/null; readlink python/gil-mine/3.15)" "$PWD/b/python3"

# ---- what is said ----

fails "none: exit status 1" 1 env FIND_PYTHON_DIRS=a "$find_python" gil 3.99
like "what was asked for, what there is" "$(find a gil 3.99)" '^no CPython 3\.99 with the GIL here \(there is: 3\.14\.2 gil, 3\.14\.2 nogil\)'
like "a path of nothing" "$(find a gil /nowhere/python)" '^/nowhere/python: no such interpreter'
like "a path of the other build" "$(find a nogil "$PWD/a/python3.14")" 'a/python3\.14 is no free-threaded CPython'
like "a build that is none" "$(find a debug any)" "'debug'.* must be gil or nogil"
like "a link elsewhere" "$(find a gil-../../x any)" "must be gil or nogil"
like "a link above" "$(find a gil "../$(basename "$PWD")/a/python3.14")" 'must have no \.\.'
like "a version that is none" "$(find a gil newest)" "'newest'.* must be any, 3\.14"
like "too little" "$(find a gil)" '^usage: find-python'
fake k/python3.14 3.14.2 final gil 1 numpy
is "a module that is there" "$(taken k gil any numpy)" k/python3.14
fails "a module that is not: exit status 1" 1 env FIND_PYTHON_DIRS=a "$find_python" gil any numpy
like "named with why and the way out" "$(find a gil any numpy)" \
	'^numpy cannot be imported by .*/a/python3\.14 \(ModuleNotFoundError: no numpy\); .*pip --python .*/a/python3\.14 install numpy'
like "one of Python itself is not to be installed" "$(find a gil any concurrent.futures.interpreter)" \
	'^concurrent\.futures\.interpreter belongs to Python itself, but not to the .* a later release may have it: see docs/python-gil\.md'
mkdir full && for v in 11 12 13 14 15 16 17 18 19 20 21 22; do fake full/python3.$v 3.$v.0 final gil 0; done
is "a reason is short enough to be shown whole" "$([ "$(find full nogil any | wc -c)" -lt 400 ] && echo yes)" yes
is "and tells equal ones once" "$(mkdir -p m n && cp a/python3.14 m && cp a/python3.14 n && find m:n nogil any | grep -o '3\.14\.2' | wc -l)" 1
mkdir locked && (cd locked && touch python)
like "a link that cannot be made" "$(cd locked && FIND_PYTHON_DIRS=$PWD/../a "$find_python" gil any 2>&1 | tail -n 1)" '^python/gil/any: cannot make this link in /.*locked'

# ---- several at once: each has a link that leads somewhere, at any time ----

for i in 1 2 3 4 5 6; do (taken a gil any >one.$i) & done
wait
is "several at once" "$(cat one.*)" "$(for i in 1 2 3 4 5 6; do echo a/python3.14; done)"
is "leave nothing behind" "$(command find python -name ".*")" ''

# ---- a real one ----

if [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
	enabled=$(/usr/bin/python3 -c 'import sys; print("gil" if getattr(sys, "_is_gil_enabled", bool)() or sys.version_info < (3, 13) else "nogil")')
	PYTHON_GIL=0 PYTHONPATH=/nowhere "$find_python" "$enabled" /usr/bin/python3 >real.json
	is "Debian's: one line" "$(wc -l <real.json)" 1
	is "its path" "$(jq -r .path real.json)" "$(readlink -f /usr/bin/python3)"
	is "its version" "$(jq -r .version real.json)" "$(/usr/bin/python3 -c 'import platform; print(platform.python_version())')"
	is "its checksum" "$(jq -r .sha256 real.json)" "$(sha256sum </usr/bin/python3 | cut -d ' ' -f 1)"
	is "what else tells interpreters apart" "$(jq -r 'keys | join(" ")' real.json)" \
		'CONFIG_ARGS Py_GIL_DISABLED allocator blas build built compiler library library_sha256 lto numpy path pgo revision sha256 source version'
	if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
		like "the library of its NumPy" "$(jq -r .blas real.json)" '^lib.*(blas|mkl|blis|atlas)'
	else
		is "without NumPy, no library of it" "$(jq -r .blas real.json)" null
	fi
	is "a distribution's flags are not guessed" "$(jq -r .pgo real.json)" null
	is "its own module" "$("$find_python" "$enabled" /usr/bin/python3 json | jq -r .version)" "$(jq -r .version real.json)"
	is "the link starts with its library" "$(python/$enabled/usr/bin/python3 -c 'import json, os; print(json.dumps([1]))')" '[1]'
else
	skip "Debian's python3" "there is none of 3.11 or later"
fi

# ---- in a campaign ----

cp "$find_python" . && cat >c.yaml <<END
campaign: c
files: [find-python]
requires: [./find-python, "{python.build}", "{python.version}"]
matrix:
  python:
    gil: {build: gil, version: $PWD/a/python3.14}
    nogil: {build: nogil, version: "3.99"}
benchmarks: {b: {command: ["python/{python.build}/{python.version}", main]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
END
ok "a campaign runs what is there" joulerig run c.yaml --quiet
like "and skips what is not, with the reason" "$(joulerig results c 2>&1 | tr '\n' ' ')" 'no free-threaded CPython 3\.99 here \(there is: '
is "one run is done, one skipped" "$(joulerig export c --what runs --format csv | cut -d , -f 6,12 | tail -n +2 | sort | tr '\n' ' ')" \
	'done,gil skipped,nogil '
done_testing
