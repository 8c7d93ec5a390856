package import CapsuleFormat

/// What stage 1 tells the process that brings the images of a root that is mounted already. It comes on standard input.
package struct LazyRootSettings: Codable, Hashable, Sendable {
    /// Of the capsule; its head and the keys are in `LeftImages`.
    package var capsule: String
    package var servers: [ServerURL]
    /// Where chunks are asked for.
    package var sources: [ServerURL]
    package var token: String
    package var bytesPerSecond: Int64?
    /// Chunks of the stream `root` in the order in which an earlier boot read them first.
    package var trace: [Int]

    /// Of the process: systemd spares at shutdown what begins so, as it does the servers of root file systems.
    package static let processName = "@perseid-root"
    /// What it is started with.
    package static let command = "serve-root"
    /// What it says when the devices are there.
    package static let ready = "ready"
    /// Of the devices, in this order.
    package static let roles: [StreamRole] = [.root, .modules]
}
