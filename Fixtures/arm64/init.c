/* Stands in for the agent on arm64 as far as a host with another processor can show it: the loader's kernel has its
 * initramfs, runs /init, and has the command line that Perseid rendered for this machine. Prints that and waits.
 *
 * No C library: `clang --target=aarch64-linux-gnu -nostdlib -static -ffreestanding -fuse-ld=lld -O2` makes it. */

enum { MKDIRAT = 34, MOUNT = 40, OPENAT = 56, READ = 63, WRITE = 64, PPOLL = 73, AT_FDCWD = -100 };

static long call(long number, long a, long b, long c, long d, long e) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

static void print(const char *text, long length) { call(WRITE, 1, (long)text, length, 0, 0); }

void _start(void) {
    static char line[4096];
    static const char begin[] = "\nperseid stage 1 on arm64: ";
    call(MKDIRAT, AT_FDCWD, (long)"/proc", 0555, 0, 0);
    call(MOUNT, (long)"proc", (long)"/proc", (long)"proc", 0, 0);
    long file = call(OPENAT, AT_FDCWD, (long)"/proc/cmdline", 0, 0, 0);
    long length = file < 0 ? 0 : call(READ, file, (long)line, sizeof line, 0, 0);
    print(begin, sizeof begin - 1);
    print(line, length > 0 ? length : 0);
    for (;;) call(PPOLL, 0, 0, 0, 0, 0);
}
