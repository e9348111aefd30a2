# tests/bench: built for "make bench" only
EXTRA_PROGRAMS += tests/bench/pfbench tests/bench/floor
# Sinks drop what they receive in the kernel: lengths beyond their buffers.
BENCH_CFLAGS = -O3 -Wall -pthread -U_FORTIFY_SOURCE
tests_bench_pfbench_SOURCES = tests/bench/pfbench.c
tests_bench_pfbench_CFLAGS = $(BENCH_CFLAGS)
tests_bench_floor_SOURCES = tests/bench/floor.c
tests_bench_floor_CFLAGS = $(BENCH_CFLAGS)
tests_bench_floor_LDADD = $(OPENSSL_LIBS)
EXTRA_DIST += tests/bench/bench.py tests/bench/drive.py tests/bench/README.md
CLEANFILES += $(EXTRA_PROGRAMS)

.PHONY: bench
bench: all tests/bench/pfbench$(EXEEXT) tests/bench/floor$(EXEEXT) \
		tests/lib/packetlink$(EXEEXT)
	BENCH_BIN='$(abs_top_builddir)/tests/bench' \
	ALPACON_BUILD='$(abs_top_builddir)' PYTHONDONTWRITEBYTECODE=1 \
	$(PYTEST_PYTHON) $(srcdir)/tests/bench/bench.py $(BENCH_FLAGS)
