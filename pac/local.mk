# pac: which proxies lead to a URL
libalcore_la_SOURCES += \
	pac/charset.c pac/charset.h \
	pac/choose.c pac/choose.h \
	pac/host.c pac/host.h \
	pac/idna.c pac/idna.h \
	pac/no_proxy.c pac/no_proxy.h \
	pac/page.c pac/page.h \
	pac/result.c pac/result.h
