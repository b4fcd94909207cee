// SPDX-License-Identifier: GPL-2.0
/*
 * Lists the fields that mutation testing drops; see lib/drop.h
 */
#include "drop.h"

int main(void)
{
	print_fields_to_drop();
	return 0;
}
