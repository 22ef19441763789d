/* core_dumps - whether this process may leave its memory behind when it crashes.
 *
 * What Felucca holds in memory are patients' images and tokens: neither may lie in a file that nobody asked
 * for. Refused for the process and all that it forks, whatever the limits say; a debugger of another user is
 * refused, too. exec() allows them again, so that each program says it for itself. */
#ifndef FELUCCA_BASE_CORE_DUMPS_H
#define FELUCCA_BASE_CORE_DUMPS_H

void core_dumps_refuse(void);

#endif
