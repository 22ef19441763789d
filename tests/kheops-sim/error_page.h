/* error_page - the pages that Tomcat and nginx answer with where KHEOPS itself says nothing. */
#ifndef FELUCCA_SIM_ERROR_PAGE_H
#define FELUCCA_SIM_ERROR_PAGE_H

#include "common/base/text.h"

/* The reason phrase of a status; "Error" for one that is not in the table. */
const char *error_page_phrase(int status);

/* Appends Tomcat's page. accept: the request's header, or NULL: where it does not name application/json, two
 * binary bytes are in front. */
void error_page_tomcat(int status, const char *accept, struct text *out);
void error_page_nginx(int status, struct text *out);

/* Two bytes that are no text, as an example; others are as good. */
#define ERROR_PAGE_BYTES "\xAC\xED"

#endif
