import BootLab
import Foundation

/// A disk for the machines of the lab that keeps chunks.
enum CacheDiskImage {
    /// Makes an image with an empty file system of the standard label in the place of an older one.
    static func make(in directory: LabDirectory) async throws -> String {
        let path = directory.file("cache.img")
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        try await Program("truncate", ["--size=2G", path], package: "coreutils").run()
        try await Program("mkfs.ext4", ["-q", "-F", "-L", "PERSEID-CACHE", path], package: "e2fsprogs").run()
        return path
    }
}
