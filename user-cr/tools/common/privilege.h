/* SPDX-License-Identifier: GPL-2.0-only */
/* Privileges that are not the user's, but those of our file */
#ifndef COMMON_PRIVILEGE_H
#define COMMON_PRIVILEGE_H

/*
 * Ends a tool that is setuid or setgid, or has capabilities of its file which the user
 * has not, with a message and STATUS. Whatever a user names, files and images, it would
 * do with these.
 */
void refuse_borrowed_privileges(int status);

#endif /* COMMON_PRIVILEGE_H */
