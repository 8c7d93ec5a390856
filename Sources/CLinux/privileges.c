#include "perseid_privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int perseid_drop_capabilities(void) {
    for (int capability = 0; capability <= 63; capability++) {
        // EINVAL: past the last that this kernel knows. EPERM: the set cannot be narrowed without CAP_SETPCAP, and
        // does not matter to a process that has none.
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == -1) {
            if (errno == EINVAL || errno == EPERM) break;
            return -1;
        }
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) return -1;
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}
