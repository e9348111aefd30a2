# connector/syscfghelper: the program behind connector/helper/syscfg.h
if HAVE_LIBPROXY
pkglibexec_PROGRAMS += alpacon-syscfg-helper
alpacon_syscfg_helper_SOURCES = \
	connector/syscfghelper/desktop.c connector/syscfghelper/desktop.h \
	connector/syscfghelper/main.c \
	connector/syscfghelper/question.c connector/syscfghelper/question.h \
	$(HELPER_SOURCES)
alpacon_syscfg_helper_CPPFLAGS = $(AM_CPPFLAGS) $(LIBPROXY_CFLAGS)
alpacon_syscfg_helper_LDADD = $(LIBPROXY_LIBS)
endif
