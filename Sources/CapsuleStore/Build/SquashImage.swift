/// Writes squashfs images: zstd, 128 KiB blocks, names sorted, no time of the build in them, so that the same tree gives
/// the same bytes.
struct SquashImage {
    /// The directory that becomes the image's root.
    var tree: String
    /// What is left out: shell patterns relative to `tree`.
    var excluded: [String] = []
    /// Gives every file the time 0. A root keeps its files' own times: Python, for one, takes a compiled file for stale
    /// when its source has another time than it was compiled from.
    var withoutTimes = false
    /// Gives every file to root.
    var ownedByRoot = false

    func write(to file: String) async throws(CapsuleBuildError) {
        var arguments = [
            Program.operand(tree), Program.operand(file), "-noappend", "-no-recovery", "-no-exports", "-exit-on-error",
            "-quiet", "-no-progress",
            "-comp", "zstd", "-b", "131072", "-reproducible", "-mkfs-time", "0", "-xattrs",
        ]
        if withoutTimes { arguments += ["-all-time", "0"] }
        if ownedByRoot { arguments.append("-all-root") }
        // Patterns come last: everything after -e is one.
        if !excluded.isEmpty { arguments += ["-wildcards", "-e"] + excluded }
        // mksquashfs refuses this variable together with -mkfs-time.
        try await Program.mksquashfs.run(arguments, variables: ["SOURCE_DATE_EPOCH": nil])
    }
}
