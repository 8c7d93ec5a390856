/// Unpacks a tar file that somebody else made.
enum TarRoot {
    /// Unpacks `file` into `directory`, which is new and private. As root the members keep their owners, else they all
    /// belong to the caller.
    /// - Throws: `.unsafeTarMember` before anything is unpacked.
    static func unpack(_ file: String, to directory: String, asRoot: Bool) async throws(CapsuleBuildError) {
        // Names as they are in the file: a leading slash kept, other bytes escaped.
        let listing = try await Program.tar.output(
            ["--list", "--absolute-names", "--quoting-style=escape", "--force-local", "--file", file])
        for member in listing.split(separator: "\n") where !isSafe(member) {
            throw .unsafeTarMember(file: file, member: String(member))
        }
        // tar itself keeps hard links inside, and makes links that lead outside only after everything else.
        try await Program.tar.run(
            [
                "--extract", "--directory", directory, "--preserve-permissions", "--numeric-owner",
                asRoot ? "--same-owner" : "--no-same-owner", "--xattrs", "--xattrs-include=*",
                "--delay-directory-restore", "--force-local", "--file", file,
            ])
    }

    /// Whether a member's name stays below the directory that it is unpacked in.
    static func isSafe(_ member: Substring) -> Bool {
        !member.hasPrefix("/") && !member.split(separator: "/").contains("..")
    }
}
