#ifndef PERSEID_PRIVILEGES_H
#define PERSEID_PRIVILEGES_H

/// Gives up every capability of the calling thread and of those it will start, for good: the bounding set is emptied
/// and PR_SET_NO_NEW_PRIVS set (capabilities(7), prctl(2)). A wrapper, because `prctl` is variadic and glibc has no
/// `capset`. Returns 0, or -1 and errno.
int perseid_drop_capabilities(void);

#endif
