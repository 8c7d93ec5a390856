/// Extended attributes (xattr(7)) and paths within a root, which `import Glibc` does not show. All return -1 and set
/// errno on failure.
#ifndef PERSEID_FILES_H
#define PERSEID_FILES_H

#include <dirent.h>
#include <stddef.h>
#include <sys/xattr.h>

/// openat2(2), for reading: links on the way are followed as if `root` were `/`.
int perseid_open_in_root(int root, const char *path);

/// The name in a directory's entry (readdir(3)), without a copy of the whole field.
static inline const char *perseid_entry_name(const struct dirent *entry) { return entry->d_name; }

/// fsetxattr(2): makes or replaces an attribute of an open file.
static inline int perseid_fsetxattr(int fd, const char *name, const void *value, size_t size) {
    return fsetxattr(fd, name, value, size, 0);
}

/// flistxattr(2): the names of an open file's attributes, each ended by a zero byte.
static inline ssize_t perseid_flistxattr(int fd, char *list, size_t size) { return flistxattr(fd, list, size); }

/// fgetxattr(2): an attribute's value.
static inline ssize_t perseid_fgetxattr(int fd, const char *name, void *value, size_t size) {
    return fgetxattr(fd, name, value, size);
}

/// lsetxattr(2): makes or replaces an attribute by a path, whose last component is not followed.
static inline int perseid_lsetxattr(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}

/// llistxattr(2): the names of a file's attributes, each ended by a zero byte. The last component is not followed.
static inline ssize_t perseid_llistxattr(const char *path, char *list, size_t size) {
    return llistxattr(path, list, size);
}

/// lgetxattr(2): an attribute's value, of the file that the last component is itself.
static inline ssize_t perseid_lgetxattr(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}

#endif
