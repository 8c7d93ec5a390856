/// Writes EROFS images: lz4, names sorted, no time of the build in them, so that the same tree gives the same bytes.
struct ErofsImage {
    /// The directory that becomes the image's root.
    var tree: String
    /// What is left out: shell patterns relative to `tree`.
    var excluded: [String] = []
    /// Gives every file to root.
    var ownedByRoot = false

    /// Any will do; one of its own for each image would make two builds differ.
    private static let uuid = "8c0f1b2e-5c1d-4e0a-9a52-7065727365aa"

    func write(to file: String) async throws {
        let newest = try FileTimes(of: tree).newest
        var arguments = ["-zlz4hc,9", "-C65536", "--preserve-mtime", "-U\(Self.uuid)", "--quiet"]
        if ownedByRoot { arguments.append("--all-root") }
        arguments += excluded.map { "--exclude-regex=\(Self.expression($0))" }
        arguments += [Program.operand(file), Program.operand(tree)]
        // The image's own time, which is the build's else.
        try await Program.mkfsErofs.run(arguments, variables: ["SOURCE_DATE_EPOCH": "\(newest)"])
    }

    /// A shell pattern as an extended regular expression. `*` stays within a directory and spares hidden names, as it
    /// does for mksquashfs.
    static func expression(_ pattern: String) -> String {
        var expression = "^"
        var isFirst = true
        for character in pattern {
            switch character {
            case "*": expression += isFirst ? "([^/.][^/]*)?" : "[^/]*"
            case "?": expression += "[^/]"
            case "[", "]", "(", ")", "{", "}", ".", "+", "^", "$", "|", "\\": expression += "\\\(character)"
            default: expression.append(character)
            }
            isFirst = character == "/"
        }
        return expression + "$"
    }
}
