# connector/gsshelper: the program behind connector/helper/gss.h
if HAVE_GSSAPI
pkglibexec_PROGRAMS += alpacon-gss-helper
alpacon_gss_helper_SOURCES = \
	connector/gsshelper/context.c connector/gsshelper/context.h \
	connector/gsshelper/creds.c connector/gsshelper/creds.h \
	connector/gsshelper/fail.c connector/gsshelper/fail.h \
	connector/gsshelper/main.c \
	connector/gsshelper/request.c connector/gsshelper/request.h \
	$(HELPER_SOURCES)
alpacon_gss_helper_CPPFLAGS = $(AM_CPPFLAGS) $(GSSAPI_CFLAGS)
alpacon_gss_helper_LDADD = $(GSSAPI_LIBS)
endif
