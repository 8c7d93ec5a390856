import Foundation

/// The boot programs that firmware loads first. They come from the distribution's packages.
enum Loaders {
    private struct Loader {
        let name: String
        let package: String
        /// Where packages put it.
        let paths: [String]
    }

    private static let loaders = [
        Loader(
            name: "undionly.kpxe", package: "ipxe", paths: ["/usr/lib/ipxe/undionly.kpxe", "/boot/ipxe/undionly.kpxe"]),
        Loader(name: "snponly.efi", package: "ipxe", paths: ["/usr/lib/ipxe/snponly.efi", "/boot/ipxe/snponly.efi"]),
    ]

    struct Missing: Error, CustomStringConvertible {
        let name: String
        let package: String
        let looked: [String]

        var description: String {
            "no loader \(name): looked for \(looked.joined(separator: ", ")). Install the package `\(package)`"
        }
    }

    /// Copies what is not in `directory` yet, each file by rename.
    static func install(into directory: String) throws {
        let files = FileManager.default
        for loader in loaders where !files.fileExists(atPath: directory + "/" + loader.name) {
            guard let source = loader.paths.first(where: files.isReadableFile(atPath:)) else {
                throw Missing(name: loader.name, package: loader.package, looked: loader.paths)
            }
            let contents = try Data(contentsOf: URL(fileURLWithPath: source))
            try contents.write(to: URL(fileURLWithPath: directory + "/" + loader.name), options: .atomic)
        }
    }
}
