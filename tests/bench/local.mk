# tests/bench: built for "make bench" only
EXTRA_PROGRAMS += tests/bench/pfbench tests/bench/floor tests/bench/wanlink
BENCH_CFLAGS = -O3 -Wall -pthread
tests_bench_pfbench_SOURCES = tests/bench/pfbench.c
tests_bench_pfbench_CFLAGS = $(BENCH_CFLAGS)
tests_bench_floor_SOURCES = tests/bench/floor.c
tests_bench_floor_CFLAGS = $(BENCH_CFLAGS)
tests_bench_floor_LDADD = $(OPENSSL_LIBS)
tests_bench_wanlink_SOURCES = tests/bench/wanlink.c
tests_bench_wanlink_CFLAGS = $(BENCH_CFLAGS)
EXTRA_DIST += tests/bench/bench.py tests/bench/drive.py tests/bench/README.md
CLEANFILES += $(EXTRA_PROGRAMS)

.PHONY: bench
bench: all tests/bench/pfbench$(EXEEXT) tests/bench/floor$(EXEEXT) \
		tests/bench/wanlink$(EXEEXT)
	BENCH_BIN='$(abs_top_builddir)/tests/bench' \
	ALPACON_BUILD='$(abs_top_builddir)' PYTHONDONTWRITEBYTECODE=1 \
	$(PYTEST_PYTHON) $(srcdir)/tests/bench/bench.py $(BENCH_FLAGS)
