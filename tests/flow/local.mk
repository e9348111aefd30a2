# tests/flow

UNIT_TESTS += tests/flow/test_mux
tests_flow_test_mux_SOURCES = tests/flow/test_mux.c
tests_flow_test_mux_LDADD = $(UNIT_LDADD) $(LIBEVENT_LIBS)
