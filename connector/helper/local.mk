# connector/helper: processes for what may block; serve.c is their side
libalcore_la_SOURCES += \
	connector/helper/child.c connector/helper/child.h \
	connector/helper/gss.c connector/helper/gss.h \
	connector/helper/gss_answer.c connector/helper/gss_answer.h \
	connector/helper/spawn.c connector/helper/spawn.h \
	connector/helper/syscfg.c connector/helper/syscfg.h \
	connector/helper/syscfg_answer.c connector/helper/syscfg_answer.h
HELPER_SOURCES = connector/helper/serve.c connector/helper/serve.h
