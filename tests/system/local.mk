# tests/system: the real programs; run by contrib/check, not by make check
check_PROGRAMS += tests/lib/gss_ask
tests_lib_gss_ask_SOURCES = tests/lib/gss_ask.c
tests_lib_gss_ask_LDADD = libalcore.la $(LIBEVENT_LIBS)

check_PROGRAMS += tests/lib/swarm
tests_lib_swarm_SOURCES = tests/lib/swarm.c
tests_lib_swarm_LDADD = libalcore.la $(LIBEVENT_LIBS)

# a link between two namespaces; see tests/lib/wan.py
check_PROGRAMS += tests/lib/packetlink
tests_lib_packetlink_SOURCES = tests/lib/packetlink.c

# the sandbox of the PAC helpers, from within
if HAVE_DUKTAPE
check_PROGRAMS += tests/lib/pac_jail
tests_lib_pac_jail_SOURCES = tests/lib/pac_jail.c pac/helper/sandbox.c
tests_lib_pac_jail_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS)
tests_lib_pac_jail_LDADD = $(SECCOMP_LIBS)
endif

EXTRA_DIST += \
	tests/README.md \
	tests/lib/alpacon.py \
	tests/lib/burst.py \
	tests/lib/certs.py \
	tests/lib/cuts.py \
	tests/lib/dnsd.py \
	tests/lib/faults.py \
	tests/lib/kdc.py \
	tests/lib/netns.py \
	tests/lib/pac.py \
	tests/lib/probe.py \
	tests/lib/proc.py \
	tests/lib/reframe.py \
	tests/lib/servers.py \
	tests/lib/sniff.py \
	tests/lib/socks_gss.py \
	tests/lib/steady.py \
	tests/lib/traffic.py \
	tests/lib/wan.py \
	tests/lib/web.py \
	tests/system/conftest.py \
	tests/system/test_auth.py \
	tests/system/test_battery.py \
	tests/system/test_detach.py \
	tests/system/test_dial.py \
	tests/system/test_digest.py \
	tests/system/test_failures.py \
	tests/system/test_gss.py \
	tests/system/test_habits.py \
	tests/system/test_harness.py \
	tests/system/test_https_proxy.py \
	tests/system/test_hygiene.py \
	tests/system/test_inspection.py \
	tests/system/test_leaks.py \
	tests/system/test_listeners.py \
	tests/system/test_long.py \
	tests/system/test_matrix.py \
	tests/system/test_netcheck.py \
	tests/system/test_netns.py \
	tests/system/test_pac.py \
	tests/system/test_pac_daemon.py \
	tests/system/test_pac_helper.py \
	tests/system/test_paths.py \
	tests/system/test_resume.py \
	tests/system/test_rig.py \
	tests/system/test_route.py \
	tests/system/test_socks_gss.py \
	tests/system/test_ssh.py \
	tests/system/test_stall.py \
	tests/system/test_swarm.py \
	tests/system/test_syscfg.py \
	tests/system/test_transfer.py \
	tests/system/test_user_agent.py
