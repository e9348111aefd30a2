# contrib/lib.sh - what contrib/check and contrib/demo share: packages, steps
# shellcheck shell=bash
#
# Sourced by bash with $top set to the source tree.
: "${top:?}"

# Debian package, or a|b for either | who needs it | units it would start | why
packages() {
	cat <<-'TABLE'
	gcc                          build       -            C compiler
	g++                          build       -            compiles the public headers as C++
	make                         build       -            build
	autoconf                     build       -            makes ./configure
	autoconf-archive             build       -            macros of configure.ac
	automake                     build       -            makes Makefile.in
	libtool                      build       -            shared library
	pkg-config|pkgconf           build       -            finds the libraries
	libc6-dev                    build       -            C library headers
	libevent-dev                 build       -            event loop
	libc-ares-dev                build       -            DNS
	libssl-dev                   build       -            TLS
	libjansson-dev               build       -            JSON
	libkrb5-dev                  build       -            Kerberos to HTTP proxies
	libproxy-dev                 build       -            proxy settings of the desktop
	duktape-dev                  build       -            runs PAC files
	libseccomp-dev               build       -            the sandbox of PAC files
	libpsl-dev                   build       -            public suffixes, for WPAD
	libjavascriptcoregtk-4.1-dev check       -            runs PAC files newer than ES5
	libcmocka-dev                check       -            unit tests
	libsystemd-dev               check       -            service manager notifications
	clang                        check       -            second compiler, sanitizers, fuzzer
	llvm                         check       -            readable sanitizer reports
	libclang-rt-14-dev           check       -            sanitizer and fuzzer runtime
	valgrind                     check       -            memory errors and leaks
	xz-utils                     check       -            make dist
	man-db                       check       -            reads the man pages for errors
	python3                      check,demo  -            system tests, the demo's services
	python3-pytest               check       -            system tests
	python3-pytest-xdist         check       -            system tests beside each other
	python3-jsonschema           check       -            the schema of netcheck's JSON
	squid-openssl|squid          check,demo  squid        the usual corporate proxy
	squid-langpack               check       -            its error pages
	winbind                      check       winbind      ntlm_auth: squid's NTLM
	dante-server                 check       danted       SOCKS5 with user and password
	microsocks                   check       microsocks   SOCKS5, small
	tinyproxy                    check       tinyproxy    answers HTTP/1.0
	haproxy                      check       haproxy      TLS in front of a proxy
	mitmproxy                    check       -            TLS inspection
	krb5-kdc                     check       krb5-kdc     a KDC for Negotiate
	krb5-admin-server            check       krb5-admin-server  kadmin.local
	krb5-user                    check       -            kinit
	python3-gssapi               check       -            the accepting side of Kerberos
	gss-ntlmssp                  check       -            NTLM, which must not be offered
	libproxy1-plugin-gsettings   check       -            libproxy reads GNOME's settings
	gsettings-desktop-schemas    check       -            the names of those
	libglib2.0-bin               check       -            gsettings
	libproxy1-plugin-kconfig     check       -            libproxy reads KDE's settings
	libkf5config-bin             check       -            kreadconfig5, which it runs
	faketime                     check       -            tickets that have expired, wrong clocks
	openssh-server               check       ssh          SSH over the tunnel, ssh -D
	openssh-client               check       -            SSH over the tunnel
	netcat-openbsd               check       -            half-close
	curl                         check,demo  -            a client to compare with
	openssl                      check,demo  -            certificates of the tests
	ca-certificates              check,demo  -            the system's certificate store
	tcpdump                      check       -            what leaves a network namespace
	nftables                     check       -            firewall of a network namespace
	iproute2                     check,demo  -            network namespaces
	util-linux                   check,demo  -            unshare, nsenter
	procps                       check       -            ps
	TABLE
}

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

have_package() {
	local p
	for p in ${1//|/ }; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" \
		    2>/dev/null) in
		installed) return 0 ;;
		esac
	done
	return 1
}

# missing_packages WHO...: prints "package unit why" of each that is missing
missing_packages() {
	local pkg who unit why w
	packages | while read -r pkg who unit why; do
		for w in "$@"; do
			case ,$who, in
			*,$w,*) have_package "$pkg" ||
			    echo "${pkg%%|*} $unit $why"
				break ;;
			esac
		done
	done
}

# need_packages YES|ASK WHO...: installs what is missing.  Fails when it can't.
need_packages() {
	local ask=$1 missing names=() units=() pkg unit why answer
	shift
	command -v dpkg-query >/dev/null ||
		die "this is not a Debian: install by hand what contrib/lib.sh lists"
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	say "These Debian packages are missing:"
	while read -r pkg unit why; do
		printf '  %-22s %s\n' "$pkg" "$why"
		names+=("$pkg")
		[ "$unit" = - ] || units+=("$unit")
	done <<<"$missing"
	local sudo=()
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die "run as root: apt-get install ${names[*]}"
		sudo=(sudo)
	fi
	if [ "$ask" = ASK ]; then
		[ -t 0 ] || die "packages are missing: use -y to install them"
		printf 'Install them with apt (their services are not started)? [Y/n] '
		read -r answer || answer=n
		case $answer in
		''|[yY]*) ;;
		*) return 1 ;;
		esac
	fi
	"${sudo[@]}" bash -s -- "${units[*]}" "${names[@]}" <<-'ROOT'
	# Installs packages and keeps their daemons from starting, now (policy-rc.d)
	# and at the next boot (disable).  A policy that the machine has already is
	# put aside and back.
	set -u
	units=$1; shift
	policy=/usr/sbin/policy-rc.d
	restore() {
		[ -z "${ours-}" ] || rm -f "$policy"
		[ ! -e "$policy.alpacon" ] || mv "$policy.alpacon" "$policy"
	}
	trap restore EXIT
	trap 'exit 1' INT TERM HUP
	if [ -e "$policy.alpacon" ] || [ -e "$policy" ]; then
		[ -e "$policy.alpacon" ] || mv "$policy" "$policy.alpacon"
	fi
	ours=1
	printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || exit 1
	export DEBIAN_FRONTEND=noninteractive
	apt() {
		apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null
	}
	apt install -y --no-install-recommends "$@" || {
		apt update && apt install -y --no-install-recommends "$@"
	} || exit 1
	command -v systemctl >/dev/null || exit 0
	for u in $units; do
		systemctl disable "$u.service" >/dev/null 2>&1 || :
	done
	ROOT
	missing=$(missing_packages "$@")
	[ -z "$missing" ] || {
		say "still missing: $(cut -d' ' -f1 <<<"$missing" | tr '\n' ' ')"
		return 1
	}
}

# build_in DIR [CONFIGURE ARGUMENT...]: configures once, then makes what is
# out of date: all of it, if it was configured in another way.  CC comes from
# the environment.
build_in() {
	local dir=$1
	shift
	[ -x "$top/configure" ] || (cd "$top" && autoreconf -fi) || return 1
	mkdir -p "$dir" || return 1
	(
		cd "$dir" || exit 1
		printf '%s\n' "${CC-}" "$@" >configured.new
		cmp -s configured.new configured && [ -f Makefile ] || {
			{ [ ! -f Makefile ] || make -s clean; } &&
			    "$top/configure" "$@" && mv configured.new configured
		} || exit 1
		rm -f configured.new
		make -j"$jobs"
	)
}
jobs=$(nproc 2>/dev/null || echo 2)
