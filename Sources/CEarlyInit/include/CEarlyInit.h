#ifndef PERSEID_CEARLYINIT_H
#define PERSEID_CEARLYINIT_H

/// True (1) if this process is PID 1 and its constructor had to mount /proc and could.
///
/// Swift's runtime reads /proc/self/exe before `main` and aborts without it, which for PID 1 is a kernel
/// panic. This library's constructor runs before the runtime's own and mounts /proc in time; asking here
/// also keeps a linker from dropping it.
int perseid_early_init_mounted_proc(void);

#endif
