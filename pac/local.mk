# pac: which proxies lead to a URL
libalcore_la_SOURCES += \
	pac/answer.c pac/answer.h \
	pac/charset.c pac/charset.h \
	pac/choose.c pac/choose.h \
	pac/eval.c pac/eval.h \
	pac/host.c pac/host.h \
	pac/idna.c pac/idna.h \
	pac/lookup.c pac/lookup.h \
	pac/no_proxy.c pac/no_proxy.h \
	pac/own_addr.c pac/own_addr.h \
	pac/page.c pac/page.h \
	pac/result.c pac/result.h \
	pac/wire.h \
	pac/worker.c pac/worker.h
