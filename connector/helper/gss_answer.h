/* connector/helper/gss_answer.h - what alpacon-gss-helper says, taken apart. */
#ifndef AL_HELPER_GSS_ANSWER_H
#define AL_HELPER_GSS_ANSWER_H

#include "connector/helper/gss.h"

/*
 * One answer (the table is in gss.h) to the question asked.  r comes zeroed but
 * for what the caller knows of it; its token points into msg, its err to err.
 */
void al_gss_answer(struct al_gss_result *r, enum al_gss_type asked,
    const uint8_t *msg, size_t len, struct al_err *err);

#endif
