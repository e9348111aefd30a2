# pac/helper: the programs behind pac/eval.h
if HAVE_DUKTAPE
PAC_HELPER_SOURCES = \
	pac/helper/engine.c pac/helper/engine.h \
	pac/helper/locate.c pac/helper/locate.h \
	pac/helper/main.c \
	pac/helper/question.c pac/helper/question.h \
	pac/helper/sandbox.c pac/helper/sandbox.h \
	pac/helper/text.c pac/helper/text.h \
	$(PAC_SCRIPT_SOURCES) $(HELPER_SOURCES)

pkglibexec_PROGRAMS += alpacon-pac-helper
alpacon_pac_helper_SOURCES = pac/helper/duktape.c $(PAC_HELPER_SOURCES)
alpacon_pac_helper_CPPFLAGS = $(AM_CPPFLAGS) $(DUKTAPE_CFLAGS) \
	$(SECCOMP_CFLAGS)
alpacon_pac_helper_LDADD = $(DUKTAPE_LIBS) $(SECCOMP_LIBS) -lm
endif
if HAVE_JSC
pkglibexec_PROGRAMS += alpacon-pac-helper-jsc
alpacon_pac_helper_jsc_SOURCES = pac/helper/jsc.c $(PAC_HELPER_SOURCES)
alpacon_pac_helper_jsc_CPPFLAGS = $(AM_CPPFLAGS) $(JSC_CFLAGS) \
	$(SECCOMP_CFLAGS)
alpacon_pac_helper_jsc_LDADD = $(JSC_LIBS) $(SECCOMP_LIBS) -lm
endif
