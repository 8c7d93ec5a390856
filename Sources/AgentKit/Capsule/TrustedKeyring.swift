package import CapsuleFormat
internal import PacketIO

/// The public keys of this initramfs, and their files as they are, for the initramfs of the next kernel.
package struct TrustedKeyring: Sendable {
    package private(set) var keys = TrustedKeys()
    package private(set) var files: [(name: String, contents: [UInt8])] = []
    /// What could not be read.
    package private(set) var problems: [String] = []

    /// Reads every `.pub` file of a directory. One that is damaged trusts nobody and spoils none of the others.
    package static func read(from directory: String) -> TrustedKeyring {
        var ring = TrustedKeyring()
        for name in SmallFile.names(in: directory) where name.hasSuffix(".pub") {
            do throws(SystemError) {
                let contents = try SmallFile.read("\(directory)/\(name)", limit: 4096)
                ring.add(name, contents)
            } catch {
                ring.problems.append("\(error)")
            }
        }
        if ring.keys.isEmpty {
            ring.problems.append("\(directory) holds no public key: no capsule can be trusted")
        }
        return ring
    }

    private mutating func add(_ name: String, _ contents: [UInt8]) {
        do throws(KeyError) {
            try keys.add(publicKeyFile: contents)
            files.append((name, contents))
        } catch {
            problems.append("\(name): \(error)")
        }
    }
}
