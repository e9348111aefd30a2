# connector/dial: the only builder of stacks
libalcore_la_SOURCES += \
	connector/dial/dial.c connector/dial/dial.h \
	connector/dial/he.c connector/dial/he.h \
	connector/dial/judge.c connector/dial/judge.h \
	connector/dial/plan.c connector/dial/plan.h \
	connector/dial/ticket.c connector/dial/ticket.h
