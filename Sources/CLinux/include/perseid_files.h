/// Extended attributes (xattr(7)), which `import Glibc` does not show. All return -1 and set errno on failure.
#ifndef PERSEID_FILES_H
#define PERSEID_FILES_H

#include <stddef.h>
#include <sys/xattr.h>

/// fsetxattr(2): makes or replaces an attribute of an open file.
static inline int perseid_fsetxattr(int fd, const char *name, const void *value, size_t size) {
    return fsetxattr(fd, name, value, size, 0);
}

/// lsetxattr(2): the same by a path, whose last component is not followed.
static inline int perseid_lsetxattr(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}

#endif
