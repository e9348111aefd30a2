# tests/flow

# its own attempts come before the library's
UNIT_TESTS += tests/flow/test_client
tests_flow_test_client_SOURCES = tests/flow/test_client.c
tests_flow_test_client_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_dial
tests_flow_test_dial_SOURCES = tests/flow/test_dial.c \
	tests/lib/dnsd.c tests/lib/dnsd.h tests/lib/peer.c tests/lib/peer.h
tests_flow_test_dial_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_mux
tests_flow_test_mux_SOURCES = tests/flow/test_mux.c
tests_flow_test_mux_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

if HAVE_DUKTAPE
UNIT_TESTS += tests/flow/test_pac
tests_flow_test_pac_SOURCES = tests/flow/test_pac.c \
	tests/lib/dnsd.c tests/lib/dnsd.h
tests_flow_test_pac_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)
endif

UNIT_TESTS += tests/flow/test_session_flow
tests_flow_test_session_flow_SOURCES = tests/flow/test_session_flow.c \
	tests/lib/world.h
tests_flow_test_session_flow_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/flow/test_gateway
tests_flow_test_gateway_SOURCES = tests/flow/test_gateway.c
tests_flow_test_gateway_LDADD = libalgateway.la $(UNIT_LDADD) \
	$(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_gateway_edge
tests_flow_test_gateway_edge_SOURCES = tests/flow/test_gateway_edge.c
tests_flow_test_gateway_edge_LDADD = libalgateway.la $(UNIT_LDADD) \
	$(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_gateway_cut
tests_flow_test_gateway_cut_SOURCES = tests/flow/test_gateway_cut.c \
	tests/lib/gateway.h
tests_flow_test_gateway_cut_LDADD = libalgateway.la $(UNIT_LDADD) \
	$(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_gateway_resume
tests_flow_test_gateway_resume_SOURCES = tests/flow/test_gateway_resume.c \
	tests/lib/gateway.h tests/lib/rawlink.h tests/lib/script.h
tests_flow_test_gateway_resume_LDADD = libalgateway.la $(UNIT_LDADD) \
	$(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_gateway_rivals
tests_flow_test_gateway_rivals_SOURCES = tests/flow/test_gateway_rivals.c \
	tests/lib/gateway.h tests/lib/rawlink.h tests/lib/script.h
tests_flow_test_gateway_rivals_LDADD = libalgateway.la $(UNIT_LDADD) \
	$(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_session_resume
tests_flow_test_session_resume_SOURCES = tests/flow/test_session_resume.c \
	tests/lib/roads.h tests/lib/world.h
tests_flow_test_session_resume_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/flow/test_session_ring
tests_flow_test_session_ring_SOURCES = tests/flow/test_session_ring.c \
	tests/lib/roads.h tests/lib/world.h
tests_flow_test_session_ring_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/flow/test_session_shape
tests_flow_test_session_shape_SOURCES = tests/flow/test_session_shape.c \
	tests/lib/world.h
tests_flow_test_session_shape_LDADD = $(UNIT_LDADD)

# against the installed library's symbols, and nothing else of ours
UNIT_TESTS += tests/flow/test_api
tests_flow_test_api_SOURCES = tests/flow/test_api.c
tests_flow_test_api_LDADD = libalpacon-connector.la $(LIBEVENT_LIBS) \
	$(CMOCKA_LIBS)

# the example of contrib is built and run against a real gateway by
# tests/system
check_PROGRAMS += contrib/examples/session-example
contrib_examples_session_example_SOURCES = contrib/examples/session-example.c
contrib_examples_session_example_LDADD = libalpacon-connector.la \
	$(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_fetch
tests_flow_test_fetch_SOURCES = tests/flow/test_fetch.c \
	tests/lib/dnsd.c tests/lib/dnsd.h tests/lib/peer.c tests/lib/peer.h
tests_flow_test_fetch_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

# with a fake of pac/eval.c
UNIT_TESTS += tests/flow/test_pacfile
tests_flow_test_pacfile_SOURCES = tests/flow/test_pacfile.c \
	tests/lib/dnsd.c tests/lib/dnsd.h tests/lib/peer.c tests/lib/peer.h
tests_flow_test_pacfile_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

UNIT_TESTS += tests/flow/test_wpad
tests_flow_test_wpad_SOURCES = tests/flow/test_wpad.c \
	tests/lib/dnsd.c tests/lib/dnsd.h
tests_flow_test_wpad_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)

# with fakes of pac/eval.c and autoconf/wpad.c
UNIT_TESTS += tests/flow/test_find
tests_flow_test_find_SOURCES = tests/flow/test_find.c \
	tests/lib/dnsd.c tests/lib/dnsd.h tests/lib/helper.h tests/lib/oom.h \
	tests/lib/peer.c tests/lib/peer.h
tests_flow_test_find_LDFLAGS = $(OOM_FLAGS)
tests_flow_test_find_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS) $(OPENSSL_LIBS)
