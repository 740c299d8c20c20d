/*
 * campaign_schema - print the JSON Schema of campaign files, for configs/campaign.schema.json
 */
#include "coordinator/campaign/schema.h"

#include <stdio.h>

int main(void)
{
	_cleanup_free_ char *text = schema_to_json();

	return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}
