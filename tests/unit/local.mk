# tests/unit: one cmocka program a module
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/unit/test_buf
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

UNIT_LDADD = libalcore.la $(CMOCKA_LIBS)

tests_unit_test_buf_SOURCES = tests/unit/test_buf.c
tests_unit_test_buf_LDADD = $(UNIT_LDADD)
