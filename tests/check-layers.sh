#!/bin/sh
# tests/check-layers.sh - each folder includes only itself and lower layers.
#
# Prints one line for each include that breaks the order of DESIGN.md 3, and
# fails if there is one.  With --self-test it checks that it would notice.
set -u
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 2

check() {
	awk '
BEGIN {
	split("connector/base=0 connector/wire=1 proxy=2 connector/engine=3 " \
	    "connector/loop=4 connector/helper=5 pac=6 pac/script=7 " \
	    "connector/stream=6 connector/dial=7 connector/autoconf=8 " \
	    "connector/session=9 connector/api=10 connector/daemon=11 " \
	    "connector/connectord=12 connector/gatewayd=12 " \
	    "connector/tunnel=12 connector/netcheck=12 " \
	    "connector/gsshelper=12 connector/syscfghelper=12 " \
	    "pac/helper=12", rows, " ")
	for (i in rows) {
		split(rows[i], pair, "=")
		layer[pair[1]] = pair[2]
	}
	# header: the files that may include it
	program = "connector/(connectord|gatewayd|tunnel|netcheck)/"
	only["event2/"] = "^connector/loop/"
	only["event2/event.h"] = "^(connector/(loop|daemon|include)/|" \
	    program ")"
	only["ares.h"] = "^connector/loop/"
	only["openssl/"] = "^connector/(base/(hash|rng|buf)[.]c|" \
	    "stream/tls[^/]*|gatewayd/[^/]*cert[^/]*|netcheck/.*)$"
	only["sys/socket.h"] = only["netdb.h"] = only["poll.h"] = \
	    only["sys/epoll.h"] = "^(connector/(loop|helper|stream|dial|" \
	    "autoconf|session|api|daemon|include)/|pac/|" program ")"
	only["gssapi/"] = only["krb5/"] = "^connector/gsshelper/"
	only["duktape.h"] = only["jsc/"] = only["JavaScriptCore/"] = \
	    only["seccomp.h"] = "^pac/helper/"
	only["libpsl.h"] = "^connector/autoconf/"
	only["proxy.h"] = "^connector/syscfghelper/"
	only["jansson.h"] = "^(connector/(daemon|session)/|" program ")"
}
function folder(path) {
	sub("/[^/]*$", "", path)
	return path
}
function complain(why) {
	print FILENAME ":" FNR ": " why
	bad = 1
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	from = folder(FILENAME)
	to = folder(part[2])
	if (!(to in layer))
		complain("\"" part[2] "\" is not named from the root")
	else if (from in layer && to != from && layer[to] >= layer[from])
		complain(from " (layer " layer[from] ") includes " to \
		    " (layer " layer[to] ")")
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	name = $0
	sub(/^[^<]*</, "", name)
	sub(/>.*/, "", name)
	head = name
	sub("/.*", "/", head)
	rule = name in only ? name : head
	if (rule in only && FILENAME !~ only[rule])
		complain("<" name "> does not belong here")
	if (head == "alpacon/" && FILENAME !~ \
	    "^connector/(api|daemon|include|connectord|gatewayd|tunnel|netcheck)/")
		complain("<" name "> is above this layer")
}
END { exit bad }' "$@"
}

self_test() {
	dir=$(mktemp -d) || exit 2
	trap 'rm -rf "$dir"' EXIT
	cd "$dir" && mkdir -p connector/base connector/wire connector/tunnel \
	    connector/netcheck connector/loop connector/helper \
	    connector/gsshelper connector/syscfghelper pac || exit 2
	n=0
	while IFS='|' read -r want file text; do
		n=$((n + 1))
		printf '%s\n' "$text" >"$file"
		if check "$file" >/dev/null; then got=ok; else got=bad; fi
		if [ "$got" != "$want" ]; then
			echo "self-test: $file: $text: $got, want $want"
			exit 1
		fi
		rm "$file"
	done <<-ROWS
	ok|connector/wire/a.c|#include "connector/base/buf.h"
	ok|connector/wire/a.c|#include "connector/wire/b.h"
	bad|connector/base/a.c|#include "connector/wire/b.h"
	bad|connector/wire/a.c|#include "b.h"
	bad|connector/tunnel/a.c|#include "connector/netcheck/b.h"
	bad|connector/wire/a.c|#include <event2/event.h>
	ok|connector/loop/a.c|#include <event2/buffer.h>
	ok|connector/tunnel/a.c|#include <event2/event.h>
	bad|connector/tunnel/a.c|#include <event2/buffer.h>
	bad|connector/wire/a.c|# include <sys/socket.h>
	ok|connector/loop/a.c|#include <sys/socket.h>
	bad|connector/base/str.c|#include <openssl/crypto.h>
	ok|connector/base/hash.c|#include <openssl/crypto.h>
	bad|connector/base/a.c|#include <alpacon/dial.h>
	ok|pac/a.c|#include "connector/helper/child.h"
	bad|connector/helper/a.c|#include "pac/b.h"
	ok|connector/gsshelper/a.c|#include <gssapi/gssapi.h>
	bad|connector/helper/a.c|#include <gssapi/gssapi.h>
	ok|connector/syscfghelper/a.c|#include <proxy.h>
	bad|connector/helper/a.c|#include <proxy.h>
	ok|connector/helper/a.c|#include <poll.h>
	ROWS
	echo "self-test: $n rows ok"
}

if [ "${1:-}" = --self-test ]; then
	self_test
	exit
fi
(self_test) || exit 1
# shellcheck disable=SC2046  # no blanks in our file names
check $(find connector proxy pac -name '*.[ch]' | LC_ALL=C sort) && echo ok
