#include "coordinator/commands/trouble_line.h"

#include "proto/log.h"
#include <stdio.h>

void trouble_line(const struct message_report *report, bool is_for_people)
{
	if (!text_is_set(report->trouble))
		return;
	if (is_for_people)
		printf("IN TROUBLE: nothing can be stored, and all waits.\n%s\n\n",
			report->trouble);
	else
		log_error("%s", report->trouble);
}
